"""Deactivation and reactivation of several people at once, by another way than their own requests."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_all_due
from bridge.directory.fact_instants import fact_instant
from bridge.directory.folding import folded
from bridge.directory.people import CHANGE, COLUMNS, KnownPerson, close_version
from bridge.directory.read_versions import in_chunks
from bridge.directory.tables import Person, PersonVersion
from bridge.journal.record import Cause, Entry, Subject, record_all
from bridge.journal.tables import JournalEntry
from bridge.tenants.extension_schemas import user_schema


@dataclass(frozen=True, slots=True)
class ActiveChange:
    """That a person becomes active or inactive; ``details`` as in ``journal.record``."""

    person: KnownPerson
    active: bool
    cause: Cause
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LastTurn:
    """When a person last became what they are, active or not, and the journal's action of it."""

    at: datetime
    action: str


def lock_by_external_id(
    session: TenantSession, external_ids: Collection[str], *, connection_id: str
) -> dict[str, KnownPerson]:
    """Lock the connection's living people of these external ids; return them by it."""
    found: dict[str, KnownPerson] = {}
    for ids in in_chunks(external_ids):
        living = select(*COLUMNS).where(
            Person.tenant_id == session.tenant_id,
            Person.connection_id == connection_id,
            Person.deleted_at.is_(None),
            one_of(Person.external_id, ids),
        )
        rows = session.execute(living.order_by(Person.id).with_for_update(key_share=True))
        people = (KnownPerson(*row) for row in rows)
        found.update((person.external_id, person) for person in people if person.external_id is not None)
    return found


def lock_by_id(
    session: TenantSession, person_ids: Collection[str], *, connection_id: str
) -> dict[str, KnownPerson]:
    """Lock those of these people who are living and of the connection; return them by id."""
    found: dict[str, KnownPerson] = {}
    for ids in in_chunks(person_ids):
        living = select(*COLUMNS).where(
            Person.tenant_id == session.tenant_id,
            Person.connection_id == connection_id,
            Person.deleted_at.is_(None),
            one_of(Person.id, ids),
        )
        rows = session.execute(living.order_by(Person.id).with_for_update(key_share=True))
        found.update((row.id, KnownPerson(*row)) for row in rows)
    return found


def last_turns(session: TenantSession, person_ids: Collection[str]) -> dict[str, LastTurn]:
    """Return by person when they last became active, or inactive, or came to be or back."""
    row = PersonVersion
    found: dict[str, LastTurn] = {}
    before: dict[str, tuple[bool, datetime | None]] = {}
    for ids in in_chunks(person_ids):
        versions = (
            select(row.person_id, row.start, row.end, row.active, JournalEntry.action)
            .outerjoin(
                JournalEntry,
                (JournalEntry.tenant_id == row.tenant_id) & (JournalEntry.id == row.started_by),
            )
            .where(one_of(row.person_id, ids))
            .order_by(row.person_id, row.start)
        )
        for person_id, start, end, active, action in session.execute(versions):
            if before.get(person_id) != (active, start):
                found[person_id] = LastTurn(start, action or "")
            before[person_id] = (active, end)
    return found


def set_active(
    session: TenantSession, changes: Sequence[ActiveChange], *, source: str, now: datetime
) -> list[tuple[str, datetime]]:
    """Write what these people, who are locked, become, and leave the consequences to the workers.

    ``source`` begins the journal's action. Return the journal entry of each change with its instant; whoever
    deactivates has to revoke what the person signs in with.
    """
    instants = [fact_instant(now, each.person.changed_at) for each in changes]
    entries = [
        Entry(
            f"{source}:person:{'reactivate' if each.active else 'deactivate'}",
            Subject("person", each.person.id), each.cause, at, each.details,
        )
        for each, at in zip(changes, instants, strict=True)
    ]  # fmt: skip
    causes = record_all(session, entries)
    schema = user_schema(session)
    for each, at, cause_id in zip(changes, instants, causes, strict=True):
        person = each.person
        resource = {**person.resource, "active": each.active}
        session.hold(
            CHANGE, ident=person.id, active=each.active, resource=resource, folded=folded(resource, schema),
            version=person.version + 1, changed_at=at,
        )  # fmt: skip
        close_version(session, person.id, at=at, cause_id=cause_id)
        version = {
            "tenant_id": session.tenant_id,
            "person_id": person.id,
            "start": at,
            "active": each.active,
            "resource": resource,
            "started_by": cause_id,
        }
        session.hold_rows(PersonVersion, [version])
    due = [
        (Subject("person", each.person.id), cause_id) for each, cause_id in zip(changes, causes, strict=True)
    ]
    mark_all_due(session, due, now=now)
    return list(zip(causes, instants, strict=True))
