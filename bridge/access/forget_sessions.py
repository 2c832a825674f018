"""Deletion of sessions: of old ones each night, of those whose people are being erased."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, or_

from bridge.access.tables import Session
from bridge.database.one_of import one_of
from bridge.database.sessions import Database, TenantSession


def forget_sessions(database: Database, tenant_id: str, *, days: int, now: datetime) -> None:
    """Delete the tenant's sessions that ended, or would have, that long ago; the journal has told of them."""
    past = now - timedelta(days=days)
    gone = delete(Session).where(or_(Session.expires_at <= past, Session.ended_at <= past))
    with database.write(tenant_id) as session:
        session.execute(gone, execution_options={"synchronize_session": False})


def forget_sessions_of(session: TenantSession, person_ids: Collection[str]) -> None:
    """Delete all that is kept of sessions of people who are being erased: their subjects name them."""
    session.execute(
        delete(Session).where(one_of(Session.person_id, person_ids)),
        execution_options={"synchronize_session": False},
    )
