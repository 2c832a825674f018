"""Members of JSON objects, each refusal naming its RFC 6901 pointer within the object."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.errors import InvalidValue
from bridge.scim.text import fault_of, shown

TEXT_CHARACTERS = 256
#: What one event can say: a million times a million, to the millionth.
WHOLE_DIGITS, DECIMALS = 12, 6
MILLION = 1_000_000

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
_QUANTITY = re.compile(rf"([0-9]{{1,{WHOLE_DIGITS}}})(?:\.([0-9]{{1,{DECIMALS}}}))?", re.ASCII)


def refusal(pointer: str, found: object, allowed: str) -> InvalidValue:
    """Return the error for a value that is not allowed where it stands; None counts as nothing given."""
    seen = "nothing" if found is None else shown(found)
    return InvalidValue(f"found {seen}, allowed {allowed}", pointer=pointer)


def object_of(value: object, pointer: str, *, allowed: Collection[str] | None = None) -> Mapping[str, Any]:
    """Return a JSON object; with ``allowed`` it may have no other members."""
    if not isinstance(value, dict):
        raise refusal(pointer, value, "an object")
    if allowed is not None:
        unknown = next((name for name in value if name not in allowed), None)
        if unknown is not None:
            raise InvalidValue(
                f"found an unknown member {shown(unknown)}, allowed {', '.join(sorted(allowed))}",
                pointer=pointer or "",
            )
    return value


def text(row: Mapping[str, Any], name: str, pointer: str, *, most: int = TEXT_CHARACTERS) -> str:
    """Return a required text of 1 to ``most`` characters that both databases can store."""
    value = row.get(name)
    if isinstance(value, str) and 0 < len(value) <= most and fault_of(value) is None:
        return value
    raise refusal(f"{pointer}/{name}", value, f"a text of 1 to {most} characters")


def choice(row: Mapping[str, Any], name: str, pointer: str, words: Collection[str]) -> str:
    """Return a required text that is one of the words."""
    value = row.get(name)
    if isinstance(value, str) and value in words:
        return value
    raise refusal(f"{pointer}/{name}", value, " | ".join(words))


def instant(row: Mapping[str, Any], name: str, pointer: str) -> datetime:
    """Return a required RFC 3339 date-time with its offset, in UTC."""
    value = row.get(name)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):  # no calendar has it: refused like any other text
            pass
    raise refusal(f"{pointer}/{name}", value, "a date-time with its offset, as in 2024-01-31T09:00:00Z")


def millionths(row: Mapping[str, Any], name: str, pointer: str) -> int:
    """Return a required quantity in whole millionths: text of digits, or a JSON integer, never a float."""
    value = row.get(name)
    written: object = str(value) if type(value) is int and 0 <= value < 10**WHOLE_DIGITS else value
    match = _QUANTITY.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise refusal(
            f"{pointer}/{name}",
            value,
            f'0 or more in a string, as in "12.5", of at most {WHOLE_DIGITS} + {DECIMALS} digits',
        )
    return int(match[1]) * MILLION + int((match[2] or "").ljust(DECIMALS, "0"))
