"""When a tenant's nightly work is due."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: Most zones have no business then, and a clock change leaves the day's date alone.
NIGHT = time(2)


def next_night(timezone: str, now: datetime) -> datetime:
    """Return the first 02:00 of the zone after ``now``, in UTC.

    On the day that skips 02:00 it is the instant at which the clock is put forward; where 02:00 comes twice,
    the first of the two, and never an instant that is past.
    """
    zone = ZoneInfo(timezone)
    day = now.astimezone(zone).date()
    while True:
        night = datetime.combine(day, NIGHT, zone).astimezone(UTC)
        if night > now:
            return night
        day += timedelta(days=1)
