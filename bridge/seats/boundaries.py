"""Noting whose seats began or ended because a known future instant has come."""

from datetime import datetime

from sqlalchemy import and_, or_, select

from bridge.database.sessions import Database
from bridge.directory.changes import mark_due
from bridge.journal.record import Subject
from bridge.seats.tables import Seat


def mark_passed(database: Database, tenant_id: str, *, now: datetime) -> int:
    """Mark the people due whose spans were written before an end of theirs that has since come to pass.

    Their seats are right already; computing them again is what announces the change. Returns their number.
    """
    passed = or_(
        and_(Seat.start > Seat.computed_at, Seat.start <= now),
        and_(Seat.end > Seat.computed_at, Seat.end <= now),
    )
    with database.read(tenant_id) as session:
        people = session.scalars(select(Seat.person_id).where(passed).distinct()).all()
    if people:
        with database.write(tenant_id) as session:
            # No request caused it: time did. The spans name the facts that set the instant.
            mark_due(session, [Subject("person", id_) for id_ in people], cause_id="", now=now)
    return len(people)
