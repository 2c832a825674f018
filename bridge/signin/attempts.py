"""Sign-ins on their way: what is kept while somebody is at the provider, and taken when they return, once."""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import orjson
from sqlalchemy import CursorResult, delete, select

from bridge.database.sessions import TenantSession
from bridge.errors import Untrusted
from bridge.signin.tables import SignInAttempt
from bridge.tenants.secrets import Seal

#: 256 random bits; also what RFC 7636 section 4.1 asks of a verifier.
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Attempt:
    """What goes to the provider (``state``, ``nonce``, and the digest of ``verifier``) and to the browser."""

    state: str = field(repr=False)
    browser: str = field(repr=False)
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """An attempt of which somebody has returned."""

    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    return_to: str
    created_at: datetime


def make_attempt(
    session: TenantSession,
    connection_id: str,
    *,
    return_to: str,
    lifetime: timedelta,
    seal: Seal,
    now: datetime,
) -> Attempt:
    """Note that somebody is sent to the provider; forget those who did not return in time."""
    session.execute(
        delete(SignInAttempt).where(SignInAttempt.expires_at <= now),
        execution_options={"synchronize_session": False},
    )
    made = Attempt(*(secrets.token_urlsafe(SECRET_BYTES) for _ in range(4)))
    row = {
        "tenant_id": session.tenant_id,
        "digest": seal.digest(_digested("state", made.state)),
        "connection_id": connection_id,
        "browser_digest": seal.digest(_digested("browser", made.browser)),
        "sealed": seal.seal(orjson.dumps([made.verifier, made.nonce])),
        "return_to": return_to,
        "created_at": now,
        "expires_at": now + lifetime,
    }
    session.add_rows(SignInAttempt, [row])
    return made


def take_attempt(
    session: TenantSession,
    connection_id: str,
    *,
    state: str | None,
    browser: str | None,
    seal: Seal,
    now: datetime,
) -> Taken:
    """Take the attempt of a state away and return it; nobody takes it a second time.

    Raises ``Untrusted`` for a state that is unknown, used, of another connection or another browser, or too
    old. The row is gone in each of these cases, once the caller has committed.
    """
    digests = seal.digests(_digested("state", state or ""))
    row = session.scalar(select(SignInAttempt).where(SignInAttempt.digest.in_(digests)))
    gone = delete(SignInAttempt).where(SignInAttempt.digest.in_(digests))
    unsynchronized = {"synchronize_session": False}
    # Of two who come with one state at once, one deletes the row.
    deleted = cast("CursorResult[Any]", session.execute(gone, execution_options=unsynchronized)).rowcount
    if row is None or deleted != 1 or row.connection_id != connection_id:
        raise Untrusted("unknown_state", "this sign-in was not begun here, or is over: begin anew")
    known = seal.digests(_digested("browser", browser or ""))
    if not any(hmac.compare_digest(row.browser_digest, each) for each in known):
        raise Untrusted("other_browser", "this sign-in was begun in another browser: begin anew in this one")
    if row.expires_at <= now:
        raise Untrusted("expired_state", "this sign-in took too long: begin anew")
    verifier, nonce = orjson.loads(seal.open(row.sealed))
    return Taken(verifier, nonce, row.return_to, row.created_at)


def _digested(purpose: str, secret: str) -> str:
    return f"sign-in {purpose}:{secret}"
