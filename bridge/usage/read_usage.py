"""Reading consumption and sign-ins, added up by the database as far as prices allow."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.selectable import Subquery

from bridge.database.sessions import TenantSession
from bridge.directory.tables import Join
from bridge.seats.tables import Seat
from bridge.usage.members import MILLION
from bridge.usage.tables import Meter, SignIn, Usage

ROWS_AT_ONCE = 20_000


class Used(NamedTuple):
    """How much a person used of a meter at an instant, or on its local day together."""

    person_id: str
    meter: str
    at: datetime
    quantity: Fraction


class CountedEvent(NamedTuple):
    """A stored event that counts for a person, whose account may be another that is joined to them."""

    person_id: str
    account_id: str
    meter: str
    source: str
    id: str
    at: datetime
    quantity: Fraction


def usage_between(
    session: TenantSession, start: date, end: date, meters: Collection[str], *, by_instant: bool
) -> list[Used]:
    """Return what was used on the local dates ``[start, end)``, each person's day added up.

    ``by_instant`` keeps the instants of a day apart, for prices that do. Over the dates a meter of ``max``
    counts each person's highest quantity alone, when it was first reached; one of ``unique`` each value once,
    when it was first seen. What an account used while it was joined counts for the person.
    """
    if not meters:
        return []
    counted = _counted(session, start, end, meters)
    columns = counted.c
    by = [columns.person_id, columns.meter, *([columns.at] if by_instant else [columns.day])]
    # Two sums, because one of whole millionths could leave the 64 bits of SQLite.
    whole = func.sum(columns.quantity_millionths // MILLION)
    rest = func.sum(columns.quantity_millionths % MILLION)
    statement = select(columns.person_id, columns.meter, func.min(columns.at), whole, rest).group_by(*by)
    rows: Any = session.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE})
    return [
        Used(person_id, meter, at, int(wholes) + Fraction(int(rests), MILLION))
        for person_id, meter, at, wholes, rests in rows
    ]


def counted_events(
    session: TenantSession,
    start: date,
    end: date,
    meters: Collection[str],
    *,
    recorded_until: datetime,
    person_id: str | None = None,
) -> Iterator[CountedEvent]:
    """Yield the events that ``usage_between`` adds up of those recorded by an instant, in order of time.

    ``person_id`` leaves out what counts for others.
    """
    more = (Usage.source, Usage.id, Usage.person_id.label("account_id"))
    counted = _counted(session, start, end, meters, *more, recorded_until=recorded_until)
    columns = counted.c
    statement = select(
        columns.person_id, columns.account_id, columns.meter, columns.source, columns.id, columns.at,
        columns.quantity_millionths,
    ).order_by(columns.at, columns.source, columns.id)  # fmt: skip
    if person_id is not None:
        statement = statement.where(columns.person_id == person_id)
    rows: Any = session.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE})
    for person, account, meter, source, id_, at, millionths in rows:
        yield CountedEvent(person, account, meter, source, id_, at, Fraction(millionths, MILLION))


def latest_sign_ins(
    session: TenantSession, start: date, end: date, held: ColumnElement[bool]
) -> Iterator[tuple[str, datetime]]:
    """Yield a sign-in of each local date of ``[start, end)`` of the people with a seat that is ``held``."""
    person = func.coalesce(Join.person_id, SignIn.person_id)
    holders = select(Seat.person_id).where(held, Seat.tenant_id == session.tenant_id)
    within = and_(SignIn.day >= start, SignIn.day < end, person.in_(holders))
    found = select(person, func.max(SignIn.at)).select_from(SignIn).outerjoin(Join, _joined(SignIn))
    statement = found.where(within).group_by(person, SignIn.day)
    rows: Any = session.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE})
    yield from ((person_id, at) for person_id, at in rows)


def _counted(
    session: TenantSession,
    start: date,
    end: date,
    meters: Collection[str],
    *more: ColumnElement[Any] | InstrumentedAttribute[Any],
    recorded_until: datetime | None = None,
) -> Subquery:
    """Return the events that count, each with the person it counts for, and with ``more`` columns of it."""
    person = func.coalesce(Join.person_id, Usage.person_id).label("person_id")
    own = (person, Usage.meter)
    highest = func.row_number().over(
        partition_by=own, order_by=(Usage.quantity_millionths.desc(), Usage.at, Usage.source, Usage.id)
    )
    first = func.row_number().over(
        partition_by=(*own, Usage.value_digest), order_by=(Usage.at, Usage.source, Usage.id)
    )
    named = and_(Meter.tenant_id == Usage.tenant_id, Meter.key == Usage.meter)
    events: Select[Any] = (
        select(
            person, Usage.meter, Usage.at, Usage.day, Usage.quantity_millionths, Meter.aggregation,
            highest.label("highest"), first.label("first"), *more,
        )
        .select_from(Usage)
        .join(Meter, named)
        .outerjoin(Join, _joined(Usage))
        .where(
            Usage.tenant_id == session.tenant_id, Usage.day >= start, Usage.day < end, Usage.meter.in_(meters)
        )
    )  # fmt: skip
    if recorded_until is not None:
        events = events.where(Usage.recorded_at <= recorded_until)
    found = events.subquery()
    columns = found.c
    counts = or_(
        columns.aggregation == "sum",
        and_(columns.aggregation == "max", columns.highest == 1),
        and_(columns.aggregation == "unique", columns.first == 1),
    )
    return select(found).where(counts).subquery()


def _joined(row: type[Usage] | type[SignIn]) -> ColumnElement[bool]:
    """Select the join that held for the account at the instant."""
    return and_(
        Join.tenant_id == row.tenant_id,
        Join.account_id == row.person_id,
        Join.start <= row.at,
        or_(Join.end.is_(None), Join.end > row.at),
    )
