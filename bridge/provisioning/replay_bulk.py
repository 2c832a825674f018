"""The replay of those operations of a bulk request that failed, each of which succeeds once only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.errors import Conflict
from bridge.provisioning.bulk import Outcome, made_by, perform_bulk, target_of
from bridge.provisioning.client import Client
from bridge.provisioning.later_changes import later_changes
from bridge.provisioning.replay import Replay, claim, claims_of, wait_for_turn
from bridge.provisioning.tables import ReplayClaim
from bridge.scim.bulk import BulkOperation, BulkRequest


def replay_bulk(
    session: TenantSession,
    replay: Replay,
    request: BulkRequest,
    *,
    client: Client,
    replay_id: str,
    now: datetime,
) -> list[Outcome]:
    """Do the operations that failed and were not replayed with success since, and return how each ended.

    What they name by the bulkId of an operation that succeeded, then or in an earlier replay, is what that
    one created. What fails again may be replayed again. Raises ``Conflict`` where none is left, ``NotFound``
    when the log has forgotten the request.
    """
    wait_for_turn(session, replay)
    claims = claims_of(session, replay.request_id)
    made = {**replay.made, **_made_since(request.operations, claims)}
    failed = [
        each
        for each in request.operations
        if (replay.failed is None or each.index in replay.failed) and each.index not in claims
    ]
    if not failed:
        by = sorted({each.id for each in claims.values()})
        raise Conflict(
            f"nothing is left to do of request {replay.request_id}: it has no operations that failed and "
            f"were not already replayed (by {', '.join(by) or 'nobody'})"
        )
    guarded = _guarded(session, replay, failed, claims, made)
    left = BulkRequest(guarded, request.fail_on_errors)
    outcomes = perform_bulk(session, left, client=client, now=now, made=made)
    done = {each.operation.index: each for each in outcomes if each.error is None}
    if done:
        created = {index: next(iter(made_by(each).values()), None) for index, each in done.items()}
        claim(session, replay, created, replay_id=replay_id, now=now)
    return outcomes


def _made_since(operations: Sequence[BulkOperation], claims: Mapping[int, ReplayClaim]) -> dict[str, str]:
    """Return the ids of what earlier replays created, by bulkId."""
    return {
        each.bulk_id: resource_id
        for each in operations
        if each.bulk_id is not None
        and each.index in claims
        and (resource_id := claims[each.index].resource_id) is not None
    }


def _guarded(
    session: TenantSession,
    replay: Replay,
    operations: Sequence[BulkOperation],
    claims: Mapping[int, ReplayClaim],
    made: Mapping[str, str],
) -> tuple[BulkOperation, ...]:
    """Refuse those operations whose resource has changed since, by anything but this very request."""
    if replay.even_if_changed:
        return tuple(operations)
    targets = {each.index: target_of(each, made) for each in operations}
    own = {replay.request_id, *(each.id for each in claims.values())}
    later = later_changes(session, set(targets.values()), since=replay.asked_at, own=own)
    return tuple(
        replace(each, fault=later[targets[each.index]].refusal(replay.request_id))
        if each.fault is None and targets[each.index] in later
        else each
        for each in operations
    )
