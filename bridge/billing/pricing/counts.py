"""How many seats a term bills in its window, by each counting basis."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from bridge.billing.pricing.attribution import held_microseconds
from bridge.billing.pricing.cohorts import size_of
from bridge.billing.pricing.ownership import Holding
from bridge.billing.pricing.period_days import Days, Span
from bridge.billing.pricing.rows import RowKey, Weight
from bridge.billing.pricing.terms import BY_INSTANT, ONE_NUMBER
from bridge.billing.pricing.tiers import ZERO, Quantity
from bridge.billing.pricing.windows import Window


@dataclass(frozen=True, slots=True)
class SeatCount:
    """What one term has to bill for seats."""

    steps: tuple[tuple[Quantity, Fraction], ...]
    """Concurrent seats and the share of the term's price for which they are held.

    Their integral is the price.
    """
    highest: Quantity
    """The highest count reached, which decides on flat fees."""
    quantity: Fraction
    """Seats on the line: billable days / days, or time / time where instants are counted."""
    billable_days: dict[RowKey, int]
    """Of each person of a row."""
    weights: dict[RowKey, Weight]
    """In what proportion the people carry the money: the weight of each person of a row."""

    @property
    def person_days(self) -> int:
        return _all(self.billable_days)

    def units(self, window: Window) -> Fraction:
        """Return the exact price in minor units, without flat fees."""
        return sum((window.term.units(count) * share for count, share in self.steps), ZERO)


def count_seats(window: Window, holdings: list[Holding]) -> SeatCount:
    """Count the holdings of one term by its basis."""
    days = {
        _key(window, holding, part.department, part.cost_centre): part.days.bit_count()
        for holding in holdings
        for part in holding.shown
        if part.days
    }
    weights: dict[RowKey, Weight] = dict(days)
    quantity = Fraction(_all(days), window.calendar.count)
    if window.term.count.basis in BY_INSTANT:
        held = _time_weights(window, holdings)
        weights = dict(held)
        quantity = Fraction(_all(held), window.calendar.end - window.calendar.start)
    if window.term.count.basis in ONE_NUMBER:
        return _one_number(window, holdings, days, weights, quantity)
    steps, highest = _integrated(window, holdings)
    return SeatCount(steps, highest, quantity, days, weights)


def _key(window: Window, holding: Holding, department: str | None, cost_centre: str | None) -> RowKey:
    """Name a row. Holdings of one cohort name the same rows and put the same on them."""
    return RowKey(holding.who, window.term.plan, department, cost_centre)


def _all(each: dict[RowKey, int]) -> int:
    """Add up over all people what each person of a row has."""
    return sum(size_of(key.person) * number for key, number in each.items())


def _integrated(
    window: Window, holdings: list[Holding]
) -> tuple[tuple[tuple[Quantity, Fraction], ...], Quantity]:
    """Return the steps of the bases that are integrated by day or by instant, and the highest of them."""
    by_instant = window.term.count.basis in BY_INSTANT
    if not window.term.by_slot:
        value = _time_value(window, holdings) if by_instant else _person_days_value(window, holdings)
        return ((1, value),), int(bool(holdings))
    shares = _concurrent_time(window, holdings) if by_instant else _slot_days(window, holdings)
    return tuple(sorted(shares.items())), max(shares, default=0)


def _person_days_value(window: Window, holdings: list[Holding]) -> Fraction:
    return window.days_value(
        {
            s: sum(holding.people * (holding.days & s.days).bit_count() for holding in holdings)
            for s in window.stretches
        }
    )


def _time_value(window: Window, holdings: list[Holding]) -> Fraction:
    value = ZERO
    for stretch in window.stretches:
        low, high = stretch.span
        held = sum(
            holding.people * max(0, min(e, high) - max(s, low))
            for holding in holdings
            for s, e in holding.spans
        )
        value += stretch.microsecond_value * held
    return value


def _slot_days(window: Window, holdings: list[Holding]) -> dict[int, Fraction]:
    """Count → the share of the price of the days with that count."""
    peaks = peaks_by_day(window, holdings)
    shares: dict[int, Fraction] = defaultdict(Fraction)
    for stretch in window.stretches:
        in_stretch = Counter(peaks[day] for day in _numbers(window.days & stretch.days))
        for count, day_count in in_stretch.items():
            shares[count] += stretch.day_value * day_count
    return shares


def peaks_by_day(window: Window, holdings: list[Holding]) -> list[int]:
    """Return the count of each day of the period: the most people at any one instant, ends before starts.

    With a free removal day it is the number of people who hold the seat at the end of the day.
    """
    if window.term.count.removal_day == "free":
        counts = [0] * window.calendar.count
        held: Counter[Days] = Counter()
        for holding in holdings:
            held[holding.days] += holding.people
        for days, people in held.items():
            for day in _numbers(days):
                counts[day] += people
        return counts
    edges = window.calendar.edges
    peaks = [0] * window.calendar.count
    day = -1
    now = 0
    for instant, change in _changes(holdings, edges[:-1]):
        now += change
        while day + 1 < len(peaks) and edges[day + 1] <= instant:
            day += 1
        peaks[day] = max(peaks[day], now)
    return peaks


def _concurrent_time(window: Window, holdings: list[Holding]) -> dict[int, Fraction]:
    """Count → the share of the price of the time with that count."""
    shares: dict[int, Fraction] = defaultdict(Fraction)
    for stretch in window.stretches:
        low, high = max(stretch.span[0], window.span[0]), min(stretch.span[1], window.span[1])
        lasted: Counter[int] = Counter()
        now, before = 0, low
        for instant, change in _changes(holdings, (low, high)):
            at = min(max(instant, low), high)
            lasted[now] += at - before
            now, before = now + change, at
        for count, length in lasted.items():
            if length:
                shares[count] += stretch.microsecond_value * length
    return shares


def _changes(holdings: list[Holding], marks: Iterable[int]) -> list[tuple[int, int]]:
    """Return every instant at which the number of people changes, and each mark, with the net change.

    The net of one instant is what makes ends come before starts: one leaves and one comes is no change.
    """
    changes: dict[int, int] = dict.fromkeys(marks, 0)
    for holding in holdings:
        for start, end in holding.spans:
            changes[start] = changes.get(start, 0) + holding.people
            changes[end] = changes.get(end, 0) - holding.people
    return sorted(changes.items())


def _one_number(
    window: Window,
    holdings: list[Holding],
    days: dict[RowKey, int],
    weights: dict[RowKey, Weight],
    quantity: Fraction,
) -> SeatCount:
    """Return the bases that give one count, priced once for the window."""
    basis = window.term.count.basis
    count: Quantity
    if basis == "average":
        held = sum((size_of(key.person) * weight for key, weight in weights.items()), ZERO)
        count = Fraction(held, window.span[1] - window.span[0])
    elif basis == "high_water":
        count = max(peaks_by_day(window, [holding for holding in holdings if holding.days]))
    else:
        billed = list(
            _month_shares(window, holdings) if basis == "month_any" else _snapshot(window, holdings)
        )
        count = sum(people for people, _ in billed)
        weights = {key: weight for _, shares in billed for key, weight in shares}
    return SeatCount(((count, window.value),), count, quantity, days, weights)


def _month_shares(
    window: Window, holdings: list[Holding]
) -> Iterator[tuple[int, list[tuple[RowKey, Weight]]]]:
    """Each person once; what is shown on several rows is shared by their days."""
    for holding in holdings:
        if holding.days:
            owned = holding.days.bit_count()
            yield (
                holding.people,
                [
                    (_key(window, holding, department, centre), Fraction(days.bit_count(), owned))
                    for department, centre, days in holding.shown
                ],
            )


def _snapshot(window: Window, holdings: list[Holding]) -> Iterator[tuple[int, list[tuple[RowKey, Weight]]]]:
    """Each person who holds a seat at the window's first instant, or immediately before its end."""
    at_start = window.term.count.basis == "snapshot_start"
    day: Days = window.days & -window.days if at_start else 1 << (window.days.bit_length() - 1)
    for holding in holdings:
        if any(_holds_edge(span, window.span, at_start=at_start) for span in holding.spans):
            yield (
                holding.people,
                [
                    (_key(window, holding, department, centre), 1)
                    for department, centre, days in holding.shown
                    if days & day
                ],
            )


def _holds_edge(span: Span, of: Span, *, at_start: bool) -> bool:
    return span[0] == of[0] if at_start else span[1] == of[1]


def _time_weights(window: Window, holdings: list[Holding]) -> dict[RowKey, int]:
    weights: dict[RowKey, int] = {}
    for holding in holdings:
        for department, centre, days in holding.shown:
            held = held_microseconds(holding.spans, holding.days, days, window.calendar)
            if held:
                weights[_key(window, holding, department, centre)] = held
    return weights


def _numbers(days: Days) -> Iterator[int]:
    """Return the numbers of the days in a set."""
    return (day for day in range(days.bit_length()) if days >> day & 1)
