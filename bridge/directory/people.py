"""Writing of people: the row as it is now, and the dated facts behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, or_, select, update

from bridge.database.sessions import TenantSession
from bridge.directory.folding import folded
from bridge.directory.names import KEY_BYTES, exact_key, name_key, names_are_free
from bridge.directory.search import Found
from bridge.directory.tables import Person, PersonVersion
from bridge.errors import NotFound
from bridge.scim.schemas import USER_RESOURCE
from bridge.scim.text import fold


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person as stored, under the row's lock; with ``deleted_at`` a tombstone."""

    id: str
    user_name_key: str
    external_id: str | None
    active: bool
    resource: dict[str, Any]
    version: int
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None


COLUMNS = (
    Person.id,
    Person.user_name_key,
    Person.external_id,
    Person.active,
    Person.resource,
    Person.version,
    Person.created_at,
    Person.changed_at,
    Person.deleted_at,
)


def lock_person(
    session: TenantSession, *, connection_id: str, person_id: str, to_delete: bool = False
) -> KnownPerson:
    """Lock and return a living person of the connection. Raises ``NotFound``.

    Those who add members hold a share of their rows: a change does not wait for them, a deletion does.
    """
    row = session.execute(
        select(*COLUMNS)
        .where(Person.id == person_id, Person.connection_id == connection_id, Person.deleted_at.is_(None))
        .with_for_update(key_share=not to_delete)
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no user {person_id} on this connection.")
    return KnownPerson(*row)


def lock_namesakes(
    session: TenantSession,
    *,
    connection_id: str,
    user_name: str,
    external_id: str | None,
    external_digests: Sequence[str],
) -> list[KnownPerson]:
    """Lock and return the living people with this name or id, and tombstones with one of the digests."""
    living = Person.deleted_at.is_(None)
    alike = [and_(living, Person.user_name_key == name_key(user_name, attribute="userName"))]
    if external_id is not None:
        alike.append(and_(living, Person.external_id == external_id))
        alike.append(and_(Person.deleted_at.is_not(None), Person.external_digest.in_(external_digests)))
    rows = session.execute(
        select(*COLUMNS)
        .where(Person.connection_id == connection_id, or_(*alike))
        .order_by(Person.id)
        .with_for_update()
    )
    return [KnownPerson(*row) for row in rows]


def add_person(
    session: TenantSession,
    resource: dict[str, Any],
    *,
    connection_id: str,
    external_digest: str | None,
    cause_id: str,
    person_id: str,
    at: datetime,
) -> Found:
    """Store a new person and the first fact. Raises ``Uniqueness`` when a name is taken."""
    row = {
        "tenant_id": session.tenant_id,
        "id": person_id,
        "connection_id": connection_id,
        "external_digest": external_digest,
        "version": 1,
        "created_at": at,
        "changed_at": at,
        **_columns(resource),
    }
    with names_are_free(_names(resource)):
        session.execute(insert(Person), row)
    _open_version(session, person_id, resource, at=at, cause_id=cause_id)
    return Found(person_id, resource, 1, at, at)


def change_person(
    session: TenantSession,
    person: KnownPerson,
    resource: dict[str, Any],
    *,
    external_digest: str | None,
    cause_id: str,
    at: datetime,
) -> Found:
    """Store what a person has become, a tombstone's return included. Raises ``Uniqueness``."""
    version = person.version + 1
    columns = {
        "external_digest": external_digest,
        "version": version,
        "changed_at": at,
        "deleted_at": None,
        **_columns(resource),
    }
    with names_are_free(_names(resource)):
        session.execute(update(Person).where(Person.id == person.id).values(columns))
    if person.deleted_at is None:
        close_version(session, person.id, at=at, cause_id=cause_id)
    _open_version(session, person.id, resource, at=at, cause_id=cause_id)
    return Found(person.id, resource, version, person.created_at, at)


def bury_person(session: TenantSession, person: KnownPerson, *, cause_id: str, at: datetime) -> None:
    """Make a person a tombstone: no personal data but the keyed digest, no open fact."""
    emptied: dict[str, Any] = {
        "user_name": "", "user_name_key": "", "external_id": None, "display_name": None,
        "display_name_key": None, "email_key": None, "active": False, "resource": {}, "folded": {},
        "version": person.version + 1, "changed_at": at, "deleted_at": at,
    }  # fmt: skip
    session.execute(update(Person).where(Person.id == person.id).values(emptied))
    close_version(session, person.id, at=at, cause_id=cause_id)


def close_version(session: TenantSession, person_id: str, *, at: datetime, cause_id: str) -> None:
    """End the fact that is open."""
    session.execute(
        update(PersonVersion)
        .where(PersonVersion.person_id == person_id, PersonVersion.end.is_(None))
        .values(end=at, ended_by=cause_id)
    )


def _open_version(
    session: TenantSession, person_id: str, resource: dict[str, Any], *, at: datetime, cause_id: str
) -> None:
    version = {
        "tenant_id": session.tenant_id,
        "person_id": person_id,
        "start": at,
        "active": resource["active"],
        "resource": resource,
        "started_by": cause_id,
    }
    session.execute(insert(PersonVersion), version)


def _names(resource: Mapping[str, Any]) -> dict[str, str | None]:
    return {"userName": resource["userName"], "externalId": resource.get("externalId")}


def _columns(resource: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that repeat parts of the resource, for filters and uniqueness."""
    external_id, display_name = resource.get("externalId"), resource.get("displayName")
    return {
        "user_name": resource["userName"],
        "user_name_key": name_key(resource["userName"], attribute="userName"),
        "external_id": external_id and exact_key(external_id, attribute="externalId"),
        "display_name": display_name,
        "display_name_key": display_name and name_key(display_name, attribute="displayName"),
        "email_key": _email_key(resource),
        "active": resource["active"],
        "resource": resource,
        "folded": folded(resource, USER_RESOURCE),
    }


def _email_key(resource: Mapping[str, Any]) -> str | None:
    """Return the key of the primary e-mail, else of the first; None when it is too long to be one."""
    emails = [each for each in resource.get("emails", ()) if each.get("value")]
    chosen = next((each for each in emails if each.get("primary")), emails[0] if emails else None)
    key = fold(chosen["value"]) if chosen else None
    return key if key is None or len(key.encode()) <= KEY_BYTES else None
