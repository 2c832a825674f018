"""Bulk: many operations in one transaction, each of which succeeds or fails for itself.

RFC 7644 section 3.7. Each step has a savepoint: what fails changes nothing, and the others stand.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.errors import BridgeError, Conflict, InvalidValue
from bridge.provisioning.client import Client, Written
from bridge.provisioning.create_group import create_group
from bridge.provisioning.create_people import Newcomer, add_newcomers, newcomers
from bridge.provisioning.create_person import create_person
from bridge.provisioning.delete_group import delete_group
from bridge.provisioning.delete_person import delete_person
from bridge.provisioning.patch_group import patch_group
from bridge.provisioning.patch_person import patch_person
from bridge.provisioning.replace_group import replace_group
from bridge.provisioning.replace_person import replace_person
from bridge.scim.bulk import REFERENCE, BulkOperation, BulkRequest, Step, references_of, resolved, steps_of
from bridge.scim.text import shown
from bridge.tenants.connections import lock_connection

CREATE = {"Users": create_person, "Groups": create_group}
REPLACE = {"Users": replace_person, "Groups": replace_group}
PATCH = {"Users": patch_person, "Groups": patch_group}
DELETE = {"Users": delete_person, "Groups": delete_group}

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one operation ended: with a resource in some version, or with an error.

    ``resource_id`` is None where nothing was created, ``version`` where there is no resource any more.
    """

    operation: BulkOperation
    resource_id: str | None
    version: int | None = None
    tolerances: tuple[str, ...] = ()
    error: BridgeError | None = None


