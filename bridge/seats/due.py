"""Taking people whose facts changed, computing their seats, and crossing off exactly what was taken."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import TypeAlias

from sqlalchemy import bindparam, delete, select

from bridge.database.one_of import looked_up, one_of, texts
from bridge.database.prepared import TENANT, Prepared, prepared
from bridge.database.rows import table_of
from bridge.database.sessions import Database, TenantSession
from bridge.directory.changes import mark_all_due
from bridge.directory.end_joins import note_ends
from bridge.directory.read_joins import neighbours
from bridge.directory.tables import OF_MANY, ChangeDue
from bridge.journal.record import Cause, Subject
from bridge.seats.assign import WORKER, write
from bridge.seats.compute import Computed, compute
from bridge.seats.failures import Pauses
from bridge.seats.fan_out import fan_out
from bridge.seats.locks import lock_people, lock_seats_shared
from bridge.seats.tables import AssignmentFailure
from bridge.uncollected import uncollected

#: Returns the end of the latest closed period, read in the transaction that writes the seats.
ClosedUntil: TypeAlias = Callable[[TenantSession], datetime | None]

_IDS_AT_ONCE = 10_000

_CHANGE, _FAILURE = table_of(ChangeDue).c, table_of(AssignmentFailure).c
# Asked for by what they are not: where PostgreSQL knows nothing of a table that is filled and emptied all
# the time, it takes rows that equal something for few, and would sort all of them to find the first.
_WAITING = prepared(
    select(_CHANGE.subject_id)
    .where(*(_CHANGE.subject_kind != kind for kind in OF_MANY))
    .order_by(_CHANGE.id)
    .limit(bindparam("limit"))
)
_AGAIN = prepared(
    select(_FAILURE.person_id).where(_FAILURE.next_attempt_at <= bindparam("now")).limit(bindparam("limit"))
)
_THESE_AGAIN = prepared(
    select(_FAILURE.person_id).where(
        one_of(_FAILURE.person_id, texts("ids")), _FAILURE.next_attempt_at <= bindparam("now")
    )
)
_TAKEN = prepared(delete(table_of(ChangeDue)).where(one_of(_CHANGE.id, texts("ids"))))


def _changes_of(*, is_postgresql: bool) -> Prepared:
    own = _CHANGE.tenant_id == bindparam(TENANT), _CHANGE.subject_kind == "person"
    rows = select(_CHANGE.subject_id, _CHANGE.id, _CHANGE.cause_id).where(*own)
    return Prepared(looked_up(rows, _CHANGE.subject_id, texts("ids"), is_postgresql=is_postgresql))


_CHANGES = {known: _changes_of(is_postgresql=known) for known in (True, False)}


@dataclass(slots=True)
class _Due:
    """Why a person is computed: ids of due rows, the latest cause; or a failure that is tried again.

    ``through`` are the people who are due and with whom this one, who is not, was ever joined.
    """

    ids: list[str] = field(default_factory=list)
    cause_id: str = ""
    through: set[str] = field(default_factory=set)


@uncollected()
def take_due(
    database: Database,
    tenant_id: str,
    *,
    now: datetime,
    limit: int,
    closed_until: ClosedUntil,
    pauses: Pauses = Pauses(),  # noqa: B008 (immutable)
) -> int:
    """Do one step of the work that is due and return the number of people it looked at; 0: nothing is left.

    The due rows are read before the facts, and exactly those rows are deleted: a fact that is written
    meanwhile leaves a row for a next step. Two workers at once, or one killed at any moment, change nothing
    in the result. Whoever was ever joined with a person who is due is computed in the same transaction.
    """
    fan_out(database, tenant_id)
    with database.read(tenant_id) as session:
        people = _candidates(session, now=now, limit=limit)
        others = {id_ for known in neighbours(session, people).values() for id_ in known}
    if not people:
        return 0
    step = _on_sqlite if database.engine.dialect.name == "sqlite" else _under_locks
    step(database, tenant_id, {*people, *others}, now=now, closed_until=closed_until, pauses=pauses)
    return len(people)


def _under_locks(
    database: Database,
    tenant_id: str,
    people: Collection[str],
    *,
    now: datetime,
    closed_until: ClosedUntil,
    pauses: Pauses,
) -> None:
    """Lock the people, then read what is due, then the facts; writers of facts never wait for this."""
    with database.write(tenant_id) as session:
        lock_seats_shared(session)
        lock_people(session, people)
        due = _with_neighbours(session, _still_due(session, people, now=now))
        locked = {person_id: each for person_id, each in due.items() if person_id in people}
        # Joined since they were looked for: they are not locked, so their turn is another one.
        unlocked = [(Subject("person", id_), due[id_].cause_id) for id_ in due.keys() - locked.keys()]
        mark_all_due(session, unlocked, now=now)
        computed = compute(session, locked)
        _finish(session, computed, locked, now=now, closed_until=closed_until, pauses=pauses)


def _on_sqlite(
    database: Database,
    tenant_id: str,
    people: Collection[str],
    *,
    now: datetime,
    closed_until: ClosedUntil,
    pauses: Pauses,
) -> None:
    """Compute on a snapshot without holding the one write lock, then write for those nobody else did.

    A person whose due rows are gone was done by another worker, perhaps on a later snapshot than ours; and so
    were those with whom that person was joined.
    """
    with database.read(tenant_id) as session:
        due = _with_neighbours(session, _still_due(session, people, now=now))
        computed = compute(session, due)
    with database.write(tenant_id) as session:
        present = _still_due(session, due, now=now)
        untouched = {
            person_id
            for person_id, each in due.items()
            if person_id in present and set(each.ids) <= set(present[person_id].ids)
        }
        left = {
            person_id: each
            for person_id, each in due.items()
            if (each.through <= untouched if each.through else person_id in untouched)
        }
        _finish(session, computed.of(left), left, now=now, closed_until=closed_until, pauses=pauses)


def _finish(
    session: TenantSession,
    computed: Computed,
    due: Mapping[str, _Due],
    *,
    now: datetime,
    closed_until: ClosedUntil,
    pauses: Pauses,
) -> None:
    causes = {person_id: each.cause_id for person_id, each in due.items()}
    write(session, computed, now=now, closed_until=closed_until(session), causes=causes, pauses=pauses)
    joins = [join for person_id, known in computed.joins.items() if person_id in due for join in known]
    note_ends(session, joins, cause=Cause("worker", WORKER, ""), now=now)
    ids = [id_ for each in due.values() for id_ in each.ids]
    for position in range(0, len(ids), _IDS_AT_ONCE):
        session.hold(_TAKEN, ids=ids[position : position + _IDS_AT_ONCE])


def _with_neighbours(session: TenantSession, due: dict[str, _Due]) -> dict[str, _Due]:
    """Add those with whom the due people were ever joined.

    Read after the due rows: a join that is made later leaves due rows of its own on both sides.
    """
    found = dict(due)
    for person_id, known in neighbours(session, due).items():
        for other in known - due.keys():
            each = found.setdefault(other, _Due(cause_id=due[person_id].cause_id))
            each.through.add(person_id)
    return found


def _candidates(session: TenantSession, *, now: datetime, limit: int) -> Sequence[str]:
    """Return people who are due, the longest waiting first, or those whose next attempt has come."""
    people = list(dict.fromkeys(session.run(_WAITING, limit=limit).scalars()))
    return people or session.run(_AGAIN, now=now, limit=limit).scalars()


def _still_due(session: TenantSession, people: Collection[str], *, now: datetime) -> dict[str, _Due]:
    asked = list(people)
    due: dict[str, _Due] = {}
    rows = session.run(_CHANGES[session.is_postgresql], ids=asked)
    for person_id, id_, cause_id in sorted(rows, key=itemgetter(1)):
        each = due.setdefault(person_id, _Due())
        each.ids.append(id_)
        each.cause_id = cause_id or each.cause_id
    for person_id in session.run(_THESE_AGAIN, ids=asked, now=now).scalars():
        due.setdefault(person_id, _Due())
    return due
