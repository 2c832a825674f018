"""A provider that deactivates everybody: holding their seats, and bringing them all back."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from bridge.billing.runs import closed_until
from bridge.database.rows import table_of
from bridge.directory.changes import mark_all_due
from bridge.directory.tables import Person, PersonVersion
from bridge.journal.record import Cause, Entry, Subject, record_all
from bridge.seats.due import take_due
from bridge.seats.tables import Seat, Storm
from bridge.seats.undo_storm import undo_storm
from tests.bench.company import Customer, customer, fill
from tests.bench.figures import Figure, Outcome, Tell, at_most
from tests.bench.load import Refused
from tests.bench.sizes import Sizes
from tests.bench.stage import Stage

BATCH = 500
CHUNK = 2000
MOST_SECONDS = 60


def undo_everybody(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Let a connection deactivate all its people at once, and undo the storm until every seat is whole."""
    row = f"storm of {sizes.population:,} people"
    with stage.web() as web:
        struck = customer(stage, "Larkspur struck")
        tell(f"{row}: filling in")
        fill(stage, web, struck, sizes.population)
    _mark_due(stage, struck)
    _work(stage, struck)
    _deactivate(stage, struck)
    tell(f"{row}: holding")
    holding = _work(stage, struck)
    [storm_id] = _storms(stage, struck)
    _check(stage, struck, held=sizes.population)
    tell(f"{row}: undoing")
    began = time.perf_counter()
    now = datetime.now(UTC)
    with stage.bridge.database.write(struck.tenant_id) as session:
        undo_storm(session, storm_id, cause=Cause("operator", "bench", ""), now=now)
    facts = time.perf_counter() - began
    seats = _work(stage, struck)
    _check(stage, struck, held=0)
    return [
        at_most(row, "undone, seats included", facts + seats, "s", MOST_SECONDS),
        Figure(row, "the undo's own transaction", facts, "s"),
        Figure(row, "seats held, by one worker", holding, "s"),
    ]


def _mark_due(stage: Stage, struck: Customer) -> None:
    due = [(Subject("person", id_), "") for id_ in struck.ids]
    with stage.bridge.database.write(struck.tenant_id) as session:
        mark_all_due(session, due, now=datetime.now(UTC))


def _work(stage: Stage, struck: Customer) -> float:
    """Do all that is due as a worker does, and return the seconds it took."""
    began = time.perf_counter()
    database = stage.bridge.database
    while take_due(database, struck.tenant_id, now=datetime.now(UTC), limit=BATCH, closed_until=closed_until):
        pass
    return time.perf_counter() - began


def _deactivate(stage: Stage, struck: Customer) -> None:
    """Write what as many PATCH requests of the connection would have left."""
    for first in range(0, len(struck.ids), CHUNK):
        ids = struck.ids[first : first + CHUNK]
        at = datetime.now(UTC)
        with stage.bridge.database.write(struck.tenant_id) as session:
            cause = Cause("connection", struck.connection_id, "bench")
            entries = [Entry("scim:person:deactivate", Subject("person", id_), cause, at, {}) for id_ in ids]
            causes = dict(zip(ids, record_all(session, entries), strict=True))
            known = select(table_of(PersonVersion)).where(PersonVersion.person_id.in_(ids))
            rows = [dict(each._mapping) for each in session.execute(known)]
            ended: dict[str, Any] = {"end": at, "ended_by": next(iter(causes.values()))}
            session.execute(update(PersonVersion).where(PersonVersion.person_id.in_(ids)).values(ended))
            opened = [
                {**each, "start": at, "active": False, "started_by": causes[each["person_id"]]}
                for each in rows
            ]
            session.add_rows(PersonVersion, opened)
            session.execute(update(Person).where(Person.id.in_(ids)).values(active=False, changed_at=at))
            due = [(Subject("person", id_), cause_id) for id_, cause_id in causes.items()]
            mark_all_due(session, due, now=at)


def _storms(stage: Stage, struck: Customer) -> list[str]:
    with stage.bridge.database.read(struck.tenant_id) as session:
        return list(session.scalars(select(Storm.id)))


def _check(stage: Stage, struck: Customer, *, held: int) -> None:
    """Make sure that what was measured is what was to be done."""
    later = datetime.now(UTC) + timedelta(seconds=1)
    with stage.bridge.database.read(struck.tenant_id) as session:
        open_ = select(Seat.storm_id).where(Seat.end.is_(None), Seat.start <= later)
        found = session.scalars(open_).all()
    if len(found) != len(struck.ids) or sum(storm is not None for storm in found) != held:
        raise Refused(f"{len(found)} seats are held on, {held} were to wait for a storm")
