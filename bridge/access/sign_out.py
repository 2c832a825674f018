"""Signing out: a person's own end of the session that their browser shows."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.access.sessions import end_session, find_session, provider_tokens
from bridge.database.sessions import Database
from bridge.errors import Forbidden, Unauthenticated
from bridge.journal.record import Cause
from bridge.tenants.secrets import Seal

SIGNED_OUT = "signed out"


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Whose session has ended; ``id_token`` is what its provider issued, as a hint for it to end its own."""

    tenant_id: str
    connection_id: str
    session_id: str
    id_token: str | None


def page_token(seal: Seal, cookie: str) -> str:
    """Return what a page has to send back, so that no other site's form can sign the browser out.

    Only who reads our pages or the cookie knows it: a digest of the cookie, under a key of the operator's.
    """
    return seal.digest(_digested(cookie))


def check_page_token(seal: Seal, cookie: str, given: str) -> None:
    """Raise ``Forbidden`` unless this was on a page of ours, for this session, under any present key."""
    known = seal.digests(_digested(cookie))
    if not any(hmac.compare_digest(each.encode(), given.encode()) for each in known):
        raise Forbidden("this was not sent from our page: open it again and sign out there")


def sign_out(
    database: Database, seal: Seal, cookie: str, *, idle: timedelta, request_id: str, now: datetime
) -> SignedOut | None:
    """End the session of a cookie; None where none is open any more."""
    try:
        found = find_session(database, seal, cookie, idle=idle, now=now)
    except Unauthenticated:
        return None
    cause = Cause("person", found.person_id, request_id)
    with database.write(found.tenant_id) as session:
        tokens = provider_tokens(session, found.session_id, seal=seal)
        end_session(session, found.session_id, because=SIGNED_OUT, cause=cause, now=now)
    return SignedOut(found.tenant_id, found.connection_id, found.session_id, tokens.id_token)


def _digested(cookie: str) -> str:
    return f"sign out:{cookie}"
