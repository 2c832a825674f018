"""Sessions of people who signed in: opened, found by their cookie, ended."""

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, update

from bridge.access.active_people import hold_active, no_person
from bridge.access.authenticate import LAST_USED_STEP
from bridge.access.tables import Session
from bridge.database.ids import new_id
from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import Database, TenantSession
from bridge.directory.tables import Person
from bridge.errors import InvalidValue, NotFound, Unauthenticated
from bridge.journal.record import Cause, Entry, Subject, record, record_all
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import DueTenant

SECRET_BYTES = 32

#: A tenant's id, then as many characters as that many random bytes have. Nothing else is looked up.
COOKIE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})", re.ASCII)

REPLACED = "replaced"

_SESSIONS, _PEOPLE = table_of(Session).c, table_of(Person).c
#: Whoever was deactivated is refused even where a write has forgotten to end their sessions.
FIND = prepared(
    select(
        _SESSIONS.id,
        _SESSIONS.person_id,
        _SESSIONS.connection_id,
        _SESSIONS.created_at,
        _SESSIONS.expires_at,
        _SESSIONS.last_used_at,
        _SESSIONS.ended_at,
        _PEOPLE.active,
        _PEOPLE.deleted_at,
    ).where(_PEOPLE.id == _SESSIONS.person_id, one_of(_SESSIONS.digest, texts("digests")))
)
NOTE_USE = prepared(
    update(table_of(Session)).where(_SESSIONS.id == bindparam("ident")).values(last_used_at=bindparam("at"))
)
END = prepared(
    update(table_of(Session))
    .where(_SESSIONS.id == bindparam("ident"), _SESSIONS.ended_at.is_(None))
    .values(
        ended_at=bindparam("at"),
        ended_because=bindparam("because"),
        ended_by=bindparam("cause_id"),
        id_token=None,
        refresh_token=None,
    )
)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened; the cookie's value exists here and with the browser, nowhere else."""

    id: str
    cookie: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, by which session. ``person_id`` is the account that signed in."""

    tenant_id: str
    session_id: str
    person_id: str
    connection_id: str
    opened_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Renewal:
    """When a session is first asked for again at its provider, and what the answer is compared with.

    The latter are claims of the ID token that opened it (OpenID Connect Core 1.0 section 12.2): ``nonce``,
    ``auth_time``, and ``azp`` as ``party``.
    """

    at: datetime
    nonce: str | None = field(default=None, repr=False)
    auth_time: datetime | None = None
    party: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderTokens:
    """What the identity provider issued for a session, if it is kept."""

    id_token: str | None
    refresh_token: str | None


def open_session(
    session: TenantSession,
    *,
    person_id: str,
    connection_id: str,
    issuer: str,
    subject: str,
    sid: str | None,
    id_token: str | None,
    refresh_token: str | None,
    seal: Seal,
    lifetime: timedelta,
    most: int,
    renewal: Renewal | None = None,
    cause: Cause,
    now: datetime,
) -> NewSession:
    """Open a session for a person whom a provider has vouched for; the oldest in use make room past ``most``.

    The person's row is held until the commit, so that a deactivation at the same time ends this session too.
    Without a ``renewal`` the provider is not asked again. Raises ``NotFound`` for a person the tenant does
    not know, ``Conflict`` for one who is not active.
    """
    hold_active(session, person_id)
    _make_room(session, person_id, most=most, cause=cause, now=now)
    secret, session_id = secrets.token_urlsafe(SECRET_BYTES), new_id(now)
    row = {
        "tenant_id": session.tenant_id,
        "id": session_id,
        "digest": seal.digest(_digested(secret)),
        "person_id": person_id,
        "connection_id": connection_id,
        "provider_issuer": issuer,
        "provider_subject": subject,
        "provider_session": sid,
        "id_token": _sealed(seal, id_token),
        "refresh_token": _sealed(seal, refresh_token),
        "created_at": now,
        "expires_at": now + lifetime,
        "last_used_at": now,
        **_renewed(renewal),
    }
    session.add_rows(Session, [row])
    if renewal is not None:
        wake_refresh(session, at=renewal.at, now=now)
    details = {"person": person_id, "connection": connection_id}
    record(session, "access:session:open", _subject(session_id), cause=cause, at=now, details=details)
    return NewSession(session_id, f"{session.tenant_id}.{secret}", now + lifetime)


def wake_refresh(session: TenantSession, *, at: datetime, now: datetime) -> None:
    """Have the workers look at ``at`` for sessions that are to be asked for again."""
    row = {"id": new_id(now), "tenant_id": session.tenant_id, "cause": "refresh", "wake_at": at}
    session.hold_rows(DueTenant, [row])


def find_session(
    database: Database, seal: Seal, cookie: str | None, *, idle: timedelta, now: datetime
) -> SignedIn:
    """Return who is signed in by a cookie, and note that it was used.

    Raises ``Unauthenticated`` when there is none, when it has ended, expired or rested for longer than
    ``idle``, and when the person is no longer active.
    """
    # The secret is 256 random bits and only its keyed digest is compared, in an index: how long that takes
    # tells nothing of the secret to who does not know the key.
    parts = COOKIE.fullmatch(cookie or "")
    if parts is None:
        raise Unauthenticated("nobody is signed in here: sign in first")
    tenant_id, secret = parts.groups()
    with database.read(tenant_id) as session:
        row = session.begin_by(FIND, digests=list(seal.digests(_digested(secret)))).one_or_none()
    _check(row, idle=idle, now=now)
    if row.last_used_at + LAST_USED_STEP <= now:
        with database.write(tenant_id) as session:
            session.hold(NOTE_USE, ident=row.id, at=now)
    return SignedIn(tenant_id, row.id, row.person_id, row.connection_id, row.created_at, row.expires_at)


def names_tenant(cookie: str, tenant_id: str) -> bool:
    """Tell whether this has the form of a session's cookie in the tenant; it may open nothing."""
    return COOKIE.fullmatch(cookie) is not None and cookie.startswith(f"{tenant_id}.")


