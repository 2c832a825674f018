"""Taking in of a security event, which the workers apply like any other event of the connection."""

from datetime import datetime

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.errors import InvalidValue
from bridge.signin.events.find_subject import find_subject
from bridge.signin.events.identity_events import IdentityEvent
from bridge.signin.events.security_events import SecurityEvent
from bridge.signin.events.tables import ReceivedEvent
from bridge.signin.events.take_events import take_events
from bridge.tenants.tables import Connection

SOURCE = "set"


def take_security_event(
    session: TenantSession,
    event: SecurityEvent,
    *,
    connection_id: str,
    issuer: str,
    request_id: str,
    days: int,
    now: datetime,
) -> None:
    """Write down a security event, once however often it is sent; one about nobody known changes nothing.

    An address that several people have means nobody. Raises ``InvalidValue`` for another event under an id
    that was used before.
    """
    session.execute(
        select(Connection.id).where(Connection.id == connection_id).with_for_update(key_share=True)
    )
    if _is_repeated(session, event, connection_id):
        return
    found = (
        find_subject(session, event.subject, connection_id=connection_id, issuer=issuer)
        if event.subject
        else ()
    )
    take_events(
        session,
        [IdentityEvent(event.id, event.type, event.at, event.effect)],
        connection_id=connection_id,
        source=SOURCE,
        request_id=request_id,
        days=days,
        now=now,
        person_ids={event.id: found[0] if len(found) == 1 else None} if event.subject else {},
    )


def _is_repeated(session: TenantSession, event: SecurityEvent, connection_id: str) -> bool:
    """Tell whether the event is known: a sender that heard no answer sends the same token again."""
    row = ReceivedEvent
    known = session.execute(
        select(row.type, row.at).where(
            row.connection_id == connection_id, row.source == SOURCE, row.id == event.id
        )
    ).one_or_none()
    if known is not None and tuple(known) != (event.type, event.at):
        raise InvalidValue("another event came under this jti before", pointer="/jti")
    return known is not None
