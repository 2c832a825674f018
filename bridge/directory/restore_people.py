"""Bringing back of the people whom one connection sent away within some time."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from bridge.database.one_of import one_of
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_all_due
from bridge.directory.counts import count_returned
from bridge.directory.fact_instants import fact_instant
from bridge.directory.facts import PersonVersionFact
from bridge.directory.names import name_key
from bridge.directory.people import columns_of
from bridge.directory.read_taken import Window
from bridge.directory.read_versions import in_chunks, read_versions
from bridge.directory.restore_memberships import give_back, memberships_away
from bridge.directory.tables import Person, PersonVersion
from bridge.journal.record import Cause, Entry, Subject, record_all
from bridge.journal.tables import JournalEntry
from bridge.tenants.connections import lock_connection
from bridge.tenants.extension_schemas import user_schema

_PEOPLE = table_of(Person).c


@dataclass(frozen=True, slots=True)
class Restored:
    """The instant from which all are back, how many, and how many could not be brought back."""

    at: datetime
    people: int
    groups: int
    memberships: int
    left_people: int
    left_memberships: int


@dataclass(frozen=True, slots=True)
class _Account:
    id: str
    version: int
    changed_at: datetime
    deleted_at: datetime | None
    resource: Mapping[str, Any]


def restore_people(
    session: TenantSession, person_ids: Collection[str], window: Window, *, cause: Cause, now: datetime
) -> Restored:
    """Make active again whom the connection deactivated or deleted, and reopen the memberships it ended.

    So it is with the groups by which they were in others, and with deleted groups on that way. What it took
    from people while they were away is given back too, however late: many providers clear groups or delete
    people weeks after they deactivated them. All of it from one instant on, in a number of statements that
    grows with the levels of groups in groups alone. Who is active again, or in the group again, stays as they
    are. A deleted person or group stays deleted where another has the name or external id by now.
    """
    lock_connection(session, window.connection_id)
    found, buried = _accounts(session, person_ids, window)
    free = _with_free_names(session, window.connection_id, found)
    back = {each.id for each in free}
    gone = {each.id for each in found} - back
    others = set(person_ids) - buried - back  # a tombstone is in no group
    away = memberships_away(session, {window.end: others, None: back}, window)
    at = fact_instant(now, *(each.changed_at for each in free), *away.changed_at.values())
    returned = sum(each.deleted_at is not None for each in free)
    if returned:
        count_returned(session, "person", connection_id=window.connection_id, number=returned, at=at)
    causes = _write(session, free, cause=cause, at=at, now=now)
    reopened = give_back(session, away, cause=cause, at=at, now=now)
    return Restored(at, len(causes), len(away.revived), reopened, len(gone), away.unopenable)


def _accounts(
    session: TenantSession, person_ids: Collection[str], window: Window
) -> tuple[list[_Account], set[str]]:
    """Lock the accounts of the connection, and return whom it sent away in the window, as they were.

    Besides them, the ids of all that are deleted, whenever that was.
    """
    row = Person
    columns = (row.id, row.version, row.changed_at, row.deleted_at, row.active)
    locked = [
        known
        for ids in in_chunks(sorted(person_ids))
        for known in session.execute(
            select(*columns)
            .where(one_of(row.id, ids), row.connection_id == window.connection_id)
            .order_by(row.id)
            .with_for_update(key_share=True)
        )
    ]
    inactive = [known for known in locked if not known.active]
    versions = read_versions(session, [known.id for known in inactive])
    found: list[_Account] = []
    for id_, version, changed_at, deleted_at, _ in inactive:
        resource = _resource_before(versions.get(id_, []), window)
        if resource is not None:
            found.append(_Account(id_, version, changed_at, deleted_at, resource))
    return found, {known.id for known in locked if known.deleted_at is not None}


def _resource_before(versions: Sequence[PersonVersionFact], window: Window) -> dict[str, Any] | None:
    """Return the latest attributes, as an active person's, if the person was last active in the window."""
    active = [each for each in versions if each.active]
    last = max((each.end for each in active if each.end is not None), default=None)
    if last is None or not window.start <= last <= window.end:
        return None
    latest = max(versions, key=lambda each: each.start)
    return {**latest.resource, "active": True}


