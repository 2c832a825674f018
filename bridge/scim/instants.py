"""The dateTime values of RFC 7643 section 2.3.5 (XML Schema dateTime)."""

import re
from datetime import UTC, datetime

from bridge.errors import InvalidValue
from bridge.scim.text import shown

_SHAPE = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII | re.IGNORECASE
)


def parse_instant(text: str, *, name: str = "dateTime") -> datetime:
    """Return the instant in UTC; a time without an offset is taken as UTC.

    Raises InvalidValue, also for instants that leave the years 1 to 9999 once their offset is applied.
    """
    try:
        if not _SHAPE.fullmatch(text):
            raise ValueError(text)  # noqa: TRY301 - one place says what a dateTime looks like
        instant = datetime.fromisoformat(text.upper())
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValue(f"{name}: {shown(text)} is no dateTime like 2026-02-28T09:30:00Z.") from error
