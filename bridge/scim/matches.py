"""Evaluation of a resolved filter on a resource in memory (RFC 7644 section 3.4.2.2)."""

from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt
from typing import Any

from bridge.errors import InvalidFilter
from bridge.scim.attributes import Attribute, Resolved, ResourceSchema, resolve
from bridge.scim.filter_tree import And, AttrPath, Comparison, Filter, Not, Or, Present
from bridge.scim.instants import parse_instant
from bridge.scim.text import fold

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": eq,
    "gt": gt,
    "ge": ge,
    "lt": lt,
    "le": le,
    "co": lambda actual, wanted: wanted in actual,
    "sw": lambda actual, wanted: actual.startswith(wanted),
    "ew": lambda actual, wanted: actual.endswith(wanted),
}


def matches(parsed: Filter, resource: Mapping[str, Any], resource_schema: ResourceSchema) -> bool:
    """Return whether the filter, as ``resolve_filter`` returned it, selects the resource.

    ``ne`` is the opposite of ``eq``: on a multi-valued attribute no value may equal the operand, and an
    absent attribute is not equal to any operand but null. The RFC leaves both open; any other reading
    would let ``x eq "a"`` and ``x ne "a"`` select the same resource.
    """
    return _holds(parsed, resource, lambda path: _known(resource_schema, path))


def matches_element(condition: Filter, element: Mapping[str, Any], attribute: Attribute) -> bool:
    """Return whether the condition of a value path selects this element of the attribute."""

    def within(path: AttrPath) -> Resolved:
        sub = attribute.sub(path.name)
        if sub is None:
            raise InvalidFilter(f"{path} is no sub-attribute of {attribute.name}.")
        return Resolved(None, sub)

    return _holds(condition, element, within)


def _known(resource_schema: ResourceSchema, path: AttrPath) -> Resolved:
    found = resolve(resource_schema, str(path))
    if found is None:
        raise InvalidFilter(f"{path} is no attribute of {resource_schema.core.name}.")
    return found


def _holds(parsed: Filter, resource: Mapping[str, Any], look_up: Callable[[AttrPath], Resolved]) -> bool:
    if isinstance(parsed, Comparison):
        found = look_up(parsed.path)
        return _compares(parsed, _values(resource, found), found.target)
    if isinstance(parsed, Present):
        return any(_is_present(value) for value in _values(resource, look_up(parsed.path)))
    if isinstance(parsed, And):
        return all(_holds(part, resource, look_up) for part in parsed.parts)
    if isinstance(parsed, Or):
        return any(_holds(part, resource, look_up) for part in parsed.parts)
    if isinstance(parsed, Not):
        return not _holds(parsed.part, resource, look_up)
    found = look_up(parsed.path)
    return any(
        matches_element(parsed.condition, element, found.attribute)
        for element in _values(resource, found)
        if element is not None
    )


def _values(resource: Mapping[str, Any], found: Resolved) -> list[Any]:
    """Return the values the path leads to, with None for each that is absent; never an empty list."""
    holder = resource if found.schema is None else resource.get(found.schema) or {}
    value = holder.get(found.attribute.name)
    elements = value if isinstance(value, list) else [value]
    if found.sub is not None:
        elements = [None if each is None else each.get(found.sub.name) for each in elements]
    return elements or [None]


def _is_present(value: object) -> bool:
    """``pr``: not null, no empty text, no complex value without any value inside; false and 0 are values."""
    if isinstance(value, Mapping):
        return any(_is_present(each) for each in value.values())
    return value is not None and value not in ("", [])


def _compares(comparison: Comparison, actual: list[Any], attribute: Attribute) -> bool:
    op = "eq" if comparison.op == "ne" else comparison.op
    wanted = _comparable(comparison.value, attribute)
    compare = _OPERATORS[op]
    held = any(
        value is wanted if value is None or wanted is None else compare(_comparable(value, attribute), wanted)
        for value in actual
    )
    return held is not (comparison.op == "ne")


def _comparable(value: Any, attribute: Attribute) -> Any:  # noqa: ANN401 - a JSON value in, its key out
    if isinstance(value, str):
        if attribute.type == "dateTime":
            return parse_instant(value, name=attribute.name)
        if not attribute.case_exact and attribute.type != "binary":
            return fold(value)
    return value
