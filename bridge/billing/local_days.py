"""The days of a tenant's time zone: which instants begin them, which of them an instant lies in."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def midnight(day: date, timezone: str) -> datetime:
    """Return the first instant of a local day; where clocks skip midnight, the moment of the skip."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def local_date(instant: datetime, timezone: str) -> date:
    """Return the local day that contains an instant."""
    return instant.astimezone(ZoneInfo(timezone)).date()
