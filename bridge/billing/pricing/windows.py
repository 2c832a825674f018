"""The part of a period in which a price term is in force, worth a share of its price day by day."""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from bridge.billing.periods import periods_between
from bridge.billing.pricing.period_days import Days, PeriodDays, Span, first_instant
from bridge.billing.pricing.terms import PriceTerm
from bridge.billing.pricing.tiers import ZERO


class Stretch(NamedTuple):
    """Days that are worth the same: all of the period, or those of one subscription year."""

    days: Days
    span: Span
    day_value: Fraction
    """The share of the term's price that one of these days is worth."""
    microsecond_value: Fraction


@dataclass(frozen=True, slots=True)
class Window:
    """One term within one period."""

    term: PriceTerm
    index: int
    """Its place among the terms of the document."""
    calendar: PeriodDays
    days: Days
    """The local days on which the term is valid."""
    span: Span
    stretches: tuple[Stretch, ...]

    @property
    def day_count(self) -> int:
        return self.days.bit_count()

    @property
    def part(self) -> Fraction:
        """Valid days / days of the period."""
        return Fraction(self.day_count, self.calendar.count)

    @property
    def value(self) -> Fraction:
        """The share of the term's price that the whole window is worth."""
        return self.days_value(
            {stretch: (self.days & stretch.days).bit_count() for stretch in self.stretches}
        )

    @staticmethod
    def days_value(day_counts: dict[Stretch, int]) -> Fraction:
        return sum((stretch.day_value * count for stretch, count in day_counts.items()), ZERO)


def windows_of(terms: tuple[PriceTerm, ...], calendar: PeriodDays) -> tuple[Window, ...]:
    """Return the terms that are valid on at least one day, in document order."""
    windows = []
    for index, term in enumerate(terms):
        days = calendar.between(term.valid.first, term.valid.until)
        if days:
            (span,) = calendar.spans(days)
            windows.append(Window(term, index, calendar, days, span, _stretches(term, calendar)))
    return tuple(windows)


def _stretches(term: PriceTerm, calendar: PeriodDays) -> tuple[Stretch, ...]:
    """``month``: the price is that of the period; ``year``: that of the subscription year a day lies in."""
    if term.interval == "month":
        whole = (calendar.start, calendar.end)
        return (_stretch(calendar.all, whole, calendar.count, whole),)
    anchor = term.year_start or calendar.period.start
    stretches = []
    for year in periods_between(anchor, "year", calendar.period.start, calendar.period.end):
        days = calendar.between(year.start, year.end)
        if not days:  # the zone skipped the only date of this year in the period
            continue
        (span,) = calendar.spans(days)
        lasts = (first_instant(year.start, calendar.zone), first_instant(year.end, calendar.zone))
        stretches.append(_stretch(days, span, year.days, lasts))
    return tuple(stretches)


def _stretch(days: Days, span: Span, day_count: int, lasts: Span) -> Stretch:
    return Stretch(days, span, Fraction(1, day_count), Fraction(1, lasts[1] - lasts[0]))
