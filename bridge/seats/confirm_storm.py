"""Confirming of a storm: what it held ends when its facts say, as if it had never been held."""

from datetime import datetime

from sqlalchemy import select

from bridge.alerts.ring import close_alert
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.journal.record import Cause, Subject, record
from bridge.seats.find_storm import storm_to_decide
from bridge.seats.tables import StormPerson


def confirm_storm(session: TenantSession, storm_id: str, *, cause: Cause, now: datetime) -> bool:
    """Let the seats of a storm end at their original instants; return False where they do already.

    What was billed meanwhile is adjusted on the next invoice. Raises ``NotFound``; ``Conflict`` when it was
    undone.
    """
    storm = storm_to_decide(session, storm_id, as_="confirmed")
    if storm is None:
        return False
    people = session.scalars(
        select(StormPerson.person_id).where(StormPerson.storm_id == storm_id).distinct()
    ).all()
    subject, details = Subject("storm", storm_id), {"people": len(people)}
    cause_id = record(session, "seat:storm:confirm", subject, cause=cause, at=now, details=details)
    storm.status, storm.decided_at, storm.decided_by = "confirmed", max(now, storm.last_at), cause_id
    session.flush()
    close_alert(session, "fuse_blown", storm_id, now=now)
    mark_due(session, [Subject("person", id_) for id_ in people], cause_id=cause_id, now=now)
    return True
