"""Typed values out of a JSON document, each refusal naming its RFC 6901 pointer."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, TypeVar

from bridge.billing.money import DIGITS_EACH_SIDE, parse_decimal
from bridge.errors import InvalidSyntax, InvalidValue, TooLarge

Choice = TypeVar("Choice", bound=str)
JsonObject = dict[str, Any]

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_SHOWN = 60
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_TOO_LARGE = 10**DIGITS_EACH_SIDE


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of everything a quote may bring; more is refused, not computed slowly."""

    document_bytes: int = 64 * 1024 * 1024
    period_days: int = 366
    seats: int = 100_000
    sign_ins: int = 1_000_000
    usage_events: int = 1_000_000
    issued_amounts: int = 200_000
    terms: int = 1_000
    meters: int = 100
    tiers: int = 1_000
    text_characters: int = 1_000
    window_days: int = 3_660
    count: int = 10**9


DEFAULT_LIMITS = Limits()


class _Doubled(dict[str, Any]):
    """A JSON object in which a name stood twice; kept until its place in the document is known."""

    name: str


def refusal(pointer: str, found: object, allowed: str) -> InvalidValue:
    """Return the error for a value that is not allowed where it stands."""
    return InvalidValue(f"found {shown(found)}, allowed {allowed}", pointer=pointer)


def shown(value: object) -> str:
    """Return a value as it stood in the document, cut to a length that fits one line."""
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def escaped(name: str) -> str:
    """Return a name as a part of a JSON pointer (RFC 6901 section 3).

    Half a surrogate pair is shown by its escape: no answer can hold it.
    """
    shortened = name[:100].replace("~", "~0").replace("/", "~1")
    return shortened.encode(errors="backslashreplace").decode()


def load(document: bytes, limits: Limits = DEFAULT_LIMITS) -> JsonObject:
    """Return the JSON object in ``document``.

    Raises InvalidSyntax for what is no JSON, InvalidValue for a name that stands twice in one object,
    TooLarge over the limit of bytes.
    """
    if len(document) > limits.document_bytes:
        raise TooLarge(f"found {len(document)} bytes, allowed at most {limits.document_bytes}", pointer="")
    doubled: list[_Doubled] = []

    def unique(pairs: list[tuple[str, Any]]) -> JsonObject:
        value = dict(pairs)
        if len(value) == len(pairs):
            return value
        seen: set[str] = set()
        twice = _Doubled(value)
        twice.name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]  # set.add is None, the next name is looked at
        doubled.append(twice)
        return twice

    try:
        value = json.loads(document, object_pairs_hook=unique, parse_constant=_no_number)
    except RecursionError as deep:
        raise InvalidSyntax(
            "found JSON nested too deep to read, allowed the shape of a quote", pointer=""
        ) from deep
    except ValueError as bad:
        raise InvalidSyntax(
            f"found text that is no JSON ({bad}), allowed one JSON object", pointer=""
        ) from bad
    if doubled:
        pointer = _place(value, "")
        raise InvalidValue("found this name twice in one object, allowed once", pointer=pointer)
    return obj(value, "")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _place(value: object, at: str) -> str | None:
    """Return the pointer of the first name that stands twice under ``value``."""
    if isinstance(value, _Doubled):
        return f"{at}/{escaped(value.name)}"
    if isinstance(value, dict):
        members = [(escaped(name), inner) for name, inner in value.items()]
    elif isinstance(value, list):
        members = [(str(index), inner) for index, inner in enumerate(value)]
    else:
        return None
    return next((place for name, inner in members if (place := _place(inner, f"{at}/{name}"))), None)


def obj(value: object, at: str, names: frozenset[str] | None = None) -> JsonObject:
    """Return an object that has no other members than ``names``."""
    if not isinstance(value, dict):
        raise refusal(at, value, "an object")
    if names is not None and not value.keys() <= names:
        unknown = next(name for name in value if name not in names)
        raise InvalidValue(
            f"found an unknown name, allowed {', '.join(sorted(names))}", pointer=f"{at}/{escaped(unknown)}"
        )
    return value


def listed(raw: JsonObject, name: str, at: str, limit: int, *, required: bool = False) -> Sequence[Any]:
    """Return a list of at most ``limit`` members; absent or null is empty unless required."""
    value = raw.get(name)
    if value is None and not required:
        return ()
    if not isinstance(value, list):
        raise refusal(f"{at}/{name}", value, "a list") if name in raw else missing(f"{at}/{name}", "a list")
    if len(value) > limit:
        raise InvalidValue(f"found {len(value)} members, allowed at most {limit}", pointer=f"{at}/{name}")
    return value


