"""Which person, plan, department and cost centre a day's money is shown on."""

from collections.abc import Iterable
from typing import NamedTuple

from bridge.billing.pricing.ownership import HeldSeat, Holding
from bridge.billing.pricing.period_days import Days, PeriodDays, common


class RowKey(NamedTuple):
    """One row of an invoice's people; None stands for money without a person, without a department."""

    person: str | None
    plan: str | None
    department: str | None = None
    cost_centre: str | None = None


def in_order(keys: Iterable[RowKey]) -> list[RowKey]:
    """Return the keys by person, plan, department, cost centre in code points, null last."""
    try:
        return sorted(keys)  # as they are: many times quicker, and right where nothing is null
    except TypeError:
        return sorted(keys, key=row_order)


def row_order(key: RowKey) -> tuple[bool | str, ...]:
    """Order people by person, plan, department, cost centre in code points, null last."""
    person, plan, department, centre = key
    return (
        person is None, person or "", plan is None, plan or "",
        department is None, department or "", centre is None, centre or "",
    )  # fmt: skip


class Attributed(NamedTuple):
    """The days of one holding that are shown on one row."""

    key: RowKey
    days: Days


def attribute(holding: Holding, plan: str, calendar: PeriodDays) -> list[Attributed]:
    """Return the owned days of a holding by row.

    A day is shown under its latest-started seat that touches it.
    A day the basis adds after the last seat stays with the latest seat begun; one before the first, with
    the first.
    """
    seats = holding.seats
    first = seats[0]
    if len(seats) == 1 or all(
        seat.department == first.department and seat.cost_centre == first.cost_centre for seat in seats
    ):
        return [Attributed(_key(holding.person, plan, first), holding.days)]
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


def attribute_touched(holding: Holding, plan: str, calendar: PeriodDays) -> list[Attributed]:
    """Return the owned days and those a seat touches without owning them, by row as in ``attribute``."""
    days = holding.days
    for seat in holding.seats:
        days |= calendar.touched(*seat.span)
    return attribute(holding._replace(days=days), plan, calendar)


def held_microseconds(holding: Holding, days: Days, calendar: PeriodDays) -> int:
    """How long the holding lasts on those days."""
    spans = holding.spans if days == holding.days else common(holding.spans, calendar.spans(days))
    return sum(end - start for start, end in spans)


def _begun(seat: HeldSeat) -> tuple[int, int, str, str]:
    """Latest started; the rest only makes the choice between equal starts independent of arrival."""
    return (seat.started, seat.span[1], seat.department or "", seat.cost_centre or "")


def _key(person: str, plan: str, seat: HeldSeat) -> RowKey:
    return RowKey(person, plan, seat.department, seat.cost_centre)
