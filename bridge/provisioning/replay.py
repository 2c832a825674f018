"""The replay of a failed request: whether it may be, and that it succeeds once only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.access.authenticate import Caller
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, NotFound
from bridge.journal.record import Cause, Subject, record
from bridge.provisioning.later_changes import later_changes
from bridge.provisioning.read_requests import request_asked
from bridge.provisioning.tables import ReplayClaim, RequestRecord
from bridge.tenants.secrets import Seal

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
READ_BY_POST = "/.search"
BULK = "/Bulk"

#: The place under which a request is claimed as a whole; operations of a bulk request are counted from 0.
WHOLE = -1

FIRST_ERROR = 400

#: What stands in a kept body for bytes that were no text.
REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Replay:
    """A kept request that is sent again: what it asked, of which connection, and who sends it again.

    Of a bulk request that was answered, ``failed`` are the places of the operations that failed, and ``made``
    the ids of what others created, by bulkId; ``failed`` is None where nothing of a request was done.
    """

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
    even_if_changed: bool
    is_bulk: bool
    failed: frozenset[int] | None
    made: Mapping[str, str]

    def cause(self, replay_id: str) -> Cause:
        """Return the replayer as the cause of what the replay changes."""
        return Cause(self.actor_kind, self.actor_id, replay_id)


@dataclass(frozen=True, slots=True)
class Claim:
    """By which request, when and by whom a request was replayed with success; ``status`` as it was answered.

    ``status`` is None for a moment, until the log is written, and after the log has forgotten it, and so is
    ``failed_operations``, which counts those of a bulk request that failed once more.
    """

    replay_id: str
    at: datetime
    actor_kind: str
    actor_id: str
    status: int | None
    failed_operations: int | None


def open_replay(
    session: TenantSession, request_id: str, *, by: Cause, seal: Seal, even_if_changed: bool = False
) -> Replay:
    """Return the request as it is to be sent again. Raises ``NotFound``; ``Conflict`` when it may not be.

    ``even_if_changed`` applies it over what others have made of its resources since it failed.
    """
    row, asked = request_asked(session, request_id, seal=seal)
    _check_kind(row)
    is_bulk = row.route.endswith(BULK)
    if not is_bulk:
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
        even_if_changed=even_if_changed,
        is_bulk=is_bulk,
        failed=None if row.status >= FIRST_ERROR else frozenset(each.index for each in asked.failures),
        made=asked.made,
    )


def claim_replay(session: TenantSession, replay: Replay, *, replay_id: str, now: datetime) -> None:
    """Take the one success that a failed request has left, in the transaction of what it changes.

    Of two replays at once the second waits here for the first. When the transaction fails, the claim fails
    with it, and the request may be replayed again. Raises ``Conflict``; ``NotFound`` when the log has
    forgotten the request meanwhile.
    """
    wait_for_turn(session, replay)
    _refuse_second(session, replay.request_id)
    _refuse_over_later_change(session, replay)
    claim(session, replay, {WHOLE: None}, replay_id=replay_id, now=now)


def wait_for_turn(session: TenantSession, replay: Replay) -> None:
    """Let replays of one request follow each other. Raises ``NotFound`` when the log has forgotten it."""
    row = select(RequestRecord.id).where(RequestRecord.id == replay.request_id).with_for_update()
    if session.scalar(row) is None:
        raise NotFound(f"there is no request {replay.request_id} in this tenant's log any more")


def claim(
    session: TenantSession,
    replay: Replay,
    done: Mapping[int, str | None],
    *,
    replay_id: str,
    now: datetime,
) -> None:
    """Note that these operations were replayed, with the id of what each has created, and journal it."""
    session.add_all(
        ReplayClaim(
            request_id=replay.request_id,
            operation=operation,
            id=replay_id,
            resource_id=resource_id,
            at=now,
            actor_kind=replay.actor_kind,
            actor_id=replay.actor_id,
        )
        for operation, resource_id in done.items()
    )
    session.flush()
    details: dict[str, object] = {"replay_id": replay_id}
    if replay.is_bulk:
        details["operations"] = len(done)
    subject, cause = Subject("request", replay.request_id), replay.cause(replay_id)
    record(session, "provisioning:request:replay", subject, cause=cause, at=now, details=details)


def claims_of(session: TenantSession, request_id: str) -> Mapping[int, ReplayClaim]:
    """Return what of a request was replayed with success, by the operation's place or ``WHOLE``."""
    rows = session.scalars(select(ReplayClaim).where(ReplayClaim.request_id == request_id))
    return {row.operation: row for row in rows}


def find_claim(session: TenantSession, request_id: str, *, replay_id: str | None = None) -> Claim | None:
    """Return how a request was replayed with success, if it was: by this replay, or by the latest one."""
    rows = select(ReplayClaim).where(ReplayClaim.request_id == request_id).order_by(ReplayClaim.at.desc())
    if replay_id is not None:
        rows = rows.where(ReplayClaim.id == replay_id)
    found = session.scalar(rows.limit(1))
    if found is None:
        return None
    answered = select(RequestRecord.status, RequestRecord.failed_operations)
    row = session.execute(answered.where(RequestRecord.id == found.id)).one_or_none()
    status, failed_operations = row or (None, None)
    return Claim(found.id, found.at, found.actor_kind, found.actor_id, status, failed_operations)


def _check_kind(row: RequestRecord) -> None:
    if row.connection_id is None:
        raise Conflict(f"request {row.id} came from no identity provider: only theirs can be replayed")
    if row.method not in WRITES or row.route.endswith(READ_BY_POST):
        raise Conflict(f"request {row.id} ({row.method}) only read: there is nothing to replay")
    if row.status < FIRST_ERROR and not row.failed_operations:
        raise Conflict(f"request {row.id} was answered with {row.status}: only what failed can be replayed")
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


def _refuse_over_later_change(session: TenantSession, replay: Replay) -> None:
    if replay.subject_id is None or replay.even_if_changed:
        return
    subject = replay.subject_id
    later = later_changes(session, [subject], since=replay.asked_at, own=[replay.request_id])
    if subject in later:
        raise later[subject].refusal(replay.request_id)
