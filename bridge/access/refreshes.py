"""Which sessions are asked for again at their providers: taken by one who asks, kept or given back.

Who asks holds a lease, and writes only while it is theirs: what a worker brings that was away for longer than
that is dropped.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, func, or_, select, update

from bridge.access.sessions import end_session
from bridge.access.tables import Session
from bridge.database.ids import new_id
from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, LimitReached
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.secrets import Seal

_UNSYNCHRONIZED = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Held:
    """A session that is held while its provider is asked; ``failures`` in a row went before.

    ``unsure`` tells that the refresh token was shown before and no answer was kept.
    """

    session_id: str
    lease: str
    person_id: str
    connection_id: str
    issuer: str
    subject: str
    opened_at: datetime
    nonce: str | None = field(repr=False)
    auth_time: datetime | None
    party: str | None
    refresh_token: bytes = field(repr=False)
    unsure: bool
    failures: int


def hold_due(
    session: TenantSession, *, most: int, idle: timedelta, lease: timedelta, now: datetime
) -> list[Held]:
    """Hold sessions that are due, those that wait longest, which nobody else holds.

    Those that opened nothing any more are not asked for, nor are their tokens kept.
    """
    past = or_(Session.expires_at <= now, Session.last_used_at <= now - idle)
    due = (Session.ended_at.is_(None), Session.refresh_at <= now)
    session.execute(
        update(Session).where(*due, past).values(refresh_at=None, refresh_token=None, id_token=None),
        execution_options=_UNSYNCHRONIZED,
    )
    rows = select(Session).where(*due, _free(now)).order_by(Session.refresh_at, Session.id).limit(most)
    found = session.scalars(rows.with_for_update(skip_locked=True)).all()
    return _hold(session, found, lease=lease, now=now)


def hold_one(
    session: TenantSession, session_id: str, *, pause: timedelta, lease: timedelta, now: datetime
) -> Held:
    """Hold a session that is open, due or not.

    Raises ``Conflict`` for one that cannot be asked for, ``LimitReached`` for one that is held by another,
    was refreshed less than ``pause`` ago, or has failed and is put off.
    """
    chosen = select(Session).where(Session.id == session_id, Session.ended_at.is_(None))
    row = session.scalar(chosen.with_for_update())
    if row is None or row.refresh_at is None or row.refresh_token is None:
        raise Conflict("this session's provider issued nothing to ask again with: it holds until it ends")
    free_at = max(
        row.refresh_leased_until or now,
        row.refreshed_at + pause if row.refreshed_at else now,
        row.refresh_at if row.refresh_failures else now,
    )
    if free_at > now:
        raise LimitReached(
            "the provider is being asked, or was just now: come back later",
            retry_after_seconds=-((now - free_at) // timedelta(seconds=1)),
        )
    return _hold(session, [row], lease=lease, now=now)[0]


def keep_rotated(session: TenantSession, held: Held, refresh_token: str | None, *, seal: Seal) -> bool:
    """Keep the refresh token that takes the place of the one shown, None leaves that one.

    Returns whether the session is still held; if not, nothing is kept.
    """
    values: dict[str, Any] = {"refresh_unsure": False}
    if refresh_token is not None:
        values["refresh_token"] = seal.seal(refresh_token.encode())
    return _change(session, held, values)


def note_refreshed(
    session: TenantSession, held: Held, *, id_token: str | None, again_at: datetime, seal: Seal, now: datetime
) -> bool:
    """Write down that the provider still vouches for the person; return whether it was still held."""
    values = {**_given_back(again_at), "refresh_failures": 0, "refreshed_at": now}
    if id_token is not None:
        values["id_token"] = seal.seal(id_token.encode())
    return _change(session, held, values)


def put_off(session: TenantSession, helds: Collection[Held], *, unsure: bool, again_at: datetime) -> None:
    """Give back what came to nothing, to be tried again; ``unsure`` as in ``Held``, of all of these."""
    session.execute(
        update(Session)
        .where(*_ours(helds))
        .values(
            **_given_back(again_at), refresh_unsure=unsure, refresh_failures=Session.refresh_failures + 1
        ),
        execution_options=_UNSYNCHRONIZED,
    )


def end_refused(session: TenantSession, held: Held, *, because: str, cause: Cause, now: datetime) -> bool:
    """End a session for which the provider vouches no more; return whether it was still held, and open."""
    if not _change(session, held, {"refresh_lease": None}):
        return False
    return end_session(session, held.session_id, because=because, cause=cause, now=now)


def ask_no_more(session: TenantSession, held: Held, *, because: str, cause: Cause, now: datetime) -> bool:
    """Let a session that can be asked for no longer go on to its end; return whether it was still held."""
    if not _change(session, held, {**_given_back(None), "refresh_token": None}):
        return False
    details = {"person": held.person_id, "because": because}
    about = Subject("session", held.session_id)
    record(session, "access:session:unrefreshed", about, cause=cause, at=now, details=details)
    return True


def refreshed_at(session: TenantSession, session_id: str) -> datetime | None:
    """Return when the provider last vouched for a session after it was opened, None where it has not."""
    return session.scalar(select(Session.refreshed_at).where(Session.id == session_id))


def next_refresh(session: TenantSession) -> datetime | None:
    """Return when the next session is due, None where none will be."""
    return session.scalar(select(func.min(Session.refresh_at)).where(Session.ended_at.is_(None)))


def _hold(session: TenantSession, rows: Sequence[Session], *, lease: timedelta, now: datetime) -> list[Held]:
    if not rows:
        return []
    name, until = new_id(now), now + lease
    session.execute(
        update(Session)
        .where(one_of(Session.id, [row.id for row in rows]))
        .values(refresh_lease=name, refresh_leased_until=until, refresh_at=until, refresh_unsure=True),
        execution_options=_UNSYNCHRONIZED,
    )
    return [_held(row, name) for row in rows]


def _held(row: Session, lease: str) -> Held:
    return Held(
        session_id=row.id,
        lease=lease,
        person_id=row.person_id,
        connection_id=row.connection_id,
        issuer=row.provider_issuer,
        subject=row.provider_subject,
        opened_at=row.created_at,
        nonce=row.provider_nonce,
        auth_time=row.provider_auth_time,
        party=row.provider_party,
        refresh_token=row.refresh_token or b"",
        unsure=row.refresh_unsure,
        failures=row.refresh_failures,
    )


def _change(session: TenantSession, held: Held, values: dict[str, Any]) -> bool:
    changed = session.execute(
        update(Session).where(*_ours([held])).values(values), execution_options=_UNSYNCHRONIZED
    )
    return cast("CursorResult[Any]", changed).rowcount == 1


def _ours(helds: Collection[Held]) -> tuple[Any, ...]:
    return (
        one_of(Session.id, [each.session_id for each in helds]),
        one_of(Session.refresh_lease, [each.lease for each in helds]),
        Session.ended_at.is_(None),
    )


def _free(now: datetime) -> Any:  # noqa: ANN401 (a condition of SQLAlchemy)
    # A session without a token cannot be due; one whose column was emptied by hand would be asked for ever.
    leased = or_(Session.refresh_leased_until.is_(None), Session.refresh_leased_until <= now)
    return and_(leased, Session.refresh_token.is_not(None))


def _given_back(again_at: datetime | None) -> dict[str, Any]:
    return {"refresh_lease": None, "refresh_leased_until": None, "refresh_at": again_at}
