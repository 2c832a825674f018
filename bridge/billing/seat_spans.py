"""Reading the seats of a period as the values that pricing takes."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)

from bridge.billing.pricing.cohorts import Alike, SeatSpan, Stay, alike_of, each_alone
from bridge.billing.pricing.period_days import microseconds
from bridge.billing.suppositions import Supposition, supposed
from bridge.database.columns import Instant
from bridge.database.microseconds import microseconds_of
from bridge.database.one_of import one_of
from bridge.database.prepared import TENANT, Prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.seats.tables import Seat

#: A plan that gives roles without a seat; it is never billed.
UNBILLED_PLAN = "none"

#: Ids are UUIDs. As a literal, since SQLAlchemy would write a parameter into the SQL anew each time.
SEPARATOR = " "
SEPARATOR_IN_SQL: ColumnElement[str] = literal_column(f"'{SEPARATOR}'")


def read_alike(
    session: TenantSession, held: tuple[datetime, datetime], period: tuple[datetime, datetime]
) -> list[Alike]:
    """Return who holds a billed seat in ``held``, cut to the period.

    A large tenant's month has a million spans. Nearly all of them last for all of it: the database puts these
    people together by plan and names. The others come one by one.
    """
    first, last = microseconds(period[0]), microseconds(period[1])
    supposition = supposed(session)
    if supposition is not None:
        return alike_of(_within(supposition, *held), (first, last))
    alike: list[Alike] = []
    moving: dict[str, list[Stay]] = {}
    within = {"held_from": held[0], "held_until": held[1], "first": period[0], "last": period[1]}
    for plan, start, end, department, cost_centre, people in session.run(_TOGETHER, **within):
        if start is None:
            stay = Stay(plan, first, last, first, department, cost_centre)
            alike.append(Alike(people.split(SEPARATOR), (stay,)))
        else:
            stay = Stay(plan, start, end, start, department, cost_centre)
            moving.setdefault(people, []).append(stay)
    return [*alike, *each_alone(moving)]


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
    return {plan for (plan,) in session.run(_BILLED_PLANS, held_from=start, held_until=end)}


def touches(start: datetime, end: datetime) -> ColumnElement[bool]:
    """Select the billed seats that are held at an instant of ``[start, end)``."""
    return _touching(Seat, start, end)


def _touching(seat: Any, start: Any, end: Any) -> ColumnElement[bool]:  # noqa: ANN401 (columns of a row or a table, instants or parameters)
    held = and_(seat.start < end, or_(seat.end.is_(None), seat.end > start))
    return and_(held, seat.plan != UNBILLED_PLAN)


def _within(supposition: Supposition, start: datetime, end: datetime) -> list[SeatSpan]:
    seats = supposition.seats
    return [seat for seat in seats if seat.start < end and (seat.end is None or seat.end > start)]


def _put_together() -> Prepared:
    """Select the people of a plan, department and cost centre who hold it for all of a period, then others.

    A person's spans never overlap. So who holds one for all of the period holds no other, and of several
    only the first can have begun before it: cut to the period they keep their order. Who holds one for all
    of it has no instants here, whoever holds a part of it has them in microseconds, in a row of his own:
    instants are seldom the same, and to find those that are costs more than to read them.
    """
    seat = table_of(Seat).c
    held_from, held_until, first, last = (
        bindparam(name, type_=Instant()) for name in ("held_from", "held_until", "first", "last")
    )
    own = and_(seat.tenant_id == bindparam(TENANT), _touching(seat, held_from, held_until))
    whole = and_(seat.start <= first, or_(seat.end.is_(None), seat.end >= last))
    names = (seat.department, seat.cost_centre)
    none = literal(None, BigInteger())
    people = func.aggregate_strings(seat.person_id, SEPARATOR_IN_SQL).label("people")  # type: ignore[arg-type]  # takes SQL, too
    lasting = (
        select(seat.plan, none.label("first"), none.label("last"), *names, people)
        .where(own, whole)
        .group_by(seat.plan, *names)
    )
    begun = case((seat.start < first, first), else_=seat.start)
    ended = case((or_(seat.end.is_(None), seat.end > last), last), else_=seat.end)
    moving = select(seat.plan, microseconds_of(begun), microseconds_of(ended), *names, seat.person_id).where(
        own, not_(whole)
    )
    return Prepared(select(union_all(lasting, moving).subquery()))


def _billed_plans() -> Prepared:
    seat = table_of(Seat).c
    held_from, held_until = (bindparam(name, type_=Instant()) for name in ("held_from", "held_until"))
    own = and_(seat.tenant_id == bindparam(TENANT), _touching(seat, held_from, held_until))
    return Prepared(select(seat.plan).distinct().where(own))


_TOGETHER = _put_together()
_BILLED_PLANS = _billed_plans()
