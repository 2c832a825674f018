"""Reading the seats of a period as the values that pricing takes."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from bridge.billing.pricing.price_period import SeatSpan
from bridge.billing.suppositions import Supposition, supposed
from bridge.database.sessions import TenantSession
from bridge.seats.tables import Seat

#: A plan that gives roles without a seat; it is never billed.
UNBILLED_PLAN = "none"

ROWS_AT_ONCE = 20_000


def read_seat_spans_of(
    session: TenantSession, people: Collection[str], start: datetime, end: datetime
) -> list[SeatSpan]:
    """Return the billed spans of these people that touch ``[start, end)``; suppositions are left aside."""
    return list(_spans(session, touches(start, end) & Seat.person_id.in_(people)))


def read_seat_spans(session: TenantSession, start: datetime, end: datetime) -> list[SeatSpan]:
    """Return the billed spans that touch ``[start, end)``; a large tenant's month has a million of them."""
    supposition = supposed(session)
    return (
        list(_spans(session, touches(start, end)))
        if supposition is None
        else _within(supposition, start, end)
    )


def billed_plans(session: TenantSession, start: datetime, end: datetime) -> set[str]:
    """Return the plans that anyone holds in ``[start, end)``."""
    supposition = supposed(session)
    if supposition is not None:
        return {seat.plan for seat in _within(supposition, start, end)}
    return set(session.scalars(select(Seat.plan).distinct().where(touches(start, end))))


def touches(start: datetime, end: datetime) -> ColumnElement[bool]:
    """Select the billed seats that are held at an instant of ``[start, end)``."""
    held = and_(Seat.start < end, or_(Seat.end.is_(None), Seat.end > start))
    return and_(held, Seat.plan != UNBILLED_PLAN)


def _within(supposition: Supposition, start: datetime, end: datetime) -> list[SeatSpan]:
    seats = supposition.seats
    return [seat for seat in seats if seat.start < end and (seat.end is None or seat.end > start)]


def _spans(session: TenantSession, which: ColumnElement[bool]) -> Iterator[SeatSpan]:
    columns = select(Seat.person_id, Seat.plan, Seat.start, Seat.end, Seat.department, Seat.cost_centre)
    rows: Any = session.execute(columns.where(which), execution_options={"yield_per": ROWS_AT_ONCE})
    for person, plan, begins, ends, department, cost_centre in rows:
        yield SeatSpan(person, plan, begins, ends, department, cost_centre)
