"""When seats are computed: as soon as a tenant is said to have work, until none is left."""

import logging
import math
import time
from datetime import datetime

from sqlalchemy import bindparam, delete, or_, select

from bridge import clock
from bridge.billing.runs import closed_until
from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import Database
from bridge.directory.counts import fold_counts
from bridge.nudge import ASSIGN_DUE
from bridge.seats.boundaries import mark_passed
from bridge.seats.due import take_due
from bridge.seats.failures import Pauses
from bridge.tenants.tables import DueTenant
from config.settings import settings
from workers.app import app, database, marks
from workers.events import apply_waiting
from workers.journal import seal_all

_IDS_AT_ONCE = 10_000

log = logging.getLogger(__name__)

_DUE = table_of(DueTenant).c
_WAKING = prepared(
    select(_DUE.id, _DUE.cause).where(
        _DUE.wake_at <= bindparam("now"), or_(_DUE.cause == "changes", _DUE.cause == "boundary")
    )
)
_TAKEN = prepared(delete(table_of(DueTenant)).where(one_of(_DUE.id, texts("ids"))))


@app.task(name=ASSIGN_DUE)
def assign_due(*tenant_ids: str) -> None:
    """Compute the seats of everyone who is due, tenant by tenant, then seal the journal of it.

    A tenant with much to do gives way after a while and queues again, so that others have their turn; one
    whose work fails stops no other. Changes from now on need another nudge, see ``bridge.nudge.marks``.
    """
    marks().take(tenant_ids)
    failures: list[Exception] = []
    for tenant_id in tenant_ids:
        try:
            _take_turn(tenant_id)
        except Exception as error:
            log.exception("the seats of tenant %s could not be computed; the sweep tries again", tenant_id)
            failures.append(error)
    if failures:
        raise failures[0]


def _take_turn(tenant_id: str) -> None:
    if drain(database(), tenant_id, seconds=settings().assignment_turn_seconds):
        seal_all(database(), tenant_id)
    else:
        assign_due.delay(tenant_id)


def drain(database: Database, tenant_id: str, *, seconds: float = math.inf) -> bool:
    """Work until nothing is due, or for ``seconds``; return whether nothing is left.

    The tenant's due rows are read before the changes, and exactly those are deleted at the end: killed at
    any moment, this leaves a row by which the sweep finds the tenant again.
    """
    ends = time.monotonic() + seconds
    due = _due_rows(database, tenant_id, now=clock.now())
    if "boundary" in due.values():
        mark_passed(database, tenant_id, now=clock.now())
    told_all = True
    if "changes" in due.values():
        told_all = apply_waiting(database, tenant_id, ends=ends)
        due = _due_rows(database, tenant_id, now=clock.now())  # with those of what the events changed
    pauses = Pauses(first_seconds=settings().assignment_retry_seconds)
    limit = settings().assignment_batch
    while take_due(
        database, tenant_id, now=clock.now(), limit=limit, closed_until=closed_until, pauses=pauses
    ):
        if time.monotonic() >= ends:
            return False
    if told_all:
        _forget(database, tenant_id, list(due))
    fold_counts(database, tenant_id, now=clock.now())
    return True


def _due_rows(database: Database, tenant_id: str, *, now: datetime) -> dict[str, str]:
    with database.read(tenant_id) as session:
        return dict(session.run(_WAKING, now=now).all())


def _forget(database: Database, tenant_id: str, ids: list[str]) -> None:
    for position in range(0, len(ids), _IDS_AT_ONCE):
        with database.write(tenant_id) as session:
            session.hold(_TAKEN, ids=ids[position : position + _IDS_AT_ONCE])
