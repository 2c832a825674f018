"""Billing periods: months and years that keep the day of the month they began on."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bridge.errors import InvalidValue

Interval = Literal["month", "year"]
MONTHS: dict[Interval, int] = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Local dates ``[start, end)``. Raises InvalidValue when it has no day."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidValue(
                f"found {self.end.isoformat()}, allowed a date after the start, {self.start.isoformat()}",
                pointer="/period/end",
            )

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def document(self) -> dict[str, str]:
        return {"start": self.start.isoformat(), "end": self.end.isoformat()}


def add_months(anchor: date, months: int) -> date:
    """Return the anchor day ``months`` later (or earlier).

    31 January, 29 February, 31 March: a short month clips only itself.
    """
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def period_containing(anchor: date, interval: Interval, day: date) -> Period:
    """Return the period of a subscription that contains ``day``, also when the day lies before the anchor."""
    step = MONTHS[interval]
    index = ((day.year - anchor.year) * 12 + day.month - anchor.month) // step
    if add_months(anchor, index * step) > day:
        index -= 1
    elif add_months(anchor, (index + 1) * step) <= day:
        index += 1
    return Period(add_months(anchor, index * step), add_months(anchor, (index + 1) * step))


def periods_between(anchor: date, interval: Interval, start: date, end: date) -> tuple[Period, ...]:
    """Every period of a subscription that has a day in ``[start, end)``, in order."""
    periods: list[Period] = []
    day = start
    while day < end:
        period = period_containing(anchor, interval, day)
        periods.append(period)
        day = period.end
    return tuple(periods)
