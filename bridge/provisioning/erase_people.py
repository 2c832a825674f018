"""Erasure of people: asked for at any time, done once everything about them is settled."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update

from bridge.access.forget_sessions import forget_sessions_of
from bridge.database.sessions import Database, TenantSession
from bridge.directory.changes import mark_all_due
from bridge.directory.counts import count_deleted
from bridge.directory.fact_instants import fact_instant
from bridge.directory.memberships import close_all, count_change, touch_groups_of
from bridge.directory.people import COLUMNS, KnownPerson, bury_person
from bridge.directory.read_joins import joins_of, read_joins
from bridge.directory.tables import Join, Person, PersonVersion
from bridge.errors import Conflict, NotFound
from bridge.journal.record import Cause, Subject, record
from bridge.mapping.tables import PersonOverride
from bridge.provisioning.erase_groups import erase_groups
from bridge.provisioning.erase_requests import erase_requests
from bridge.provisioning.tables import Erasure
from bridge.scim.personal import naming_values
from bridge.seats.tables import Seat
from bridge.tenants.read import find_tenant
from bridge.tenants.secrets import Seal

WORKER = "erase"

#: Forgets what another room keeps of people.
Forget = Callable[[TenantSession, Sequence[str]], None]

#: People erased in one transaction: each of them goes once through the whole provisioning log with the rest.
PEOPLE_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """An erasure that was asked for; ``settled_until`` is up to when the tenant's seats change no more.

    It is done in the night after everything about the person lies before that.
    """

    person_id: str
    asked_at: datetime
    settled_until: datetime | None


def ask_erasure(session: TenantSession, person_id: str, *, cause: Cause, now: datetime) -> Asked:
    """Note that a person is to be erased; twice is once.

    Raises ``NotFound``, and ``Conflict`` for a person who is active, or with whose account another is joined:
    what it must agree in would be gone.
    """
    person = _locked(session, [person_id])
    if not person:
        raise NotFound(f"there is no person {person_id[:60]} in this tenant")
    if person[0].active:
        raise Conflict(f"{person_id} is active: only who was deactivated or deleted can be erased")
    if joins_of(session, person_id, at=None):
        raise Conflict(f"other accounts are joined with {person_id}: separate them first")
    settled_until = find_tenant(session).settled_until
    pending = select(Erasure.asked_at).where(Erasure.person_id == person_id, Erasure.erased_at.is_(None))
    known = session.scalar(pending)
    if known is not None:
        return Asked(person_id, known, settled_until)
    subject = Subject("person", person_id)
    asked_by = record(session, "directory:person:ask-erasure", subject, cause=cause, at=now)
    row = {"tenant_id": session.tenant_id, "person_id": person_id, "asked_at": now, "asked_by": asked_by}
    session.add_rows(Erasure, [row])
    return Asked(person_id, now, settled_until)


def erase_due(database: Database, tenant_id: str, *, seal: Seal, forget: Forget, now: datetime) -> int:
    """Erase whom it was asked for and whose facts are settled; return how many.

    Who has become active again is not erased: their request is withdrawn. Stopped at any moment, whoever is
    not erased is still pending. What settled groups were goes as well, for they may be named after people.
    ``forget`` is done in the same transaction to what lies in rooms that this one does not know.
    """
    with database.write(tenant_id) as session:
        erase_groups(session, settled_until=find_tenant(session).settled_until)
    erased = 0
    after = ""
    while True:
        with database.write(tenant_id) as session:
            pending = _pending(session, after=after)
            ready = _ready(session, pending, now=now)
            _erase(session, ready, seal=seal, forget=forget, now=now)
        erased += len(ready)
        if len(pending) < PEOPLE_AT_ONCE:
            return erased
        after = pending[-1]


def is_pending(session: TenantSession, person_id: str) -> bool:
    """Tell whether a person is still to be erased."""
    pending = select(Erasure.person_id).where(Erasure.person_id == person_id, Erasure.erased_at.is_(None))
    return session.scalar(pending) is not None


def _pending(session: TenantSession, *, after: str) -> Sequence[str]:
    rows = select(Erasure.person_id).where(Erasure.erased_at.is_(None), Erasure.person_id > after)
    return session.scalars(rows.order_by(Erasure.person_id).limit(PEOPLE_AT_ONCE)).all()


def _ready(session: TenantSession, person_ids: Sequence[str], *, now: datetime) -> list[KnownPerson]:
    """Lock these people and return those who can be erased now."""
    settled_until = find_tenant(session).settled_until
    people = _locked(session, person_ids)
    _withdraw(session, [person.id for person in people if person.active], now=now)
    if settled_until is None:
        return []
    unsettled_seat = or_(Seat.end.is_(None), Seat.end > settled_until)
    version = PersonVersion
    unsettled_fact = or_(version.end.is_(None), version.end > settled_until)
    busy = {
        *session.scalars(select(Seat.person_id).where(Seat.person_id.in_(person_ids), unsettled_seat)),
        *session.scalars(
            select(version.person_id).where(version.person_id.in_(person_ids), version.active, unsettled_fact)
        ),
    }
    joins = [join for join in read_joins(session, person_ids) if join.end is None]
    busy |= {id_ for join in joins for id_ in (join.account_id, join.person_id)}
    return [person for person in people if not person.active and person.id not in busy]


def _withdraw(session: TenantSession, person_ids: Sequence[str], *, now: datetime) -> None:
    """Forget what was asked about people who are back."""
    for person_id in person_ids:
        subject, cause = Subject("person", person_id), Cause("worker", WORKER, "")
        record(session, "directory:person:withdraw-erasure", subject, cause=cause, at=now)
    session.execute(
        delete(Erasure).where(Erasure.person_id.in_(person_ids), Erasure.erased_at.is_(None)),
        execution_options={"synchronize_session": False},
    )


def _erase(
    session: TenantSession, people: Sequence[KnownPerson], *, seal: Seal, forget: Forget, now: datetime
) -> None:
    """Leave nothing of these people but ids, instants, and what their seats and invoices hold."""
    if not people:
        return
    ids = [person.id for person in people]
    versions = select(PersonVersion.resource).where(PersonVersion.person_id.in_(ids))
    values = naming_values(session.scalars(versions))
    _count_buried(session, [person.id for person in people if person.deleted_at is None], now=now)
    for person in people:
        _bury(session, person, now=now)
    session.write_held()
    _forget_reasons(session, ids)
    forget_sessions_of(session, ids)
    forget(session, ids)
    session.execute(update(PersonVersion).where(PersonVersion.person_id.in_(ids)).values(resource={}))
    erase_requests(session, ids, values, seal=seal)
    session.execute(
        update(Erasure).where(Erasure.person_id.in_(ids), Erasure.erased_at.is_(None)).values(erased_at=now)
    )


def _forget_reasons(session: TenantSession, person_ids: Sequence[str]) -> None:
    """Empty what administrators wrote: it shall name nobody, but nobody checks that."""
    session.execute(update(PersonOverride).where(PersonOverride.person_id.in_(person_ids)).values(reason=""))
    concerned = or_(Join.person_id.in_(person_ids), Join.account_id.in_(person_ids))
    session.execute(update(Join).where(concerned).values(reason=""))


def _count_buried(session: TenantSession, person_ids: Sequence[str], *, now: datetime) -> None:
    """Take those who were only inactive out of the lengths of their connections' lists."""
    counted = select(Person.connection_id, func.count()).where(Person.id.in_(person_ids))
    for connection_id, number in session.execute(counted.group_by(Person.connection_id)).all():
        count_deleted(session, "person", connection_id=connection_id, number=number, at=now)


def _bury(session: TenantSession, person: KnownPerson, *, now: datetime) -> None:
    """Journal the erasure, and make who is only inactive a tombstone that is in no group."""
    subject, cause = Subject("person", person.id), Cause("worker", WORKER, "")
    if person.deleted_at is not None:
        record(session, "directory:person:erase", subject, cause=cause, at=now)
        return
    groups = touch_groups_of(session, person.id)
    at = fact_instant(now, person.changed_at, *groups.values())
    cause_id = record(session, "directory:person:erase", subject, cause=cause, at=at)
    close_all(session, person.id, at=at, cause_id=cause_id)
    count_change(session, groups, at=at)
    bury_person(session, person, cause_id=cause_id, at=at)
    mark_all_due(session, [(subject, cause_id)], now=now)


def _locked(session: TenantSession, person_ids: Collection[str]) -> list[KnownPerson]:
    rows = select(*COLUMNS).where(Person.id.in_(person_ids), Person.tenant_id == session.tenant_id)
    return [KnownPerson(*row) for row in session.execute(rows.order_by(Person.id).with_for_update())]
