"""Writing of people: the row as it is now, and the dated facts behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import and_, bindparam, or_, select, update

from bridge.database.one_of import one_of
from bridge.database.prepared import TENANT, Ask, Prepared, prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.counts import count_created
from bridge.directory.encoded import group_names
from bridge.directory.folding import folded
from bridge.directory.names import KEY_BYTES, exact_key, name_key, name_taken, names_are_free
from bridge.directory.search import Found, GroupName
from bridge.directory.tables import Person, PersonVersion
from bridge.errors import NotFound
from bridge.scim.attributes import ResourceSchema
from bridge.scim.schemas import USER_RESOURCE
from bridge.scim.text import fold


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person as stored, under the row's lock; with ``deleted_at`` a tombstone.

    ``groups`` are as in ``Found``.
    """

    id: str
    user_name_key: str
    external_id: str | None
    active: bool
    resource: dict[str, Any]
    version: int
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None
    groups: tuple[GroupName, ...] | None = None


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person about to be stored, under an id that nobody has."""

    id: str
    resource: dict[str, Any]
    external_digest: str | None
    cause_id: str


#: Names in one statement, well below what either database takes.
CHUNK = 1000

_PEOPLE, _VERSIONS = table_of(Person).c, table_of(PersonVersion).c
COLUMNS = (
    _PEOPLE.id,
    _PEOPLE.user_name_key,
    _PEOPLE.external_id,
    _PEOPLE.active,
    _PEOPLE.resource,
    _PEOPLE.version,
    _PEOPLE.created_at,
    _PEOPLE.changed_at,
    _PEOPLE.deleted_at,
)
_LIVING = select(*COLUMNS).where(
    _PEOPLE.id == bindparam("ident"),
    _PEOPLE.connection_id == bindparam("connection_id"),
    _PEOPLE.deleted_at.is_(None),
)
TO_CHANGE = {
    postgresql: Prepared(
        _LIVING.where(_PEOPLE.tenant_id == bindparam(TENANT))
        .add_columns(group_names(_PEOPLE.id, postgresql=postgresql))
        .with_for_update(key_share=True)
    )
    for postgresql in (False, True)
}
TO_DELETE = prepared(_LIVING.with_for_update())
#: Sets the columns that it is run with.
CHANGE = prepared(update(table_of(Person)).where(_PEOPLE.id == bindparam("ident")))
CLOSE_VERSION = prepared(
    update(table_of(PersonVersion))
    .where(_VERSIONS.person_id == bindparam("ident"), _VERSIONS.end.is_(None))
    .values(end=bindparam("at"), ended_by=bindparam("cause_id"))
)


@lru_cache
def _namesakes(digests: int) -> Prepared:
    """Select the living of a name or an external id, and tombstones of so many digests.

    Each digest is a parameter of its own: how a list of unknown length is best looked for, PostgreSQL would
    plan anew for each.
    """
    known = [_PEOPLE.external_digest == bindparam(f"digest_{at}") for at in range(digests)]
    return prepared(
        select(*COLUMNS)
        .where(
            _PEOPLE.connection_id == bindparam("connection_id"),
            or_(
                and_(_PEOPLE.deleted_at.is_(None), _PEOPLE.user_name_key == bindparam("name_key")),
                and_(_PEOPLE.deleted_at.is_(None), _PEOPLE.external_id == bindparam("external_id")),
                *(and_(_PEOPLE.deleted_at.is_not(None), each) for each in known),
            ),
        )
        .order_by(_PEOPLE.id)
        .with_for_update()
    )


def asked_to_change(connection_id: str, person_id: str, *, is_postgresql: bool) -> Ask:
    """Return what ``lock_person`` asks for, for whoever can ask it ahead."""
    return Ask(TO_CHANGE[is_postgresql], {"ident": person_id, "connection_id": connection_id})


def lock_person(
    session: TenantSession, *, connection_id: str, person_id: str, to_delete: bool = False
) -> KnownPerson:
    """Lock and return a living person of the connection, with their groups. Raises ``NotFound``.

    Those who add members hold a share of their rows: a change does not wait for them, a deletion does.
    """
    ask = asked_to_change(connection_id, person_id, is_postgresql=session.is_postgresql)
    row = session.run(TO_DELETE if to_delete else ask.prepared, **ask.values).one_or_none()
    if row is None:
        raise NotFound(f"There is no user {person_id} on this connection.")
    if to_delete:
        return KnownPerson(*row)
    *known, listed = row
    named = tuple(GroupName(*each) for each in orjson.loads(listed)) if listed else ()
    return KnownPerson(*[*known, named])


def asked_for_namesakes(
    connection_id: str, *, user_name: str, external_id: str | None, external_digests: Sequence[str]
) -> Ask:
    """Return what ``lock_namesakes`` asks for, for whoever can ask it ahead. Raises ``InvalidValue``."""
    digests = {f"digest_{at}": each for at, each in enumerate(external_digests)}
    return Ask(
        _namesakes(len(digests)),
        {
            "connection_id": connection_id,
            "name_key": name_key(user_name, attribute="userName"),
            "external_id": external_id,  # without one it equals nobody's: NULL
            **digests,
        },
    )


def lock_namesakes(
    session: TenantSession,
    *,
    connection_id: str,
    user_name: str,
    external_id: str | None,
    external_digests: Sequence[str],
) -> list[KnownPerson]:
    """Lock and return the living people with this name or id, and tombstones with one of the digests."""
    ask = asked_for_namesakes(
        connection_id, user_name=user_name, external_id=external_id, external_digests=external_digests
    )
    return [KnownPerson(*row) for row in session.run(ask.prepared, **ask.values)]


def add_person(
    session: TenantSession,
    resource: dict[str, Any],
    *,
    connection_id: str,
    external_digest: str | None,
    cause_id: str,
    person_id: str,
    at: datetime,
    schema: ResourceSchema = USER_RESOURCE,
) -> Found:
    """Store a new person and the first fact, with what else the session holds.

    Whoever has that written, at the latest by the commit, is told of a name that is taken: ``Uniqueness``.
    """
    new = NewPerson(person_id, resource, external_digest, cause_id)
    session.explain(name_taken(_names(resource)))
    [found] = _insert(session, [new], connection_id=connection_id, at=at, schema=schema)
    return found


def add_people(
    session: TenantSession,
    people: Sequence[NewPerson],
    *,
    connection_id: str,
    at: datetime,
    schema: ResourceSchema = USER_RESOURCE,
) -> list[Found]:
    """Store new people and the first fact of each, in two statements.

    Raises ``Uniqueness`` when a name is taken, without telling whose: the caller tries them one by one.
    """
    with names_are_free({}):
        found = _insert(session, people, connection_id=connection_id, at=at, schema=schema)
        session.write_held()
    return found


def names_known(
    session: TenantSession, people: Sequence[NewPerson], *, connection_id: str, digests: Sequence[str]
) -> set[str]:
    """Return those of the people's user name keys and external ids that somebody has, and known digests.

    A digest is that of a deleted person's external id, see ``lock_namesakes``; nothing is locked.
    """
    names = [name_key(each.resource["userName"], attribute="userName") for each in people]
    external_ids = [each.resource["externalId"] for each in people if "externalId" in each.resource]
    known: set[str] = set()
    for column, wanted, living in (
        (Person.user_name_key, names, True),
        (Person.external_id, external_ids, True),
        (Person.external_digest, digests, False),
    ):
        for start in range(0, len(wanted), CHUNK):
            alive = Person.deleted_at.is_(None) if living else Person.deleted_at.is_not(None)
            some = one_of(column, wanted[start : start + CHUNK])
            rows = session.scalars(select(column).where(Person.connection_id == connection_id, alive, some))
            known.update(row for row in rows if row is not None)
    return known


def _insert(
    session: TenantSession,
    people: Sequence[NewPerson],
    *,
    connection_id: str,
    at: datetime,
    schema: ResourceSchema,
) -> list[Found]:
    rows = [
        {
            "tenant_id": session.tenant_id,
            "id": person.id,
            "connection_id": connection_id,
            "external_digest": person.external_digest,
            "version": 1,
            "created_at": at,
            "changed_at": at,
            **columns_of(person.resource, active=person.resource["active"], schema=schema),
        }
        for person in people
    ]
    session.hold_rows(Person, rows)
    opened = [
        {
            "tenant_id": session.tenant_id,
            "person_id": person.id,
            "start": at,
            "active": person.resource["active"],
            "resource": person.resource,
            "started_by": person.cause_id,
        }
        for person in people
    ]
    session.hold_rows(PersonVersion, opened)
    count_created(session, "person", connection_id=connection_id, number=len(people), at=at)
    return [Found(person.id, person.resource, 1, at, at, groups=()) for person in people]


def change_person(
    session: TenantSession,
    person: KnownPerson,
    resource: dict[str, Any],
    *,
    external_digest: str | None,
    cause_id: str,
    at: datetime,
    schema: ResourceSchema = USER_RESOURCE,
) -> Found:
    """Store what a person has become, a tombstone's return included. Raises ``Uniqueness``.

    A resource in which ``active`` is unassigned leaves the person as active as before.
    """
    version = person.version + 1
    active = resource.get("active", person.active)
    columns = {
        "external_digest": external_digest,
        "version": version,
        "changed_at": at,
        "deleted_at": None,
        **columns_of(resource, active=active, schema=schema),
    }
    keeps_names = person.deleted_at is None and (person.user_name_key, person.external_id) == (
        columns["user_name_key"],
        columns["external_id"],
    )
    session.hold(CHANGE, ident=person.id, **columns)
    if not keeps_names:
        with names_are_free(_names(resource)):
            session.write_held()
    if person.deleted_at is None:
        close_version(session, person.id, at=at, cause_id=cause_id)
    _open_version(session, person.id, resource, active=active, at=at, cause_id=cause_id)
    return Found(person.id, resource, version, person.created_at, at, person.groups)


def bury_person(session: TenantSession, person: KnownPerson, *, cause_id: str, at: datetime) -> None:
    """Make a person a tombstone: no personal data but the keyed digest, no open fact."""
    emptied: dict[str, Any] = {
        "user_name": "", "user_name_key": "", "external_id": None, "display_name": None,
        "display_name_key": None, "email_key": None, "active": False, "resource": {}, "folded": {},
        "version": person.version + 1, "changed_at": at, "deleted_at": at,
    }  # fmt: skip
    session.hold(CHANGE, ident=person.id, **emptied)
    close_version(session, person.id, at=at, cause_id=cause_id)


def close_version(session: TenantSession, person_id: str, *, at: datetime, cause_id: str) -> None:
    """End the fact that is open."""
    session.hold(CLOSE_VERSION, ident=person_id, at=at, cause_id=cause_id)


def _open_version(
    session: TenantSession,
    person_id: str,
    resource: dict[str, Any],
    *,
    active: bool,
    at: datetime,
    cause_id: str,
) -> None:
    version = {
        "tenant_id": session.tenant_id,
        "person_id": person_id,
        "start": at,
        "active": active,
        "resource": resource,
        "started_by": cause_id,
    }
    session.hold_rows(PersonVersion, [version])


def _names(resource: Mapping[str, Any]) -> dict[str, str | None]:
    return {"userName": resource["userName"], "externalId": resource.get("externalId")}


def columns_of(resource: dict[str, Any], *, active: bool, schema: ResourceSchema) -> dict[str, Any]:
    """Return the columns that repeat parts of the resource, for filters and uniqueness."""
    external_id, display_name = resource.get("externalId"), resource.get("displayName")
    return {
        "user_name": resource["userName"],
        "user_name_key": name_key(resource["userName"], attribute="userName"),
        "external_id": external_id and exact_key(external_id, attribute="externalId"),
        "display_name": display_name,
        "display_name_key": display_name and name_key(display_name, attribute="displayName"),
        "email_key": _email_key(resource),
        "active": active,
        "resource": resource,
        "folded": folded(resource, schema),
    }


def _email_key(resource: Mapping[str, Any]) -> str | None:
    """Return the key of the primary e-mail, else of the first; None when it is too long to be one."""
    emails = [each for each in resource.get("emails", ()) if each.get("value")]
    chosen = next((each for each in emails if each.get("primary")), emails[0] if emails else None)
    key = fold(chosen["value"]) if chosen else None
    return key if key is None or len(key.encode()) <= KEY_BYTES else None
