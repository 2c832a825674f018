"""A subscription as a value: when its periods begin, which dates of them are billed."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bridge.billing.periods import Interval, Period, period_containing

Timing = Literal["arrears", "advance"]
LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class SubscriptionTerms:
    """A subscription as it stands: its periods begin on ``anchor_day``, in a short month on the last day.

    Local dates ``[starts_on, ends_on)`` are billed, without those of the trial; of a period that begins
    earlier or ends later, no more.
    """

    id: str
    interval: Interval
    anchor_day: int
    timing: Timing
    starts_on: date
    ends_on: date | None
    trial_ends_on: date | None = None

    @property
    def billed_from(self) -> date:
        """The first date that costs something."""
        return self.starts_on if self.trial_ends_on is None else max(self.starts_on, self.trial_ends_on)

    def billed_part(self, period: Period) -> Period | None:
        """Return the dates of a period that are billed; None where there are none."""
        first, until = max(period.start, self.billed_from), min(period.end, self.ends_on or period.end)
        return Period(first, until) if first < until else None

    def trial_days(self, period: Period) -> int:
        """Return how many dates of a period are tried and not billed."""
        until = min(period.end, self.ends_on or period.end, self.billed_from)
        return max((until - max(period.start, self.starts_on)).days, 0)

    @property
    def anchor(self) -> date:
        """A date on which a period begins; in a leap year, so that a 29 February stays one."""
        month = self.starts_on.month if self.interval == "year" else 1
        return date(LEAP_YEAR, month, min(self.anchor_day, monthrange(LEAP_YEAR, month)[1]))

    def period_of(self, day: date) -> Period:
        """Return the period that contains a local date."""
        return period_containing(self.anchor, self.interval, day)

    def document(self) -> dict[str, str | int | None]:
        """Return it for JSON."""
        return {
            "id": self.id,
            "interval": self.interval,
            "anchor_day": self.anchor_day,
            "timing": self.timing,
            "starts_on": self.starts_on.isoformat(),
            "trial_ends_on": self.trial_ends_on.isoformat() if self.trial_ends_on else None,
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
        }
