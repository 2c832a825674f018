"""From a change of rules until everybody's new seat is written."""

import time
from datetime import UTC, datetime

from sqlalchemy import func, select

from bridge.billing.runs import closed_until
from bridge.database.ids import new_id
from bridge.directory.changes import mark_all_due
from bridge.journal.record import Cause, Subject
from bridge.mapping.apply_rules import apply_rules
from bridge.seats.due import take_due
from bridge.seats.tables import Seat
from config.catalogue import plan_keys, roles
from config.settings import settings
from tests.bench.company import Customer, large
from tests.bench.figures import Figure, Outcome, Tell, at_most
from tests.bench.load import Refused
from tests.bench.sizes import Sizes
from tests.bench.stage import Stage

MOST_SECONDS = 60
CHUNK = 2000
MOVED = {"default": {"plan": "premium", "roles": ["viewer"]}, "rules": []}


def assign_everybody(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Have everybody's seat computed, move all of them by one change of rules, and write that, too."""
    row = f"assignment of {sizes.large:,} people after a change of rules, one worker"
    with stage.web() as web:
        tell(f"filling in {sizes.large} people")
        moved = large(stage, web, sizes.large)
    tell(f"{row}: the first seats")
    _mark_due(stage, moved)
    _work(stage, moved)
    stage.tidy()
    tell(row)
    before = time.perf_counter(), time.process_time(), stage.database_server.cpu_seconds()
    _change_rules(stage, moved)
    _work(stage, moved)
    seconds, cpu = time.perf_counter() - before[0], time.process_time() - before[1]
    database = stage.database_server.cpu_seconds() - before[2]
    _check(stage, moved)
    return [
        at_most(row, "from the change to the last span written", seconds, "s", MOST_SECONDS),
        Figure(row, "CPU of the worker", cpu, "s"),
        Figure(row, "CPU of PostgreSQL", database, "s"),
    ]


def _mark_due(stage: Stage, moved: Customer) -> None:
    for first in range(0, len(moved.ids), CHUNK):
        due = [(Subject("person", id_), "") for id_ in moved.ids[first : first + CHUNK]]
        with stage.bridge.database.write(moved.tenant_id) as session:
            mark_all_due(session, due, now=datetime.now(UTC))


def _work(stage: Stage, moved: Customer) -> None:
    """Do all that is due as a worker does."""
    database, limit = stage.bridge.database, settings().assignment_batch
    while take_due(database, moved.tenant_id, now=datetime.now(UTC), limit=limit, closed_until=closed_until):
        pass


def _change_rules(stage: Stage, moved: Customer) -> None:
    now = datetime.now(UTC)
    with stage.bridge.database.write(moved.tenant_id) as session:
        apply_rules(
            session, MOVED, author="bench", note="", effective_from=None, known_plans=plan_keys(),
            known_roles=frozenset(roles()), cause=Cause("operator", "bench", new_id(now)), now=now,
        )  # fmt: skip


def _check(stage: Stage, moved: Customer) -> None:
    """Make sure that everybody holds the other plan."""
    with stage.bridge.database.read(moved.tenant_id) as session:
        held = select(Seat.plan, func.count()).where(Seat.end.is_(None)).group_by(Seat.plan)
        found = [tuple(each) for each in session.execute(held)]
    if found != [("premium", len(moved.ids))]:
        raise Refused(f"{len(moved.ids)} people were to hold premium, found {found}")
