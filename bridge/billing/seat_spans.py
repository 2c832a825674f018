"""Reading the seats of a period as the values that pricing takes."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, not_, or_, select, union_all

from bridge.billing.pricing.cohorts import Alike, SeatSpan, Stay, alike_of, put_together
from bridge.billing.pricing.period_days import microseconds
from bridge.billing.suppositions import Supposition, supposed
from bridge.database.columns import Instant
from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.seats.tables import Seat

#: A plan that gives roles without a seat; it is never billed.
UNBILLED_PLAN = "none"

#: Ids are UUIDs.
SEPARATOR = "\n"


def read_alike(
    session: TenantSession, held: tuple[datetime, datetime], period: tuple[datetime, datetime]
) -> list[Alike]:
    """Return who holds a billed seat in ``held``, people with the same seats together, cut to the period.

    A large tenant's month has a million spans. Nearly all of them last for all of it: the database puts these
    together by plan and names, the others by their instants, too, and Python sees the people alone.
    """
    supposition = supposed(session)
    if supposition is not None:
        return alike_of(_within(supposition, *held), (microseconds(period[0]), microseconds(period[1])))
    alike: list[Alike] = []
    moving: dict[str, list[Stay]] = {}
    for plan, start, end, department, cost_centre, people in session.execute(_put_together(held, period)):
        first = microseconds(start)
        stay = Stay(plan, first, microseconds(end), first, department, cost_centre)
        ids = people.split(SEPARATOR)
        if (start, end) == period:
            alike.append(Alike(ids, (stay,)))
        else:
            for person in ids:
                moving.setdefault(person, []).append(stay)
    return [*alike, *put_together(moving)]


def read_seat_spans_of(
    session: TenantSession, people: Collection[str], start: datetime, end: datetime
) -> list[SeatSpan]:
    """Return the billed spans of these people that touch ``[start, end)``; suppositions are left aside."""
    columns = select(Seat.person_id, Seat.plan, Seat.start, Seat.end, Seat.department, Seat.cost_centre)
    rows = session.execute(columns.where(touches(start, end), one_of(Seat.person_id, people)))
    return [SeatSpan(*row) for row in rows]


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


def _put_together(
    held: tuple[datetime, datetime], period: tuple[datetime, datetime]
) -> Select[*tuple[Any, ...]]:
    """Select the people of a plan, department and cost centre by the instants between which they hold it.

    A person's spans never overlap. So who holds one for all of the period holds no other, and of several
    only the first can have begun before it: cut to the period they keep their order.
    """
    first, last = (literal(instant, Instant()) for instant in period)
    whole = and_(Seat.start <= first, or_(Seat.end.is_(None), Seat.end >= last))
    names = (Seat.department, Seat.cost_centre)
    lasting = (
        select(Seat.plan, first.label("first"), last.label("last"), *names, _ids(Seat.person_id))
        .where(touches(*held), whole)
        .group_by(Seat.plan, *names)
    )
    cut = (
        select(
            Seat.plan.label("plan"),
            case((Seat.start < first, first), else_=Seat.start).label("first"),
            case((or_(Seat.end.is_(None), Seat.end > last), last), else_=Seat.end).label("last"),
            Seat.department.label("department"),
            Seat.cost_centre.label("cost_centre"),
            Seat.person_id.label("person_id"),
        )
        .where(touches(*held), not_(whole))
        .subquery()
    )
    same = (cut.c.plan, cut.c.first, cut.c.last, cut.c.department, cut.c.cost_centre)
    moving = select(*same, _ids(cut.c.person_id)).group_by(*same)
    both = union_all(lasting, moving).subquery()
    return select(both)


def _ids(person_id: Any) -> ColumnElement[str]:  # noqa: ANN401 (a column of a row or of a subquery)
    return func.aggregate_strings(person_id, SEPARATOR).label("people")