def is_open(row: Session, *, idle: timedelta, now: datetime) -> bool:
    """Tell whether a session still lets its active person in."""
    return row.ended_at is None and now < min(row.expires_at, row.last_used_at + idle)


def end_session(
    session: TenantSession, session_id: str, *, because: str, cause: Cause, now: datetime
) -> bool:
    """End a session at once; return whether it was open. Raises ``NotFound`` for an unknown one."""
    if session.scalar(select(Session.id).where(Session.id == session_id)) is None:
        raise _no_session(session_id)
    return _end(session, Session.id == session_id, because=because, cause=cause, now=now) > 0


def end_sessions_of_people(
    session: TenantSession, person_ids: Collection[str], *, because: str, cause: Cause, now: datetime
) -> int:
    """End all sessions of these people at once; return how many were open."""
    return _end(session, one_of(Session.person_id, person_ids), because=because, cause=cause, now=now)


def end_sessions_of_provider(
    session: TenantSession,
    connection_id: str,
    *,
    issuer: str,
    subject: str | None = None,
    sid: str | None = None,
    because: str,
    cause: Cause,
    now: datetime,
) -> int:
    """End the sessions that a connection's provider names; return how many were open.

    With ``subject`` and ``sid`` those that have both (OpenID Connect Back-Channel Logout 1.0 section 2.6).
    Raises ``InvalidValue`` when neither is named: that would be everybody.
    """
    if subject is None and sid is None:
        raise InvalidValue("name a subject, a session, or both: this would end the sessions of everybody")
    named: list[ColumnElement[bool]] = [
        Session.connection_id == connection_id, Session.provider_issuer == issuer
    ]  # fmt: skip
    named += [Session.provider_subject == subject] if subject is not None else []
    named += [Session.provider_session == sid] if sid is not None else []
    return _end(session, *named, because=because, cause=cause, now=now)


