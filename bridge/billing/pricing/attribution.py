"""Which person, plan, department and cost centre a day's money is shown on."""

from collections.abc import Sequence
from typing import NamedTuple

from bridge.billing.pricing.period_days import Days, PeriodDays, Span, common


class HeldSeat(NamedTuple):
    """A seat with its instants in microseconds, cut to a term's window."""

    span: Span
    begun: int
    department: str | None
    cost_centre: str | None


class Attributed(NamedTuple):
    """The days that are shown under one department and cost centre."""

    department: str | None
    cost_centre: str | None
    days: Days


def attribute(seats: Sequence[HeldSeat], owned: Days, calendar: PeriodDays) -> tuple[Attributed, ...]:
    """Return owned days by where they are shown.

    A day is shown under its latest-started seat that touches it.
    A day the basis adds after the last seat stays with the latest seat begun; one before the first, with
    the first.
    """
    first = seats[0]
    if len(seats) == 1 or all(
        seat.department == first.department and seat.cost_centre == first.cost_centre for seat in seats
    ):
        return (Attributed(first.department, first.cost_centre, owned),)
    latest_first = sorted(seats, key=_begun, reverse=True)
    shown: dict[tuple[str | None, str | None], Days] = {}
    left = owned
    reaches = [(seat, calendar.touched(*seat.span)) for seat in latest_first]
    reaches += [(seat, calendar.from_on(seat.span[0])) for seat in latest_first]
    reaches.append((latest_first[-1], left))
    for seat, reach in reaches:
        if left & reach:
            names = (seat.department, seat.cost_centre)
            shown[names] = shown.get(names, 0) | left & reach
            left &= ~reach
    return tuple(Attributed(*names, days) for names, days in shown.items())


def attribute_touched(seats: Sequence[HeldSeat], owned: Days, calendar: PeriodDays) -> tuple[Attributed, ...]:
    """Return the owned days and those a seat touches without owning them, shown as in ``attribute``."""
    for seat in seats:
        owned |= calendar.touched(*seat.span)
    return attribute(seats, owned, calendar)


def held_microseconds(spans: list[Span], owned: Days, days: Days, calendar: PeriodDays) -> int:
    """How long instants, those of owned days, last on some of these."""
    pieces = spans if days == owned else common(spans, calendar.spans(days))
    return sum(end - start for start, end in pieces)


def _begun(seat: HeldSeat) -> tuple[int, int, str, str]:
    """Latest started; the rest only makes the choice between equal starts independent of arrival."""
    return (seat.begun, seat.span[1], seat.department or "", seat.cost_centre or "")
