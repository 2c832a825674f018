"""One filter asked of several resource types at once (RFC 7644 section 3.4.2.1)."""

from collections.abc import Sequence

from bridge.errors import InvalidFilter
from bridge.scim.attributes import ResourceSchema, resolve
from bridge.scim.filter_resolution import resolve_filter
from bridge.scim.filter_tree import And, AttrPath, Comparison, Filter, Not, Or, Present, ValuePath
from bridge.scim.text import shown

ALWAYS = Present(AttrPath(None, "id"))
NEVER = Not(ALWAYS)


def resolve_for_each(
    parsed: Filter, schemas: Sequence[ResourceSchema], *, tolerant: bool
) -> tuple[Filter, ...]:
    """Return the filter as each type answers it: an attribute it does not have is one without a value.

    Raises ``InvalidFilter`` for an attribute that none of the types has, and like ``resolve_filter``.
    """
    return tuple(
        resolve_filter(_asked_of(parsed, each, schemas), each, tolerant=tolerant) for each in schemas
    )


def _asked_of(parsed: Filter, own: ResourceSchema, schemas: Sequence[ResourceSchema]) -> Filter:
    if isinstance(parsed, And):
        return And(tuple(_asked_of(part, own, schemas) for part in parsed.parts))
    if isinstance(parsed, Or):
        return Or(tuple(_asked_of(part, own, schemas) for part in parsed.parts))
    if isinstance(parsed, Not):
        return Not(_asked_of(parsed.part, own, schemas))
    if resolve(own, str(parsed.path)) is not None:
        return parsed
    if not any(resolve(each, str(parsed.path)) for each in schemas):
        raise InvalidFilter(f"{shown(str(parsed.path))} is no attribute of any resource here.")
    return ALWAYS if _holds_without_value(parsed) else NEVER


def _holds_without_value(leaf: Comparison | Present | ValuePath) -> bool:
    """Tell whether the leaf is true of a resource without the attribute: as ``matches`` has it."""
    return isinstance(leaf, Comparison) and (leaf.op == "ne") != (leaf.value is None)
