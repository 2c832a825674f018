"""Who held which plan, read from the seats as last computed."""

from datetime import datetime

from sqlalchemy import func, or_, select

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
