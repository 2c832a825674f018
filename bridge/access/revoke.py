"""The end of whatever a person signs in with, in the transaction that makes them inactive."""

from datetime import datetime

from sqlalchemy import bindparam, update

from bridge.access.tables import Session
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.tenants.tables import Credential

_SESSIONS, _CREDENTIALS = table_of(Session).c, table_of(Credential).c
END_SESSIONS = prepared(
    update(table_of(Session))
    .where(_SESSIONS.person_id == bindparam("ident"), _SESSIONS.ended_at.is_(None))
    .values(
        ended_at=bindparam("at"),
        ended_because=bindparam("because"),
        ended_by=bindparam("cause_id"),
        id_token=None,
        refresh_token=None,
    )
)
REVOKE_KEYS = prepared(
    update(table_of(Credential))
    .where(_CREDENTIALS.person_id == bindparam("ident"), _CREDENTIALS.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
)


def revoke(session: TenantSession, person_id: str, *, because: str, cause_id: str, at: datetime) -> None:
    """End a person's sessions and personal API keys with what else the transaction writes.

    The caller holds the person's row and writes that they are not active; whoever opens a session holds it
    as well, so none is missed. ``cause_id`` is the journal entry that tells of it: the ends have none of
    their own, since nobody waits to be told which there were.
    """
    session.hold(END_SESSIONS, ident=person_id, because=because, cause_id=cause_id, at=at)
    session.hold(REVOKE_KEYS, ident=person_id, at=at)
