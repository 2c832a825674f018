"""How many seats a term bills in its window, by each counting basis."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from bridge.billing.pricing.attribution import Attributed, RowKey, attribute, held_microseconds
from bridge.billing.pricing.ownership import Holding
from bridge.billing.pricing.period_days import Days, Span
from bridge.billing.pricing.terms import BY_INSTANT, ONE_NUMBER
from bridge.billing.pricing.tiers import ZERO, Quantity
from bridge.billing.pricing.windows import Window

Weight = int | Fraction


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
    weights: dict[RowKey, Weight]
    """In what proportion the people carry the money."""

    @property
    def person_days(self) -> int:
        return sum(self.billable_days.values())

    def units(self, window: Window) -> Fraction:
        """Return the exact price in minor units, without flat fees."""
        return sum((window.term.units(count) * share for count, share in self.steps), ZERO)


def count_seats(window: Window, holdings: list[Holding]) -> SeatCount:
    """Count the holdings of one term by its basis."""
    rows = [(holding, attribute(holding, window.term.plan, window.calendar)) for holding in holdings]
    days: dict[RowKey, int] = {}
    for _, parts in rows:
        for part in parts:
            if part.days:
                days[part.key] = days.get(part.key, 0) + part.days.bit_count()
    weights: dict[RowKey, Weight] = dict(days)
    quantity = Fraction(sum(days.values()), window.calendar.count)
    if window.term.count.basis in BY_INSTANT:
        weights = _time_weights(window, rows)
        quantity = Fraction(sum(weights.values()), window.calendar.end - window.calendar.start)
    if window.term.count.basis in ONE_NUMBER:
        return _one_number(window, rows, days, weights, quantity)
    steps, highest = _integrated(window, holdings)
    return SeatCount(steps, highest, quantity, days, weights)


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
        {s: sum((holding.days & s.days).bit_count() for holding in holdings) for s in window.stretches}
    )


def _time_value(window: Window, holdings: list[Holding]) -> Fraction:
    value = ZERO
    for stretch in window.stretches:
        low, high = stretch.span
        held = sum(max(0, min(e, high) - max(s, low)) for holding in holdings for s, e in holding.spans)
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
        for days, people in Counter(holding.days for holding in holdings).items():
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
            changes[start] = changes.get(start, 0) + 1
            changes[end] = changes.get(end, 0) - 1
    return sorted(changes.items())


def _one_number(
    window: Window,
    rows: list[tuple[Holding, list[Attributed]]],
    days: dict[RowKey, int],
    weights: dict[RowKey, Weight],
    quantity: Fraction,
) -> SeatCount:
    """Return the bases that give one count, priced once for the window."""
    basis = window.term.count.basis
    counted = [holding for holding, _ in rows if holding.days]
    count: Quantity
    if basis == "average":
        count = Fraction(sum(weights.values()), window.span[1] - window.span[0])
    elif basis == "high_water":
        count = max(peaks_by_day(window, counted))
    else:
        billed = list(_month_shares(rows) if basis == "month_any" else _snapshot_shares(window, rows))
        count = sum(people for people, _ in billed)
        weights = {key: weight for _, shares in billed for key, weight in shares}
    return SeatCount(((count, window.value),), count, quantity, days, weights)


def _month_shares(
    rows: list[tuple[Holding, list[Attributed]]],
) -> Iterator[tuple[int, list[tuple[RowKey, Weight]]]]:
    """Each person once; what is shown on several rows is shared by their days."""
    for holding, parts in rows:
        if holding.days:
            owned = holding.days.bit_count()
            yield 1, [(part.key, Fraction(part.days.bit_count(), owned)) for part in parts]


def _snapshot_shares(
    window: Window, rows: list[tuple[Holding, list[Attributed]]]
) -> Iterator[tuple[int, list[tuple[RowKey, Weight]]]]:
    """Each person who holds a seat at the window's first instant, or immediately before its end."""
    at_start = window.term.count.basis == "snapshot_start"
    day: Days = window.days & -window.days if at_start else 1 << (window.days.bit_length() - 1)
    for holding, parts in rows:
        if any(_holds_edge(span, window.span, at_start=at_start) for span in holding.spans):
            yield 1, [(part.key, 1) for part in parts if part.days & day]


def _holds_edge(span: Span, of: Span, *, at_start: bool) -> bool:
    return span[0] == of[0] if at_start else span[1] == of[1]


def _time_weights(window: Window, rows: list[tuple[Holding, list[Attributed]]]) -> dict[RowKey, Weight]:
    weights: dict[RowKey, Weight] = {}
    for holding, parts in rows:
        for part in parts:
            held = held_microseconds(holding, part.days, window.calendar)
            if held:
                weights[part.key] = weights.get(part.key, 0) + held
    return weights


def _numbers(days: Days) -> Iterator[int]:
    """Return the numbers of the days in a set."""
    return (day for day in range(days.bit_length()) if days >> day & 1)
