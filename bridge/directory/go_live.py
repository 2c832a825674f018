"""Switching a connection from observation to live, with the consequences for everybody it knows."""

from datetime import datetime

from sqlalchemy import select

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.tables import Person
from bridge.journal.record import Cause, Subject
from bridge.tenants.connections import set_live
from bridge.tenants.tables import DueTenant


def go_live(
    session: TenantSession, connection_id: str, *, live_from: datetime | None, cause: Cause, now: datetime
) -> None:
    """Bill the connection's people from ``live_from`` (default: now) on; their seats are computed anew.

    Asking again without an instant leaves a live connection as it is. Raises what ``set_live`` raises.
    """
    cause_id = set_live(session, connection_id, live_from=live_from, cause=cause, now=now)
    if cause_id is None:
        return
    people = session.scalars(select(Person.id).where(Person.connection_id == connection_id))
    mark_due(session, [Subject("person", person_id) for person_id in people], cause_id=cause_id, now=now)
    if live_from is not None and live_from > now:
        wake = {"id": new_id(now), "tenant_id": session.tenant_id, "cause": "boundary", "wake_at": live_from}
        session.add_rows(DueTenant, [wake])