@dataclass(slots=True)
class _Progress:
    """What has come of the request so far; ``ids`` are those of the resources made, by bulkId."""

    ids: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    outcomes: list[Outcome] = field(default_factory=list)
    failures: int = 0

    def note(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes.extend(outcomes)
        for each in outcomes:
            self.failures += each.error is not None
            operation = each.operation
            self.ids.update(made_by(each))
            if each.error is not None and operation.method == "POST" and operation.bulk_id is not None:
                self.failed.add(operation.bulk_id)


def perform_bulk(
    session: TenantSession,
    request: BulkRequest,
    *,
    client: Client,
    now: datetime,
    made: Mapping[str, str] = NOTHING,
) -> list[Outcome]:
    """Do the operations, and return how each ended, in the order of the request.

    Once as many have failed as the client accepts no more are begun; these are not in the answer. ``made``
    are the ids of what the request has created before, by bulkId.
    """
    _wait_for_turn(session, client)
    progress = _Progress(dict(made))
    steps = steps_of(request.operations)
    position = 0
    while position < len(steps) and not _is_over(progress, request):
        run = _run_of_people(steps[position:], progress.ids)
        new = _newcomers(session, run, progress.ids, client=client, now=now)
        for part in _parts(run or steps[position : position + 1], new):
            if not _is_over(progress, request):
                _do(session, part, new, progress, client=client, now=now)
        position += max(len(run), 1)
    return sorted(progress.outcomes, key=lambda each: each.operation.index)


def _wait_for_turn(session: TenantSession, client: Client) -> None:
    """Let a connection's bulk requests follow each other: each locks many rows in an order of its own."""
    lock_connection(session, client.connection_id)


def _is_over(progress: _Progress, request: BulkRequest) -> bool:
    return request.fail_on_errors is not None and progress.failures >= request.fail_on_errors


def _run_of_people(steps: Sequence[Step], ids: Mapping[str, str]) -> list[Step]:
    """Return the first steps, as far as they create people who wait for nobody."""
    run: list[Step] = []
    for step in steps:
        first = step.operations[0]
        alone = len(step.operations) == 1 and first.fault is None
        if not alone or (first.method, first.place) != ("POST", "Users"):
            break
        if not references_of(first) <= ids.keys():
            break
        run.append(step)
    return run


def _newcomers(
    session: TenantSession,
    run: Sequence[Step],
    ids: Mapping[str, str],
    *,
    client: Client,
    now: datetime,
) -> dict[int, Newcomer]:
    if len(run) < 2:  # noqa: PLR2004 (one is done as quickly by itself)
        return {}
    bodies = {each.operations[0].index: resolved(each.operations[0].content, ids) for each in run}
    return newcomers(session, bodies, client=client, now=now)


def _parts(steps: Sequence[Step], new: Mapping[int, Newcomer]) -> Iterator[list[Step]]:
    """Part the steps into those of neighbouring newcomers, and each other one by itself."""
    part: list[Step] = []
    for step in steps:
        if step.operations[0].index in new:
            part.append(step)
            continue
        if part:
            yield part
        part = []
        yield [step]
    if part:
        yield part


def _do(
    session: TenantSession,
    part: Sequence[Step],
    new: Mapping[int, Newcomer],
    progress: _Progress,
    *,
    client: Client,
    now: datetime,
) -> None:
    """Do newcomers at once; where that fails, and all others, step by step."""
    if len(part) > 1:
        operations = [step.operations[0] for step in part]
        try:
            with session.begin_nested():
                together = [new[each.index] for each in operations]
                written = add_newcomers(session, together, client=client, now=now)
        except BridgeError:
            pass  # one by one it shows whose fault it was
        else:
            progress.note([_outcome(*each) for each in zip(operations, written, strict=True)])
            return
    for step in part:
        progress.note(_done(session, step, progress, client=client, now=now))


def _done(
    session: TenantSession, step: Step, progress: _Progress, *, client: Client, now: datetime
) -> list[Outcome]:
    """Do a step, or nothing of it: those that need each other fail with each other.

    The first of these is begun without what the others are yet to become, and completed in the end.
    """
    done: dict[int, Outcome] = {}
    ids = dict(progress.ids)
    cut: list[BulkOperation] = []
    at = step.operations[0]
    try:
        with session.begin_nested():
            for at in step.operations:
                _check(at, step, progress)
                if not references_of(at) <= ids.keys():
                    cut.append(at)
                done[at.index] = _operated(session, at, ids, client=client, now=now)
                ids.update(made_by(done[at.index]))
            for at in cut:
                done[at.index] = _completed(session, at, ids, client=client, now=now)
    except BridgeError as error:
        return [
            _failed(each, error if each is at else _tied_to(at), progress.ids) for each in step.operations
        ]
    return list(done.values())


def _check(operation: BulkOperation, step: Step, progress: _Progress) -> None:
    if operation.fault is not None:
        raise operation.fault
    missing = sorted(step.needs - progress.ids.keys())
    if not missing:
        return
    named = f"Operation {operation.index} needs bulkId {shown(missing[0])}"
    if missing[0] in progress.failed:
        raise Conflict(f"{named}, which failed. Repair that one and send both again.")
    raise InvalidValue(f"{named}, but no POST of this request has it.")


def _tied_to(cause: BulkOperation) -> Conflict:
    return Conflict(
        f"This and operation {cause.index} need each other, and that one failed. "
        "Repair that one and send both again."
    )


def _operated(
    session: TenantSession, operation: BulkOperation, ids: Mapping[str, str], *, client: Client, now: datetime
) -> Outcome:
    """Do one operation as the request for it alone would have done it."""
    content = resolved(operation.content, ids)
    method, place = operation.method, operation.place
    if method == "POST":
        return _outcome(operation, CREATE[place](session, content, client=client, now=now))
    target = target_of(operation, ids)
    version = operation.version
    if method == "DELETE":
        DELETE[place](session, target, if_match=version, client=client, now=now)
        return Outcome(operation, target)
    change = (REPLACE if method == "PUT" else PATCH)[place]
    written = change(session, target, content, if_match=version, client=client, now=now)
    return _outcome(operation, written)


def _completed(
    session: TenantSession, operation: BulkOperation, ids: Mapping[str, str], *, client: Client, now: datetime
) -> Outcome:
    """Put the whole content in the place of what was created without some references."""
    assert operation.bulk_id is not None  # noqa: S101 (only what is created by a bulkId can need itself)
    target, content = ids[operation.bulk_id], resolved(operation.content, ids)
    written = REPLACE[operation.place](session, target, content, if_match=None, client=client, now=now)
    return _outcome(operation, written)


def _outcome(operation: BulkOperation, written: Written) -> Outcome:
    return Outcome(operation, written.found.id, written.found.version, written.tolerances)


def _failed(operation: BulkOperation, error: BridgeError, ids: Mapping[str, str]) -> Outcome:
    return Outcome(operation, None if operation.method == "POST" else target_of(operation, ids), error=error)


def made_by(outcome: Outcome) -> dict[str, str]:
    """Return the id of what an operation has made, by its bulkId."""
    operation = outcome.operation
    if operation.method != "POST" or operation.bulk_id is None or outcome.resource_id is None:
        return {}
    return {operation.bulk_id: outcome.resource_id}


def target_of(operation: BulkOperation, ids: Mapping[str, str]) -> str:
    """Return the id in an operation's path; ``ids`` are those of what was created, by bulkId."""
    target = operation.target or ""
    return ids.get(target.removeprefix(REFERENCE), target) if target.startswith(REFERENCE) else target
