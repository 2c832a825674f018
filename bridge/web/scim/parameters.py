"""What a query string asks for: which resources, which page, which attributes."""

import re
from dataclasses import dataclass
from typing import Any

from flask import request

from bridge.errors import InvalidValue
from bridge.scim.attributes import ResourceSchema
from bridge.scim.filter_tree import Filter
from bridge.scim.filters import FilterLimits, parse_filter, resolve_filter
from bridge.scim.messages import project
from bridge.scim.reading import Dialect
from bridge.scim.text import shown
from bridge.web.context import bridge

INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
#: A page that starts later is empty, so there is no need for numbers that no database takes.
LAST_INDEX = 2**31


def parameter(name: str) -> str | None:
    """Return a parameter of the query string, its name in any case; without a value it is absent."""
    wanted = name.lower()
    return next((value for key, value in request.args.items() if key.lower() == wanted and value), None)


@dataclass(frozen=True, slots=True)
class Shape:
    """Which attributes of a resource the client wants (RFC 7644 section 3.9)."""

    attributes: tuple[str, ...]
    excluded: tuple[str, ...]
    schema: ResourceSchema

    def shows(self, attribute: str) -> bool:
        """Tell whether an attribute is wanted at all, so that what is not wanted is not read either."""
        names = {attribute.lower(), f"{self.schema.core.id}:{attribute}".lower()}
        if names & {each.lower() for each in self.excluded}:
            return False
        asked = {each.lower().removeprefix(f"{self.schema.core.id}:".lower()) for each in self.attributes}
        return (
            not asked
            or bool(asked & {attribute.lower(), self.schema.core.id.lower()})
            or any(each.startswith(f"{attribute.lower()}.") for each in asked)
        )

    def of(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the wanted part of a resource."""
        if not self.attributes and not self.excluded:
            return document
        return project(document, self.attributes, self.excluded, self.schema)


def shape(schema: ResourceSchema) -> Shape:
    """Return which attributes the client wants."""
    return Shape(_names("attributes"), _names("excludedAttributes"), schema)


def filter_of(schema: ResourceSchema, dialect: Dialect) -> Filter | None:
    """Return the filter, if there is one. Raises ``InvalidFilter``."""
    text = parameter("filter")
    if text is None:
        return None
    bare, typed = (each in dialect.tolerances for each in ("bare_words", "text_in_comparisons"))
    settings = bridge().settings
    limits = FilterLimits(settings.filter_bytes, settings.filter_depth, settings.filter_conditions)
    parsed = parse_filter(text, limits=limits, tolerate_bare_words=bare)
    return resolve_filter(parsed, schema, tolerant=typed)


def page() -> tuple[int, int]:
    """Return the first index, from 1, and the count of the page (RFC 7644 section 3.4.2.4)."""
    settings = bridge().settings
    start_index = _integer("startIndex", default=1)
    count = _integer("count", default=settings.page_default)
    return min(max(start_index, 1), LAST_INDEX), min(max(count, 0), settings.page_most)


def if_match() -> str | None:
    """Return the versions that the client is willing to change."""
    return request.headers.get("If-Match")


def _integer(name: str, *, default: int) -> int:
    text = parameter(name)
    if text is None:
        return default
    if INTEGER.fullmatch(text) is None:
        raise InvalidValue(f"{name} must be a whole number; {shown(text)} is not.")
    return int(text)


def _names(name: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in (parameter(name) or "").split(",") if each.strip())
