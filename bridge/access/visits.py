"""Visits to the pages by a link that opens once: for first administrators, and when no provider answers."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from bridge.access.authenticate import LAST_USED_STEP
from bridge.access.sessions import COOKIE, SECRET_BYTES
from bridge.access.tables import Visit
from bridge.database.ids import new_id
from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import Database, TenantSession
from bridge.errors import InvalidValue, Unauthenticated
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.secrets import Seal

#: Who a visitor may be, and as what they are known on the pages.
VISITORS = {
    "operator": "Operator",
    "administrator": "Administrator",
    "billing": "Billing",
    "auditor": "Auditor",
}

_VISITS = table_of(Visit).c
FIND = prepared(
    select(_VISITS.id, _VISITS.role, _VISITS.expires_at, _VISITS.last_used_at, _VISITS.ended_at).where(
        one_of(_VISITS.cookie_digest, texts("digests"))
    )
)
NOTE_USE = prepared(
    update(table_of(Visit)).where(_VISITS.id == bindparam("ident")).values(last_used_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link just made; its ``secret`` exists here and with whoever is given it, nowhere else."""

    id: str
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Visiting:
    """Who is here by a link: the visit, and as what."""

    tenant_id: str
    visit_id: str
    role: str


def make_link(
    session: TenantSession,
    role: str,
    *,
    opens_for: timedelta,
    seal: Seal,
    cause: Cause,
    now: datetime,
) -> NewLink:
    """Make a link that opens once, within ``opens_for``.

    Raises ``InvalidValue`` for a role that is none of ``VISITORS``.
    """
    if role not in VISITORS:
        raise InvalidValue(f"found role {role[:60]!r}, allowed are {', '.join(VISITORS)}", pointer="/role")
    secret, visit_id = secrets.token_urlsafe(SECRET_BYTES), new_id(now)
    row = {
        "tenant_id": session.tenant_id,
        "id": visit_id,
        "role": role,
        "link_digest": seal.digest(_of_link(secret)),
        "created_at": now,
        "expires_at": now + opens_for,
        "last_used_at": now,
    }
    session.add_rows(Visit, [row])
    record(session, "access:visit:invite", _subject(visit_id), cause=cause, at=now, details={"role": role})
    return NewLink(visit_id, f"{session.tenant_id}.{secret}", now + opens_for)


def tenant_of(secret: str) -> str:
    """Return the tenant that a link's secret names. Raises ``Unauthenticated`` for what is none."""
    parts = COOKIE.fullmatch(secret)
    if parts is None:
        raise _no_link()
    return parts[1]


def enter(
    session: TenantSession, secret: str, *, lasts: timedelta, seal: Seal, request_id: str, now: datetime
) -> str:
    """Begin the visit that a link opens, only this once and for ``lasts`` at most; return its cookie.

    Raises ``Unauthenticated``.
    """
    parts = COOKIE.fullmatch(secret)
    if parts is None:
        raise _no_link()
    cookie = secrets.token_urlsafe(SECRET_BYTES)
    visit_id = session.scalar(
        update(Visit)
        .where(
            one_of(Visit.link_digest, seal.digests(_of_link(parts[2]))),
            Visit.entered_at.is_(None),
            Visit.ended_at.is_(None),
            Visit.expires_at > now,
        )
        .values(
            entered_at=now,
            expires_at=now + lasts,
            last_used_at=now,
            cookie_digest=seal.digest(_of_cookie(cookie)),
        )
        .returning(Visit.id)
    )
    if visit_id is None:
        raise _no_link()
    record(
        session, "access:visit:enter", _subject(visit_id), cause=Cause("visit", visit_id, request_id), at=now
    )
    return f"{session.tenant_id}.{cookie}"


def find_visit(
    database: Database, seal: Seal, cookie: str | None, *, idle: timedelta, now: datetime
) -> Visiting:
    """Return who is here by a cookie, and note that it was used.

    Raises ``Unauthenticated`` when there is none, when it has ended, expired or rested longer than ``idle``.
    """
    parts = COOKIE.fullmatch(cookie or "")
    if parts is None:
        raise Unauthenticated("nobody is signed in here: sign in first")
    tenant_id, secret = parts.groups()
    with database.read(tenant_id) as session:
        row = session.begin_by(FIND, digests=list(seal.digests(_of_cookie(secret)))).one_or_none()
    if row is None or row.ended_at is not None or now >= min(row.expires_at, row.last_used_at + idle):
        raise Unauthenticated("this visit is over: sign in again, or have another link made")
    if row.last_used_at + LAST_USED_STEP <= now:
        with database.write(tenant_id) as session:
            session.hold(NOTE_USE, ident=row.id, at=now)
    return Visiting(tenant_id, row.id, row.role)


def end_visit(session: TenantSession, visit_id: str, *, cause: Cause, now: datetime) -> bool:
    """End a visit, or close a link that nobody has used; return whether it was open."""
    ended = session.scalar(
        update(Visit)
        .where(Visit.id == visit_id, Visit.ended_at.is_(None))
        .values(ended_at=now)
        .returning(Visit.id)
    )
    if ended is not None:
        record(session, "access:visit:end", _subject(visit_id), cause=cause, at=now)
    return ended is not None


def _no_link() -> Unauthenticated:
    return Unauthenticated("this link is unknown, was used before, or has expired: have another one made")


def _subject(visit_id: str) -> Subject:
    return Subject("visit", visit_id)


def _of_link(secret: str) -> str:
    return f"visit by link:{secret}"


def _of_cookie(secret: str) -> str:
    return f"visit:{secret}"
