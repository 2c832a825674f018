"""Who held which plan, read from the seats as last computed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, func, or_, select

from bridge.database.sessions import TenantSession
from bridge.mapping.rules import NO_PLAN
from bridge.seats.tables import Seat


def seats_at(session: TenantSession, instant: datetime) -> dict[str, int]:
    """Return the number of seats of each plan at the instant."""
    counted = (
        select(Seat.plan, func.count())
        .where(Seat.plan != NO_PLAN, Seat.start <= instant, or_(Seat.end.is_(None), Seat.end > instant))
        .group_by(Seat.plan)
        .order_by(Seat.plan)
    )
    return dict(session.execute(counted).all())


def seats_between(
    session: TenantSession, start: datetime, end: datetime
) -> Sequence[Row[str, str, datetime, datetime | None, str | None, str | None, str, str | None]]:
    """Return the seats held at some instant of ``[start, end)``, by person and start, not cut to it.

    Each is (person_id, plan, start, end, department, cost_centre, started_by, ended_by).
    """
    columns = (
        Seat.person_id,
        Seat.plan,
        Seat.start,
        Seat.end,
        Seat.department,
        Seat.cost_centre,
        Seat.started_by,
        Seat.ended_by,
    )
    chosen = (
        select(*columns)
        .where(Seat.plan != NO_PLAN, Seat.start < end, or_(Seat.end.is_(None), Seat.end > start))
        .order_by(Seat.person_id, Seat.start)
    )
    return session.execute(chosen).all()
