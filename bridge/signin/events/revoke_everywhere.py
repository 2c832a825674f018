"""Universal Logout: an identity provider asks for all that somebody has open here to end.

The request is that of draft-parecki-oauth-global-token-revocation-06, in the form that Okta sends it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from bridge.access.sessions import end_sessions_of_people
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import BridgeError, Conflict, Forbidden, NotFound, Untrusted
from bridge.journal.record import Cause
from bridge.signin.events.find_subject import find_subject
from bridge.signin.events.identity_events import (
    APPLIED,
    END_SESSIONS,
    REFUSED,
    UNCHANGED,
    UNKNOWN_PERSON,
)
from bridge.signin.events.subjects import EventSubject
from bridge.signin.events.tables import ReceivedEvent
from bridge.tenants.connections import lock_connection

TYPE = "global-token-revocation+jwt"
SOURCE = "universal_logout"
BECAUSE = "universal_logout"


def revoke_everywhere(
    session: TenantSession,
    subject: EventSubject,
    *,
    connection_id: str,
    issuer: str,
    token_id: str,
    request_id: str,
    now: datetime,
) -> BridgeError | None:
    """End all sessions of whom the subject means, at once; return why none is ended, if it means nobody.

    That is ``Forbidden`` for a subject of another issuer, ``NotFound`` for nobody, ``Conflict`` for an
    address that several people have. It is returned, not raised: asking in vain uses the token up as well.
    Raises ``Untrusted`` for a token that was used before.
    """
    _use_once(session, connection_id, token_id)
    found = find_subject(session, subject, connection_id=connection_id, issuer=issuer)
    refusal = _refusal(subject, found, issuer)
    ended = 0
    if refusal is None:
        cause = Cause("connection", connection_id, request_id)
        ended = end_sessions_of_people(session, found, because=BECAUSE, cause=cause, now=now)
    outcome = UNKNOWN_PERSON if isinstance(refusal, NotFound) else REFUSED
    row = {
        "tenant_id": session.tenant_id,
        "connection_id": connection_id,
        "source": SOURCE,
        "id": token_id,
        "our_id": new_id(now),
        "type": TYPE,
        "effect": END_SESSIONS,
        "at": now,
        "received_at": now,
        "request_id": request_id,
        "outcome": outcome if refusal else APPLIED if ended else UNCHANGED,
        "settled_at": now,
        "person_id": None if refusal else found[0],
    }
    session.add_rows(ReceivedEvent, [row])
    return refusal


def _refusal(subject: EventSubject, found: Sequence[str], issuer: str) -> BridgeError | None:
    if subject.issuer not in (None, issuer):
        return Forbidden("the subject is another issuer's: only its own people may be signed out")
    if not found:
        return NotFound("the connection knows nobody by this subject")
    if len(found) > 1:
        return Conflict("several people have this address: name the subject by iss_sub")
    return None


def _use_once(session: TenantSession, connection_id: str, token_id: str) -> None:
    """Refuse a token that was used; requests of one connection wait for each other here."""
    lock_connection(session, connection_id)
    known = select(ReceivedEvent.id).where(
        ReceivedEvent.connection_id == connection_id,
        ReceivedEvent.source == SOURCE,
        ReceivedEvent.id == token_id,
    )
    if session.scalar(known) is not None:
        raise Untrusted("replayed_token", "the token was used before")
