"""The replay of a failed request: whether it may be, and that it succeeds once only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, union_all

from bridge.access.authenticate import Caller
from bridge.database.sessions import TenantSession
from bridge.directory.tables import Group, Person
from bridge.errors import Conflict, NotFound
from bridge.journal.record import Cause, Subject, record
from bridge.provisioning.read_requests import request_asked
from bridge.provisioning.tables import ReplayClaim, RequestRecord
from bridge.tenants.secrets import Seal

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
READ_BY_POST = "/.search"

#: Methods that say what a resource shall be as a whole, and so would undo what came after them.
WHOLE = frozenset({"PUT", "DELETE"})

FIRST_ERROR = 400

#: What stands in a kept body for bytes that were no text.
REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Replay:
    """A kept request that is sent again: what it asked, of which connection, and who sends it again."""

    request_id: str
    asked_at: datetime
    method: str
    target: str
    body: str
    if_match: str | None
    subject_id: str | None
    caller: Caller
    actor_kind: str
    actor_id: str

    def cause(self, replay_id: str) -> Cause:
        """Return the replayer as the cause of what the replay changes."""
        return Cause(self.actor_kind, self.actor_id, replay_id)


@dataclass(frozen=True, slots=True)
class Claim:
    """By which request, when and by whom a request was replayed with success; ``status`` as it was answered.

    ``status`` is None for a moment, until the log is written, and after the log has forgotten it.
    """

    replay_id: str
    at: datetime
    actor_kind: str
    actor_id: str
    status: int | None


def open_replay(session: TenantSession, request_id: str, *, by: Cause, seal: Seal) -> Replay:
    """Return the request as it is to be sent again. Raises ``NotFound``; ``Conflict`` when it may not be."""
    row, asked = request_asked(session, request_id, seal=seal)
    _check_kind(row)
    _refuse_second(session, request_id)
    if row.method != "DELETE" and not asked.body:
        raise Conflict(f"the body of request {request_id} was not kept: have the client send it again")
    if REPLACEMENT in asked.body:
        raise Conflict(f"the body of request {request_id} was not all text: have the client send it again")
    key_id = by.actor_id if by.actor_kind == "api_key" else ""
    return Replay(
        request_id=request_id,
        asked_at=row.at,
        method=row.method,
        target=asked.target,
        body=asked.body,
        if_match=asked.if_match,
        subject_id=row.subject_id,
        caller=Caller(session.tenant_id, key_id, row.connection_id, frozenset()),
        actor_kind=by.actor_kind,
        actor_id=by.actor_id,
    )


def claim_replay(session: TenantSession, replay: Replay, *, replay_id: str, now: datetime) -> None:
    """Take the one success that a failed request has left, in the transaction of what it changes.

    Of two replays at once the second waits here for the first. When the transaction fails, the claim fails
    with it, and the request may be replayed again. Raises ``Conflict``; ``NotFound`` when the log has
    forgotten the request meanwhile.
    """
    row = select(RequestRecord.id).where(RequestRecord.id == replay.request_id).with_for_update()
    if session.scalar(row) is None:
        raise NotFound(f"there is no request {replay.request_id} in this tenant's log any more")
    _refuse_second(session, replay.request_id)
    _refuse_to_undo(session, replay)
    session.add(
        ReplayClaim(
            request_id=replay.request_id,
            id=replay_id,
            at=now,
            actor_kind=replay.actor_kind,
            actor_id=replay.actor_id,
        )
    )
    session.flush()
    subject, details = Subject("request", replay.request_id), {"replay_id": replay_id}
    cause = replay.cause(replay_id)
    record(session, "provisioning:request:replay", subject, cause=cause, at=now, details=details)


def find_claim(session: TenantSession, request_id: str) -> Claim | None:
    """Return how a request was replayed with success, if it was."""
    claim = session.scalar(select(ReplayClaim).where(ReplayClaim.request_id == request_id))
    if claim is None:
        return None
    status = session.scalar(select(RequestRecord.status).where(RequestRecord.id == claim.id))
    return Claim(claim.id, claim.at, claim.actor_kind, claim.actor_id, status)


def _check_kind(row: RequestRecord) -> None:
    if row.connection_id is None:
        raise Conflict(f"request {row.id} came from no identity provider: only theirs can be replayed")
    if row.method not in WRITES or row.route.endswith(READ_BY_POST):
        raise Conflict(f"request {row.id} ({row.method}) only read: there is nothing to replay")
    if row.status < FIRST_ERROR:
        raise Conflict(f"request {row.id} was answered with {row.status}: only a failed one can be replayed")
    if row.replay_of is not None:
        raise Conflict(f"request {row.id} is itself a replay: replay {row.replay_of}, which it sent again")


def _refuse_second(session: TenantSession, request_id: str) -> None:
    claim = find_claim(session, request_id)
    if claim is None:
        return
    answered = "" if claim.status is None else f" and answered with {claim.status}"
    raise Conflict(
        f"request {request_id} was already replayed at {claim.at:%Y-%m-%dT%H:%M:%SZ} by {claim.actor_kind} "
        f"{claim.actor_id} as request {claim.replay_id}{answered}: nothing was changed now"
    )


def _refuse_to_undo(session: TenantSession, replay: Replay) -> None:
    """Refuse to put a resource back to what a late PUT or DELETE makes of it."""
    if replay.method not in WHOLE or replay.subject_id is None:
        return
    changes = union_all(
        *(select(table.changed_at).where(table.id == replay.subject_id) for table in (Person, Group))
    )
    changed_at = session.scalar(changes)
    if changed_at is not None and changed_at > replay.asked_at:
        raise Conflict(
            f"{replay.subject_id} has changed at {changed_at:%Y-%m-%dT%H:%M:%SZ}, after request "
            f"{replay.request_id}: its {replay.method} would undo that. Have the client send it anew"
        )
