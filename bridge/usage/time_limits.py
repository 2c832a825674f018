"""Between which instants an event is taken, by the local date it counts for."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.usage.members import refusal

#: How far the clock of a source may be ahead of ours.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """What a tenant takes at ``now``: nothing older than ``late_days``, nothing before the settled time."""

    now: datetime
    late_days: int
    settled_until: datetime | None
    timezone: str

    def check(self, at: datetime, pointer: str) -> None:
        """Raise ``InvalidValue`` for an instant that is not taken."""
        if at > self.now + AHEAD:
            raise refusal(pointer, at.isoformat(), f"an instant that has passed, by {self.now.isoformat()}")
        earliest = self.now - timedelta(days=self.late_days)
        if at < earliest:
            raise refusal(
                pointer,
                at.isoformat(),
                f"at most {self.late_days} days late, so {earliest.isoformat()} or after",
            )
        if self.settled_until is not None and at < self.settled_until:
            raise refusal(
                pointer, at.isoformat(), f"what is not settled, so {self.settled_until.isoformat()} or after"
            )

    def day(self, at: datetime) -> date:
        """Return the tenant's local date of an instant."""
        return at.astimezone(ZoneInfo(self.timezone)).date()