def sessions_of(session: TenantSession, person_id: str) -> Sequence[Session]:
    """Return a person's sessions, newest first, ended ones included. Raises ``NotFound``."""
    if session.scalar(select(Person.id).where(Person.id == person_id)) is None:
        raise no_person(person_id)
    rows = select(Session).where(Session.person_id == person_id)
    return session.scalars(rows.order_by(Session.created_at.desc(), Session.id.desc())).all()


def provider_tokens(session: TenantSession, session_id: str, *, seal: Seal) -> ProviderTokens:
    """Return what the provider issued for a session; of an ended one nothing is kept. Raises ``NotFound``."""
    tokens = select(Session.id_token, Session.refresh_token).where(Session.id == session_id)
    row = session.execute(tokens).one_or_none()
    if row is None:
        raise _no_session(session_id)
    return ProviderTokens(_opened(seal, row.id_token), _opened(seal, row.refresh_token))


def _renewed(renewal: Renewal | None) -> dict[str, Any]:
    return {
        "provider_nonce": renewal.nonce if renewal else None,
        "provider_auth_time": renewal.auth_time if renewal else None,
        "provider_party": renewal.party if renewal else None,
        "refresh_at": renewal.at if renewal else None,
        "refresh_unsure": False,
        "refresh_failures": 0,
    }


def _make_room(session: TenantSession, person_id: str, *, most: int, cause: Cause, now: datetime) -> None:
    used = select(Session.id).where(*_open(now), Session.person_id == person_id)
    newest_first = used.order_by(Session.last_used_at.desc(), Session.id.desc())
    past = session.scalars(newest_first.offset(most - 1)).all()
    if past:
        _end(session, one_of(Session.id, past), because=REPLACED, cause=cause, now=now)


def _check(row: Any, *, idle: timedelta, now: datetime) -> None:  # noqa: ANN401 (a row of the columns above)
    if row is None:
        raise Unauthenticated("this session is unknown: sign in again")
    if row.ended_at is not None:
        raise Unauthenticated("this session has ended: sign in again")
    if not row.active or row.deleted_at is not None:
        raise Unauthenticated("whose session this is may not sign in any more: ask your administrator")
    if row.expires_at <= now or row.last_used_at + idle <= now:
        raise Unauthenticated("this session has expired: sign in again")


def _end(
    session: TenantSession, *named: ColumnElement[bool], because: str, cause: Cause, now: datetime
) -> int:
    # In one order, so that two ends of the same sessions at once do not wait for each other in a circle.
    rows = select(Session.id, Session.person_id).where(*_open(now), *named).order_by(Session.id)
    ended = session.execute(rows.with_for_update()).all()
    entries = [
        Entry("access:session:end", _subject(row.id), cause, now, _why(row.person_id, because))
        for row in ended
    ]
    for row, cause_id in zip(ended, record_all(session, entries), strict=True):
        session.hold(END, ident=row.id, at=now, because=because, cause_id=cause_id)
    return len(ended)


def _why(person_id: str, because: str) -> dict[str, str]:
    return {"person": person_id, "because": because}


def _open(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Session.ended_at.is_(None), Session.expires_at > now


def _digested(secret: str) -> str:
    """Return what is digested of a cookie's secret: no secret of another kind has the same digest."""
    return f"session:{secret}"


def _sealed(seal: Seal, token: str | None) -> bytes | None:
    return None if token is None else seal.seal(token.encode())


def _opened(seal: Seal, sealed: bytes | None) -> str | None:
    return None if sealed is None else seal.open(sealed).decode()


def _subject(session_id: str) -> Subject:
    return Subject("session", session_id)


def _no_session(session_id: str) -> NotFound:
    return NotFound(f"there is no session {session_id[:60]} in this tenant")