def missing(pointer: str, allowed: str) -> InvalidValue:
    return InvalidValue(f"found nothing, allowed {allowed}", pointer=pointer)


def text(raw: JsonObject, name: str, at: str, limits: Limits) -> str:
    """Return a required text of at least one character.

    Half a surrogate pair, which JSON can escape (RFC 8259 section 8.2), is no character: the answer could
    not be written.
    """
    value = raw.get(name)
    if type(value) is str and 0 < len(value) <= limits.text_characters and _is_unicode(value):
        return value
    allowed = f"a text of 1 to {limits.text_characters} characters"
    raise refusal(f"{at}/{name}", value, allowed) if name in raw else missing(f"{at}/{name}", allowed)


def optional_text(raw: JsonObject, name: str, at: str, limits: Limits) -> str | None:
    value = raw.get(name)
    if type(value) is str and 0 < len(value) <= limits.text_characters and _is_unicode(value):
        return value
    return None if value is None else text(raw, name, at, limits)


def _is_unicode(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def choice(raw: JsonObject, name: str, at: str, choices: Sequence[Choice], default: Choice) -> Choice:
    """One of the words; absent or null is the default."""
    value = raw.get(name)
    if value is None:
        return default
    if not isinstance(value, str) or value not in choices:
        raise refusal(f"{at}/{name}", value, " | ".join(choices))
    return choices[choices.index(value)]


def truth(raw: JsonObject, name: str, at: str, *, default: bool) -> bool:
    value = raw.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise refusal(f"{at}/{name}", value, "true or false")
    return value


def whole(raw: JsonObject, name: str, at: str, limit: int, *, lowest: int = 0) -> int | None:
    """Return an integer from ``lowest`` to ``limit``; None when absent or null."""
    value = raw.get(name)
    if value is None:
        return None
    if type(value) is not int or not lowest <= value <= limit:
        raise refusal(f"{at}/{name}", value, f"an integer from {lowest} to {limit}")
    return value


def decimal(raw: JsonObject, name: str, at: str, *, signed: bool = False) -> Fraction | None:
    """Return a number written as a string, so that no reader makes a float of it.

    None when absent or null.
    """
    value = raw.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise refusal(f"{at}/{name}", value, 'a number in a string, as in "12.50"')
    number = parse_decimal(value, pointer=f"{at}/{name}")
    if number < 0 and not signed:
        raise refusal(f"{at}/{name}", value, "0 or more")
    return number


def percent(raw: JsonObject, name: str, at: str) -> Fraction:
    """Return a percentage from 0 to 100; absent or null is 0."""
    value = decimal(raw, name, at) or Fraction(0)
    if value > 100:  # noqa: PLR2004 - a hundred per cent is all there is
        raise refusal(f"{at}/{name}", raw[name], "a percentage from 0 to 100")
    return value


def quantity(raw: JsonObject, name: str, at: str) -> Fraction | None:
    """Return a positive number, as an integer or in a string; None when absent or null.

    An integer has the limit of a written number.
    """
    value = raw.get(name)
    number = Fraction(value) if type(value) is int else decimal(raw, name, at)
    if number is not None and not 0 < number < _TOO_LARGE:
        raise refusal(f"{at}/{name}", value, f"more than 0, and at most {DIGITS_EACH_SIDE} digits")
    return number


def local_date(raw: Mapping[str, Any], name: str, at: str) -> date | None:
    """Return a date ``YYYY-MM-DD``; None when absent or null."""
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            pass
        else:
            if _FIRST_YEAR <= day.year <= _LAST_YEAR:
                return day
    raise refusal(f"{at}/{name}", value, f"a date YYYY-MM-DD of the years {_FIRST_YEAR} to {_LAST_YEAR}")


def instant(raw: JsonObject, name: str, at: str, known: dict[str, datetime]) -> datetime:
    """Return a required RFC 3339 date-time with its offset.

    ``known`` remembers the texts that were read before.
    """
    value = raw.get(name)
    if type(value) is str:
        found = known.get(value)
        if found is not None:
            return found
        if _INSTANT.fullmatch(value):
            try:
                found = datetime.fromisoformat(value).astimezone(UTC)
            except (ValueError, OverflowError):
                pass
            else:
                known[value] = found
                return found
    allowed = "a date-time with its offset, as in 2024-01-31T09:00:00Z"
    raise refusal(f"{at}/{name}", value, allowed) if name in raw else missing(f"{at}/{name}", allowed)
