"""Checking of a parsed filter against what a resource may hold (RFC 7644 section 3.4.2.2)."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from bridge.errors import InvalidFilter, InvalidValue
from bridge.scim.attributes import Attribute, Resolved, ResourceSchema
from bridge.scim.filter_tree import And, AttrPath, Comparison, Filter, Literal, Not, Or, Present, ValuePath
from bridge.scim.instants import parse_instant
from bridge.scim.names import find
from bridge.scim.text import shown

_EQUALITY = frozenset({"eq", "ne"})
_SUBSTRING = frozenset({"co", "sw", "ew"})
_TEXTS = frozenset({"string", "reference"})
_NUMBERS = frozenset({"integer", "decimal"})

_Resolve = Callable[[AttrPath], Resolved]


def resolve_filter(parsed: Filter, resource_schema: ResourceSchema, *, tolerant: bool = False) -> Filter:
    """Return the filter with every path spelled as its schema spells it.

    A comparison with an attribute that has a ``value`` sub-attribute compares that. ``tolerant`` takes
    ``"True"`` for true, ``"3"`` for 3, 3 for ``"3"`` where the attribute says so, and finds attributes
    of extensions without their URN. Raises InvalidFilter naming the attribute that no schema has, the
    operator its type does not know, or the value that is of another type: a condition that cannot be
    understood must never be dropped, since the rest would select too much.
    """
    tolerances = frozenset({"extension_without_urn", "pre_ietf_urn"}) if tolerant else frozenset()

    def look_up(path: AttrPath) -> Resolved:
        found = find(resource_schema, str(path), tolerances)
        if found is None or found[0].target.returned == "never":
            raise InvalidFilter(
                f"{shown(str(path))} is no attribute of {resource_schema.core.name} to filter by."
            )
        return found[0]

    return _resolved(parsed, look_up, tolerant=tolerant)


def _resolved(parsed: Filter, look_up: _Resolve, *, tolerant: bool) -> Filter:
    if isinstance(parsed, Comparison):
        found = _with_value(look_up(parsed.path))
        value = _checked(found.target, parsed, tolerant=tolerant)
        return Comparison(_spelled(found), parsed.op, value)
    if isinstance(parsed, Present):
        return Present(_spelled(look_up(parsed.path)))
    if isinstance(parsed, ValuePath):
        return _resolved_value_path(parsed, look_up, tolerant=tolerant)
    if isinstance(parsed, Not):
        return Not(_resolved(parsed.part, look_up, tolerant=tolerant))
    kind = And if isinstance(parsed, And) else Or
    return kind(tuple(_resolved(part, look_up, tolerant=tolerant) for part in parsed.parts))


def _resolved_value_path(parsed: ValuePath, look_up: _Resolve, *, tolerant: bool) -> Filter:
    found = look_up(parsed.path)
    if not found.attribute.sub_attributes:
        raise InvalidFilter(f"{parsed.path} has no sub-attributes to select by; leave out the brackets.")

    def within(path: AttrPath) -> Resolved:
        sub = found.attribute.sub(path.name) if path.schema is None and path.sub is None else None
        if sub is None:
            raise InvalidFilter(f"{shown(str(path))} is no sub-attribute of {found.attribute.name}.")
        return Resolved(None, sub)

    return ValuePath(_spelled(found), _resolved(parsed.condition, within, tolerant=tolerant))


def _spelled(found: Resolved) -> AttrPath:
    return AttrPath(found.schema, found.attribute.name, found.sub.name if found.sub else None)


def _with_value(found: Resolved) -> Resolved:
    """Compare ``emails co "x"`` and ``manager eq "x"`` with the ``value`` inside (RFC 7643 section 2.4)."""
    if found.target.type != "complex":
        return found
    sub = found.attribute.sub("value")
    if sub is None:
        raise InvalidFilter(
            f"{found.attribute.name} has parts; name one, as in {found.attribute.name}.formatted."
        )
    return Resolved(found.schema, found.attribute, sub)


def _checked(attribute: Attribute, comparison: Comparison, *, tolerant: bool) -> Literal:
    """Return the value as the attribute's type wants it, or raise InvalidFilter."""
    _check_operator(attribute, comparison)
    value = comparison.value
    if value is None:
        return None
    if tolerant:
        value = _converted(attribute, value)
    if not _fits(attribute, value):
        raise InvalidFilter(
            f"{comparison.path} is of type {attribute.type}; {shown(value)} cannot be compared with it."
        )
    return value


def _check_operator(attribute: Attribute, comparison: Comparison) -> None:
    op = comparison.op
    if op in _EQUALITY:
        return
    if comparison.value is None or attribute.type in ("boolean", "binary"):
        what = "null" if comparison.value is None else f"the {attribute.type} {comparison.path}"
        raise InvalidFilter(f"The operator {op} does not apply to {what}; use eq or ne.")
    if op in _SUBSTRING and attribute.type not in _TEXTS:
        raise InvalidFilter(
            f"The operator {op} applies to texts; {comparison.path} is of type {attribute.type}."
        )


def _fits(attribute: Attribute, value: Literal) -> bool:
    if attribute.type == "boolean":
        return isinstance(value, bool)
    if attribute.type in _NUMBERS:
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if attribute.type == "dateTime":
        try:
            parse_instant(value)
        except InvalidValue:
            return False
    return True


def _converted(attribute: Attribute, value: Literal) -> Literal:
    """Read a value as the attribute's type where its words say it, else leave it to be refused."""
    if attribute.type == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower(), value)
    if attribute.type in _NUMBERS and isinstance(value, str):
        try:
            number = Decimal(value)
        except InvalidOperation:
            return value
        return number if number.is_finite() else value
    if attribute.type in _TEXTS and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value
