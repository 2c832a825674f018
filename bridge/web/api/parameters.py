"""Query parameters: declared once, described in the OpenAPI document, read strictly."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from bridge.errors import InvalidValue
from bridge.scim.text import shown

Schema = Mapping[str, Any]

TEXT_CHARACTERS = 256
WHOLE_MOST = 1_000_000_000
#: Years in which there can have been identity providers, and plans be made; also clear of a zone's overflow.
YEARS = range(1970, 2201)
# RFC 3339 section 5.6; fromisoformat() alone also takes week dates and local times.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter after the question mark; ``read`` makes its value of the text, or raises InvalidValue."""

    name: str
    description: str
    schema: Schema
    read: Callable[[str], object]
    default: object = None


def read_query(parameters: Iterable[Parameter], given: MultiDict[str, str]) -> dict[str, Any]:
    """Return each declared parameter's value. Raises ``InvalidValue`` for unknown and repeated ones."""
    declared = {parameter.name: parameter for parameter in parameters}
    for name, values in given.lists():
        if name not in declared:
            allowed = ", ".join(declared) or "none"
            raise InvalidValue(f"there is no parameter {shown(name)} here; allowed: {allowed}")
        if len(values) > 1:
            raise InvalidValue(f"the parameter {name} is given {len(values)} times: give it once")
    return {name: _value(parameter, given.get(name)) for name, parameter in declared.items()}


def _value(parameter: Parameter, text: str | None) -> object:
    if text is None:
        return parameter.default
    try:
        return parameter.read(text)
    except InvalidValue as error:
        raise InvalidValue(f"the parameter {parameter.name}: {error.detail}") from error


def text(name: str, description: str) -> Parameter:
    """Declare a parameter that takes any printable text."""
    return Parameter(name, description, {"type": "string", "maxLength": TEXT_CHARACTERS}, _text)


def choice(name: str, description: str, words: Collection[str]) -> Parameter:
    """Declare a parameter that takes one of these words."""

    def read(given: str) -> str:
        if given not in words:
            raise InvalidValue(f"found {shown(given)}, allowed one of {', '.join(words)}")
        return given

    return Parameter(name, description, {"type": "string", "enum": list(words)}, read)


def truth(name: str, description: str) -> Parameter:
    """Declare a parameter that takes ``true`` or ``false``."""

    def read(given: str) -> bool:
        if given not in ("true", "false"):
            raise InvalidValue(f"found {shown(given)}, allowed true or false")
        return given == "true"

    return Parameter(name, description, {"type": "boolean"}, read)


def whole(
    name: str, description: str, *, least: int = 0, most: int = WHOLE_MOST, default: int | None = None
) -> Parameter:
    """Declare a parameter that takes a whole number."""

    def read(given: str) -> int:
        # isdecimal() also takes digits of other scripts, which int() reads; 12 characters are no long work.
        if not (given.isascii() and given.isdecimal() and len(given) <= 12 and least <= int(given) <= most):  # noqa: PLR2004 (told above)
            raise InvalidValue(f"found {shown(given)}, allowed a whole number from {least} to {most}")
        return int(given)

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Parameter(
        name, description, schema if default is None else {**schema, "default": default}, read, default
    )


def instant(name: str, description: str) -> Parameter:
    """Declare a parameter that takes an instant with an offset."""
    return Parameter(name, description, {"type": "string", "format": "date-time"}, _unescaped_instant)


def day(name: str, description: str) -> Parameter:
    """Declare a parameter that takes a date."""
    return Parameter(name, description, {"type": "string", "format": "date"}, parse_day)


def parse_instant(given: str, *, pointer: str | None = None) -> datetime:
    """Return an instant in UTC. Raises ``InvalidValue`` for local times and for years out of range."""
    allowed = "allowed an instant with an offset such as 2026-09-01T07:00:00Z"
    if not INSTANT.fullmatch(given):
        raise InvalidValue(f"found {shown(given)}, {allowed}", pointer=pointer)
    try:
        value = datetime.fromisoformat(given.upper())
    except ValueError as error:
        raise InvalidValue(
            f"found {shown(given)}, which no calendar has; {allowed}", pointer=pointer
        ) from error
    _check_year(value.year, given, pointer)
    return value.astimezone(UTC)


def parse_day(given: str, *, pointer: str | None = None) -> date:
    """Return a date. Raises ``InvalidValue`` for other forms and for years out of range."""
    allowed = "allowed a date such as 2026-09-01"
    if not DATE.fullmatch(given):
        raise InvalidValue(f"found {shown(given)}, {allowed}", pointer=pointer)
    try:
        value = date.fromisoformat(given)
    except ValueError as error:
        raise InvalidValue(
            f"found {shown(given)}, which no calendar has; {allowed}", pointer=pointer
        ) from error
    _check_year(value.year, given, pointer)
    return value


def _unescaped_instant(given: str) -> datetime:
    # A plus sign that was not escaped arrives as a space, and means the plus of an offset.
    return parse_instant(given.replace(" ", "+"))


def _check_year(year: int, given: str, pointer: str | None) -> None:
    if year not in YEARS:
        raise InvalidValue(
            f"found {shown(given)}, allowed years from {YEARS.start} to {YEARS.stop - 1}", pointer=pointer
        )


def _text(given: str) -> str:
    if not given or len(given) > TEXT_CHARACTERS or not given.isprintable():
        raise InvalidValue(
            f"found {len(given)} characters, allowed 1 to {TEXT_CHARACTERS} printable characters"
        )
    return given
