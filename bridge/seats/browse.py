"""Looking through the seats held at an instant, page by page."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from bridge.database.sessions import TenantSession
from bridge.mapping.rules import NO_PLAN
from bridge.seats.tables import Seat


def seats_page(
    session: TenantSession, at: datetime, *, plan: str | None, after_person_id: str | None, limit: int
) -> Sequence[Seat]:
    """Return the seats held at the instant, at most one a person, in the order of their ids."""
    rows = select(Seat).where(Seat.start <= at, or_(Seat.end.is_(None), Seat.end > at))
    rows = rows.where(Seat.plan == plan if plan is not None else Seat.plan != NO_PLAN)
    if after_person_id is not None:
        rows = rows.where(Seat.person_id > after_person_id)
    return session.scalars(rows.order_by(Seat.person_id).limit(limit)).all()
