"""Deletion of sessions and visits: of old ones each night, of those whose people are being erased."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, or_

from bridge.access.tables import Session, Visit
from bridge.database.one_of import one_of
from bridge.database.sessions import Database, TenantSession


def forget_sessions(database: Database, tenant_id: str, *, days: int, now: datetime) -> None:
    """Delete sessions and visits that ended, or would have, that long ago; the journal has told of them."""
    past = now - timedelta(days=days)
    with database.write(tenant_id) as session:
        for row in (Session, Visit):
            gone = delete(row).where(or_(row.expires_at <= past, row.ended_at <= past))
            session.execute(gone, execution_options={"synchronize_session": False})


def forget_sessions_of(session: TenantSession, person_ids: Collection[str]) -> None:
    """Delete all that is kept of sessions of people who are being erased: their subjects name them."""
    session.execute(
        delete(Session).where(one_of(Session.person_id, person_ids)),
        execution_options={"synchronize_session": False},
    )
