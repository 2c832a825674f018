"""What a query string asks for: which resources, which page, which attributes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bridge.errors import InvalidCursor, InvalidValue
from bridge.scim.attributes import ResourceSchema
from bridge.scim.filter_tree import Filter
from bridge.scim.filters import FilterLimits, parse_filter, resolve_filter
from bridge.scim.messages import project
from bridge.scim.reading import Dialect
from bridge.scim.search_request import LARGEST, SearchRequest
from bridge.scim.text import shown
from bridge.web.context import bridge
from bridge.web.recording import observed

INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)

#: Some clients ask for ``attributes=emails[type eq "work"]``, which no RFC knows: they are shown all e-mails.
SELECTION = re.compile(r"\[[^\[\]]*\]")


def parameter(name: str) -> str | None:
    """Return a parameter of the query string, its name in any case; without a value it is absent."""
    wanted = name.lower()
    return next((value for key, value in arguments() if key.lower() == wanted and value), None)


def arguments() -> Iterable[tuple[str, str]]:
    """Return names and values of the query string, the first value of each name."""
    request = observed().request
    return request.args.items() if request.query_string else ()


@dataclass(frozen=True, slots=True)
class Shape:
    """Which attributes of a resource the client wants (RFC 7644 section 3.9)."""

    attributes: tuple[str, ...]
    excluded: tuple[str, ...]
    schema: ResourceSchema

    def shows(self, attribute: str) -> bool:
        """Tell whether an attribute is wanted at all, so that what is not wanted is not read either."""
        if self._names(attribute) & {each.lower() for each in self.excluded}:
            return False
        asked = {each.lower().removeprefix(f"{self.schema.core.id}:".lower()) for each in self.attributes}
        return (
            not asked
            or bool(asked & {attribute.lower(), self.schema.core.id.lower()})
            or any(each.startswith(f"{attribute.lower()}.") for each in asked)
        )

    @property
    def whole(self) -> bool:
        """Whether everything is wanted that is returned by default."""
        return not self.attributes and not self.excluded

    def lacks_only(self, attribute: str) -> bool:
        """Tell whether everything is wanted but this attribute."""
        names = self._names(attribute)
        return (
            not self.attributes and bool(self.excluded) and {each.lower() for each in self.excluded} <= names
        )

    def of(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the wanted part of a resource."""
        if self.whole:
            return document
        return project(document, self.attributes, self.excluded, self.schema)

    def _names(self, attribute: str) -> set[str]:
        return {attribute.lower(), f"{self.schema.core.id}:{attribute}".lower()}


def shape(schema: ResourceSchema) -> Shape:
    """Return which attributes the client wants."""
    return Shape(_names("attributes"), _names("excludedAttributes"), schema)


def filter_of(schema: ResourceSchema, dialect: Dialect) -> Filter | None:
    """Return the filter of the query string, if there is one. Raises ``InvalidFilter``."""
    parsed = parsed_filter(parameter("filter"), dialect)
    if parsed is None:
        return None
    return resolve_filter(parsed, schema, tolerant="text_in_comparisons" in dialect.tolerances)


def parsed_filter(text: str | None, dialect: Dialect) -> Filter | None:
    """Return a filter that is yet to be resolved against a schema, or None. Raises ``InvalidFilter``."""
    if text is None:
        return None
    settings = bridge().settings
    limits = FilterLimits(settings.filter_bytes, settings.filter_depth, settings.filter_conditions)
    return parse_filter(text, limits=limits, tolerate_bare_words="bare_words" in dialect.tolerances)


def asked() -> SearchRequest:
    """Return what the query string asks of a list (RFC 7644 section 3.4.2)."""
    return SearchRequest(
        filter=parameter("filter"),
        sort_by=parameter("sortBy"),
        sort_order=parameter("sortOrder"),
        start_index=_integer("startIndex"),
        count=_integer("count"),
        cursor="" if parameter("cursor") is None and _names_a_cursor() else parameter("cursor"),
        attributes=_names("attributes"),
        excluded=_names("excludedAttributes"),
    )


def page() -> tuple[int, int]:
    """Return the first index, from 1, and the count of a page of what has no cursors."""
    if _names_a_cursor():
        raise InvalidCursor("This list is paged by startIndex alone. Leave out the cursor.")
    return window(asked())


def window(wanted: SearchRequest) -> tuple[int, int]:
    """Return the first index, from 1, and the count of the page (RFC 7644 section 3.4.2.4)."""
    settings = bridge().settings
    start_index = 1 if wanted.start_index is None else wanted.start_index
    count = settings.page_default if wanted.count is None else wanted.count
    return min(max(start_index, 1), LARGEST), min(max(count, 0), settings.page_most)


def if_match() -> str | None:
    """Return the versions that the client is willing to change."""
    return observed().request.headers.get("If-Match")


def _names_a_cursor() -> bool:
    """Tell whether there is a cursor, if only an empty one: that asks for the first page."""
    return any(key.lower() == "cursor" for key, _ in arguments())


def _integer(name: str) -> int | None:
    text = parameter(name)
    if text is None:
        return None
    if INTEGER.fullmatch(text.strip()) is None:  # the plus sign of +1 arrives as a blank
        raise InvalidValue(f"{name} must be a whole number; {shown(text)} is not.")
    return int(text)


def _names(name: str) -> tuple[str, ...]:
    names = SELECTION.sub("", parameter(name) or "")
    return tuple(each.strip() for each in names.split(",") if each.strip())
