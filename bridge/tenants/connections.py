"""A tenant's connections: looked up, listed, switched from observation to live at a date."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, InvalidValue, NotFound
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.tables import Connection


def lock_connection(session: TenantSession, connection_id: str) -> None:
    """Wait until nobody else changes many people or groups of the connection; hold it until the commit.

    Whoever locks rows of several groups, or of people in an order of their own, takes this lock before any of
    them, so that nobody waits in a circle. SQLite has one writer at a time and needs it not.
    """
    if session.is_postgresql:
        own = select(Connection.id).where(Connection.id == connection_id)
        session.execute(own.with_for_update(key_share=True))


def set_live(
    session: TenantSession, connection_id: str, *, live_from: datetime | None, cause: Cause, now: datetime
) -> str | None:
    """Bill the connection's people from ``live_from`` (default: now) on; return the journal entry.

    None is returned when it was so already; the caller otherwise marks everybody of the connection as due.
    Raises ``NotFound``; ``InvalidValue`` for an instant before the connection was made; ``Conflict`` when it
    is live from another instant, because what was billed since then stays billed.
    """
    row = select(Connection).where(Connection.id == connection_id).with_for_update()
    connection = session.scalar(row.execution_options(populate_existing=True))
    if connection is None:
        raise NotFound(f"there is no connection {connection_id} in this tenant")
    if connection.live_from is not None:
        if live_from in (None, connection.live_from):
            return None
        raise Conflict(f"connection {connection_id} is live from {connection.live_from.isoformat()} already")
    start = live_from or now
    if start < connection.created_at:
        made = connection.created_at.isoformat()
        raise InvalidValue(
            f"connection {connection_id} was made at {made}, nothing is known before: name a later instant",
            pointer="/live_from",
        )
    connection.live_from = start
    session.flush()
    subject, details = Subject("connection", connection_id), {"live_from": start.isoformat()}
    return record(session, "tenants:connection:live", subject, cause=cause, at=now, details=details)


def find_connection(session: TenantSession, connection_id: str) -> Connection:
    """Return the connection. Raises ``NotFound``."""
    connection = session.scalar(select(Connection).where(Connection.id == connection_id))
    if connection is None:
        raise NotFound(f"there is no connection {connection_id} in this tenant")
    return connection


def list_connections(session: TenantSession) -> Sequence[Connection]:
    """Return the tenant's connections, oldest first."""
    return session.scalars(select(Connection).order_by(Connection.created_at, Connection.id)).all()
