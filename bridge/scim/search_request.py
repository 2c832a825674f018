"""What a client asks of a list, in the query string or in the body of a search (RFC 7644 section 3.4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.errors import InvalidSyntax, InvalidValue
from bridge.scim.names import names_message
from bridge.scim.text import checked_text, shown

SEARCH_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

#: Longest of all texts but the filter, whose own limit is told when it is parsed.
LONGEST = 64 * 1024
#: A whole number beyond this is as good as this one: no list is as long, and databases take no more.
LARGEST = 2**31
MOST_NAMES = 500


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is wanted; ``cursor`` is empty for the first page of those that follow by cursor (RFC 9865)."""

    filter: str | None = None
    sort_by: str | None = None
    sort_order: str | None = None
    start_index: int | None = None
    count: int | None = None
    cursor: str | None = None
    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.cursor is not None and self.start_index is not None:
            raise InvalidValue("A page begins at startIndex or behind a cursor, not both. Leave one out.")


def read_search_request(body: object, tolerances: frozenset[str]) -> SearchRequest:
    """Read the body of ``POST …/.search``; names in any case, null is absent.

    Raises ``InvalidSyntax`` for what is no search request, ``InvalidValue`` for a value of a wrong type.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a JSON object.")
    given = {key.lower(): value for key, value in body.items() if value is not None}
    _check_schemas(given.get("schemas"), tolerances)
    return SearchRequest(
        filter=_text(given, "filter") or None,
        sort_by=_text(given, "sortBy") or None,
        sort_order=_text(given, "sortOrder") or None,
        start_index=_integer(given, "startIndex", tolerances),
        count=_integer(given, "count", tolerances),
        cursor=_text(given, "cursor"),
        attributes=_names(given, "attributes", tolerances),
        excluded=_names(given, "excludedAttributes", tolerances),
    )


def _check_schemas(schemas: object, tolerances: frozenset[str]) -> None:
    if schemas in (None, []) and "missing_schemas" in tolerances:
        return
    if not names_message(schemas, SEARCH_URN, tolerances):
        raise InvalidSyntax(f"The schemas of a search must name {SEARCH_URN}.")


def _text(given: Mapping[str, object], name: str) -> str | None:
    value = given.get(name.lower())
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValue(f"{name} must be a text; {shown(value)} is none.")
    return checked_text(value, name=name, limit_characters=LONGEST)


def _integer(given: Mapping[str, object], name: str, tolerances: frozenset[str]) -> int | None:
    value = given.get(name.lower())
    if value is None:
        return None
    if isinstance(value, str) and "text_as_number" in tolerances:
        bare = value.removeprefix("-")
        value = int(value) if bare.isascii() and bare.isdigit() and len(bare) < len(str(2**63)) else value
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidValue(f"{name} must be a whole number; {shown(value)} is none.")
    return min(max(value, -LARGEST), LARGEST)


def _names(given: Mapping[str, object], name: str, tolerances: frozenset[str]) -> tuple[str, ...]:
    value = given.get(name.lower(), [])
    if isinstance(value, str) and "multi_as_object" in tolerances:
        value = value.split(",")
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidValue(f"{name} must be a list of texts; {shown(value)} is none.")
    if len(value) > MOST_NAMES:
        raise InvalidValue(f"{name} has {len(value)} names; at most {MOST_NAMES} are accepted.")
    return tuple(each.strip() for each in value if each.strip())