def _with_free_names(
    session: TenantSession, connection_id: str, accounts: Sequence[_Account]
) -> list[_Account]:
    """Return the accounts without those deleted ones whose names are taken, by others or among them."""
    buried = sorted(
        (each for each in accounts if each.deleted_at is not None),
        key=lambda each: (each.changed_at, each.id),
    )
    latest_first = list(reversed(buried))
    taken = _names_taken(session, connection_id, [key for each in buried for key in _keys(each)])
    free: set[str] = set()
    for each in latest_first:
        keys = set(_keys(each))
        if taken.isdisjoint(keys):
            free.add(each.id)
            taken |= keys
    return [each for each in accounts if each.deleted_at is None or each.id in free]


def _keys(account: _Account) -> list[tuple[str, str]]:
    keys = [("name", name_key(account.resource["userName"], attribute="userName"))]
    external_id = account.resource.get("externalId")
    return [*keys, ("external", external_id)] if external_id else keys


def _names_taken(
    session: TenantSession, connection_id: str, keys: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    listed = list(keys)
    found: set[tuple[str, str]] = set()
    for kind, column in (("name", Person.user_name_key), ("external", Person.external_id)):
        for some in in_chunks([key for each, key in listed if each == kind]):
            living = (Person.connection_id == connection_id, Person.deleted_at.is_(None))
            rows = session.scalars(select(column).where(*living, one_of(column, some)))
            found.update((kind, key) for key in rows if key is not None)
    return found


def _write(
    session: TenantSession, accounts: Sequence[_Account], *, cause: Cause, at: datetime, now: datetime
) -> list[str]:
    """Write what the people are from the instant on; return the journal entries."""
    if not accounts:
        return []
    entries = [
        Entry("directory:person:restore", Subject("person", each.id), cause, at, {}) for each in accounts
    ]
    causes = record_all(session, entries)
    both = list(zip(accounts, causes, strict=True))
    session.write_held()
    _close_versions(session, causes, at=at)
    _write_people(session, accounts, at=at)
    rows = [
        {
            "tenant_id": session.tenant_id,
            "person_id": each.id,
            "start": at,
            "active": True,
            "resource": dict(each.resource),
            "started_by": cause_id,
        }
        for each, cause_id in both
    ]
    session.add_rows(PersonVersion, rows)
    mark_all_due(session, [(Subject("person", each.id), cause_id) for each, cause_id in both], now=now)
    return causes


def _close_versions(session: TenantSession, causes: Collection[str], *, at: datetime) -> None:
    """End the versions that are open, each by its own person's entry: the entries know who that is."""
    for ids in in_chunks(causes):
        ended = (
            update(PersonVersion)
            .where(
                JournalEntry.tenant_id == session.tenant_id,
                one_of(JournalEntry.id, ids),
                PersonVersion.person_id == JournalEntry.subject_id,
                PersonVersion.end.is_(None),
            )
            .values(end=at, ended_by=JournalEntry.id)
        )
        session.execute(ended, execution_options={"synchronize_session": False})


def _write_people(session: TenantSession, accounts: Sequence[_Account], *, at: datetime) -> None:
    schema = user_schema(session)
    values = [
        {
            "the_tenant": session.tenant_id,
            "the_person": each.id,
            "version": each.version + 1,
            "changed_at": at,
            "deleted_at": None,
            **columns_of(dict(each.resource), active=True, schema=schema),
        }
        for each in accounts
    ]
    written = (
        update(table_of(Person))
        .where(_PEOPLE.tenant_id == bindparam("the_tenant"), _PEOPLE.id == bindparam("the_person"))
        .values({name: bindparam(name) for name in values[0] if not name.startswith("the_")})
    )
    session.connection().execute(written, values)
