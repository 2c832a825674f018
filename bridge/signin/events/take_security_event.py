"""Taking in of a security event, which the workers apply like any other event of the connection."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.errors import InvalidValue
from bridge.signin.events.find_subject import find_subject
from bridge.signin.events.identity_events import END_SESSIONS, IdentityEvent
from bridge.signin.events.security_events import SecurityEvent
from bridge.signin.events.subjects import EventSubject
from bridge.signin.events.tables import ReceivedEvent
from bridge.signin.events.take_events import take_events
from bridge.tenants.connections import lock_connection

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
    lock_connection(session, connection_id)
    if _is_repeated(session, event, connection_id):
        return
    meant = _meant(session, event, connection_id=connection_id, issuer=issuer)
    # Of the second that a provider names, what was said in it before the event came counts as earlier.
    at = max(event.at, min(event.until, now))
    session_id = meant.session_id if meant else None
    take_events(
        session,
        [IdentityEvent(event.id, event.type, at, event.effect, session_id=session_id)],
        connection_id=connection_id,
        source=SOURCE,
        request_id=request_id,
        days=days,
        now=now,
        person_ids={event.id: meant.person_id} if meant else {},
    )


@dataclass(frozen=True, slots=True)
class _Meant:
    """Whom an event means, None for nobody known, and which session of theirs, None for each."""

    person_id: str | None
    session_id: str | None


def _meant(session: TenantSession, event: SecurityEvent, *, connection_id: str, issuer: str) -> _Meant | None:
    subject = event.subject
    if subject is None:
        return None
    found = find_subject(session, subject, connection_id=connection_id, issuer=issuer)
    if not found and event.effect == END_SESSIONS and subject.id is not None and subject.issuer is None:
        # CAEP 1.0 section 3.1 names a session in the way in which a person is named.
        subject = EventSubject(session_id=subject.id)
        found = find_subject(session, subject, connection_id=connection_id, issuer=issuer)
    return _Meant(found[0] if len(found) == 1 else None, subject.session_id)


def _is_repeated(session: TenantSession, event: SecurityEvent, connection_id: str) -> bool:
    """Tell whether the event is known: a sender that heard no answer sends the same token again."""
    row = ReceivedEvent
    known = session.execute(
        select(row.type, row.at).where(
            row.connection_id == connection_id, row.source == SOURCE, row.id == event.id
        )
    ).one_or_none()
    if known is None:
        return False
    if known.type != event.type or not event.at <= known.at <= event.until:
        raise InvalidValue("another event came under this jti before", pointer="/jti")
    return True
