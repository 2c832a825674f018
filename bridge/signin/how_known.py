"""What the claims of an ID token say of how its provider knew the person."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.scim.text import fault_of
from bridge.usage.events import MOST_WAYS
from bridge.usage.members import TEXT_CHARACTERS

#: The last instant that a date-time of four digits of a year can tell.
LAST_SECOND = 253_402_300_799


def how_known(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``amr``, ``acr`` and ``auth_time`` as a usage fact has them (OpenID Connect Core 1.0 section 2).

    What is none of these is left out: it tells of the sign-in and decides nothing, so that nobody is refused
    for it. Some providers send a single way as a text.
    """
    given = claims.get("amr")
    ways = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    told = {
        "amr": list(dict.fromkeys(filter(_is_word, ways)))[:MOST_WAYS] or None,
        "acr": claims.get("acr") if _is_word(claims.get("acr")) else None,
        "auth_time": _instant(claims.get("auth_time")),
    }
    return {name: value for name, value in told.items() if value is not None}


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TEXT_CHARACTERS and fault_of(value) is None


def _instant(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LAST_SECOND:
        return None
    return datetime.fromtimestamp(value, UTC).isoformat()
