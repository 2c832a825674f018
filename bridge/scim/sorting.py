"""What a client wants a list to be sorted by (RFC 7644 section 3.4.2.3)."""

from dataclasses import dataclass

from bridge.errors import InvalidValue
from bridge.scim.attributes import Resolved, ResourceSchema
from bridge.scim.names import find
from bridge.scim.text import shown

DESCENDING = {"ascending": False, "descending": True}


@dataclass(frozen=True, slots=True)
class Sorting:
    """The attribute whose value decides, a simple one or one with a ``value`` inside, and the direction."""

    by: Resolved
    descending: bool = False


def sorting_of(
    sort_by: str | None, sort_order: str | None, schema: ResourceSchema, tolerances: frozenset[str]
) -> Sorting | None:
    """Return how to sort, None when the client does not say; ``sortOrder`` alone means nothing.

    A complex attribute is sorted by the ``value`` in it. Raises ``InvalidValue`` for what is no attribute or
    no order, and for an attribute of parts without a ``value``.
    """
    if sort_by is None:
        return None
    found = find(schema, sort_by, tolerances)
    if found is None:
        raise InvalidValue(f"sortBy {shown(sort_by)} is no attribute of {schema.core.name}. Correct it.")
    descending = DESCENDING.get((sort_order or "ascending").lower())
    if descending is None:
        raise InvalidValue(f"sortOrder must be ascending or descending; {shown(sort_order)} is neither.")
    return Sorting(_simple(found[0]), descending)


def _simple(found: Resolved) -> Resolved:
    if found.target.type != "complex":
        return found
    value = found.attribute.sub("value")
    if value is None:
        name = found.attribute.name
        first = found.attribute.sub_attributes[0].name
        raise InvalidValue(f"{name} has parts; sort by one of them, as in {name}.{first}.")
    return Resolved(found.schema, found.attribute, value)
