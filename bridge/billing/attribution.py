"""Which person, plan, department and cost centre a day's money is shown on."""

from dataclasses import dataclass
from typing import NamedTuple

from bridge.billing.local_days import Days, LocalDays, common
from bridge.billing.ownership import HeldSeat, Holding


class RowKey(NamedTuple):
    """One row of an invoice's people; None stands for money without a person, without a department."""

    person: str | None
    plan: str | None
    department: str | None = None
    cost_centre: str | None = None


def row_order(key: RowKey) -> tuple[tuple[bool, str], ...]:
    """People by person, plan, department, cost centre in code points, null last."""
    return tuple((part is None, part or "") for part in key)


@dataclass(frozen=True, slots=True)
class Attributed:
    """The days of one holding that are shown on one row."""

    key: RowKey
    days: Days


def attribute(holding: Holding, plan: str, calendar: LocalDays) -> list[Attributed]:
    """The owned days of a holding by row: a day is shown under its latest-started seat that touches it.

    A day the basis adds after the last seat stays with the latest seat begun; one before the first, with the first.
    """
    seats = holding.seats
    if len(seats) == 1 or len({(seat.department, seat.cost_centre) for seat in seats}) == 1:
        return [Attributed(_key(holding.person, plan, seats[0]), holding.days)]
    latest_first = sorted(seats, key=_begun, reverse=True)
    rows: dict[RowKey, Days] = {}
    left = holding.days
    reaches = [(seat, calendar.touched(*seat.span)) for seat in latest_first]
    reaches += [(seat, calendar.from_on(seat.span[0])) for seat in latest_first]
    reaches.append((latest_first[-1], left))
    for seat, reach in reaches:
        if left & reach:
            key = _key(holding.person, plan, seat)
            rows[key] = rows.get(key, 0) | left & reach
            left &= ~reach
    return [Attributed(key, days) for key, days in rows.items()]


def key_on(holding: Holding, plan: str, day: int, calendar: LocalDays) -> RowKey | None:
    """The row of one day, owned or not; None when no seat touches it and the term does not own it."""
    bit = 1 << day
    touching = [seat for seat in holding.seats if calendar.touched(*seat.span) & bit]
    if touching:
        return _key(holding.person, plan, max(touching, key=_begun))
    return next((row.key for row in attribute(holding, plan, calendar) if row.days & bit), None)


def held_microseconds(holding: Holding, days: Days, calendar: LocalDays) -> int:
    """How long the holding lasts on those days."""
    spans = holding.spans if days == holding.days else common(holding.spans, calendar.spans(days))
    return sum(end - start for start, end in spans)


def _begun(seat: HeldSeat) -> tuple[int, int, str, str]:
    """Latest started; the rest only makes the choice between equal starts independent of arrival."""
    return (seat.started, seat.span[1], seat.department or "", seat.cost_centre or "")


def _key(person: str, plan: str, seat: HeldSeat) -> RowKey:
    return RowKey(person, plan, seat.department, seat.cost_centre)
