"""Writing of groups: the row as it is now, and the dated facts of its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.counts import count_created
from bridge.directory.folding import folded
from bridge.directory.names import exact_key, name_key, names_are_free
from bridge.directory.read_versions import in_chunks
from bridge.directory.search import Found
from bridge.directory.tables import Group, GroupVersion
from bridge.errors import NotFound
from bridge.scim.schemas import GROUP_RESOURCE


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A living group as stored, under the row's lock; its members are rows of their own.

    ``is_claimed`` tells that it is known by sign-ins alone.
    """

    id: str
    resource: dict[str, Any]
    version: int
    created_at: datetime
    changed_at: datetime
    is_claimed: bool = False

    @property
    def display_name(self) -> str:
        """The group's name."""
        name: str = self.resource["displayName"]
        return name


def lock_group(
    session: TenantSession, *, connection_id: str, group_id: str, to_delete: bool = False
) -> KnownGroup:
    """Lock and return a living group of the connection. Raises ``NotFound``.

    Those who make it a member hold a share of its row: a change does not wait for them, a deletion does.
    """
    row = session.execute(
        select(Group.id, Group.resource, Group.version, Group.created_at, Group.changed_at, Group.is_claimed)
        .where(Group.id == group_id, Group.connection_id == connection_id, Group.deleted_at.is_(None))
        .with_for_update(key_share=not to_delete)
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no group {group_id} on this connection.")
    return KnownGroup(*row)


def add_group(
    session: TenantSession,
    resource: dict[str, Any],
    *,
    connection_id: str,
    unique_name: bool,
    cause_id: str,
    group_id: str,
    at: datetime,
) -> Found:
    """Store a new group and the first fact. Raises ``Uniqueness`` when a name is taken."""
    row = {
        "tenant_id": session.tenant_id,
        "id": group_id,
        "connection_id": connection_id,
        "version": 1,
        "created_at": at,
        "changed_at": at,
        **_columns(resource, unique_name=unique_name),
    }
    with names_are_free(_names(resource)):
        session.add_rows(Group, [row])
    count_created(session, "group", connection_id=connection_id, number=1, at=at)
    _open_version(session, group_id, resource, at=at, cause_id=cause_id)
    return Found(group_id, resource, 1, at, at)


def add_claimed_groups(
    session: TenantSession, resources: Mapping[str, dict[str, Any]], causes: Mapping[str, str], *,
    connection_id: str, at: datetime,
) -> None:  # fmt: skip
    """Store groups that are known by sign-ins alone, each by its own journal entry.

    Their names take nobody's: who provisions a group of that name later has precedence. Raises ``Uniqueness``
    when an external id is taken meanwhile.
    """
    rows = [
        {
            "tenant_id": session.tenant_id,
            "id": group_id,
            "connection_id": connection_id,
            "is_claimed": True,
            "version": 1,
            "created_at": at,
            "changed_at": at,
            **_columns(resource, unique_name=False),
        }
        for group_id, resource in resources.items()
    ]
    with names_are_free({}):
        session.add_rows(Group, rows)
    count_created(session, "group", connection_id=connection_id, number=len(rows), at=at)
    versions = [
        _version(session, group_id, resource["displayName"], at=at, cause_id=causes[group_id])
        for group_id, resource in resources.items()
    ]
    session.hold_rows(GroupVersion, versions)


def change_group(
    session: TenantSession,
    group: KnownGroup,
    resource: dict[str, Any],
    *,
    unique_name: bool,
    cause_id: str,
    at: datetime,
) -> Found:
    """Store what a group has become, or that its members changed. Raises ``Uniqueness``."""
    version = group.version + 1
    columns: dict[str, Any] = {"version": version, "changed_at": at}
    if resource != group.resource or group.is_claimed:
        columns |= {**_columns(resource, unique_name=unique_name), "is_claimed": False}
    with names_are_free(_names(resource)):
        session.execute(update(Group).where(Group.id == group.id).values(columns))
    if resource["displayName"] != group.display_name:
        _close_version(session, group.id, at=at, cause_id=cause_id)
        _open_version(session, group.id, resource, at=at, cause_id=cause_id)
    return Found(group.id, resource, version, group.created_at, at)


def bury_group(session: TenantSession, group: KnownGroup, *, cause_id: str, at: datetime) -> None:
    """Make a group a tombstone, and end the fact of its name; what it was is kept, see ``revive_groups``."""
    buried = {"version": group.version + 1, "changed_at": at, "deleted_at": at}
    session.execute(update(Group).where(Group.id == group.id).values(buried))
    _close_version(session, group.id, at=at, cause_id=cause_id)


def revive_groups(session: TenantSession, causes: Mapping[str, str], *, at: datetime) -> None:
    """Make tombstones the groups that they were, each by its own journal entry, and start their names' facts.

    Their versions are left to ``count_change``. Raises ``Uniqueness`` when a name is taken meanwhile.
    """
    for ids in in_chunks(causes):
        revived = update(Group).where(one_of(Group.id, ids), Group.deleted_at.is_not(None))
        with names_are_free({}):
            session.execute(revived.values(deleted_at=None))
        names = session.execute(select(Group.id, Group.display_name).where(one_of(Group.id, ids)))
        versions = [
            _version(session, id_, display_name, at=at, cause_id=causes[id_]) for id_, display_name in names
        ]
        session.hold_rows(GroupVersion, versions)


def _open_version(
    session: TenantSession, group_id: str, resource: Mapping[str, Any], *, at: datetime, cause_id: str
) -> None:
    version = _version(session, group_id, resource["displayName"], at=at, cause_id=cause_id)
    session.hold_rows(GroupVersion, [version])


def _version(
    session: TenantSession, group_id: str, display_name: str, *, at: datetime, cause_id: str
) -> dict[str, Any]:
    return {
        "tenant_id": session.tenant_id,
        "group_id": group_id,
        "start": at,
        "display_name": display_name,
        "started_by": cause_id,
    }


def _close_version(session: TenantSession, group_id: str, *, at: datetime, cause_id: str) -> None:
    session.execute(
        update(GroupVersion)
        .where(GroupVersion.group_id == group_id, GroupVersion.end.is_(None))
        .values(end=at, ended_by=cause_id)
    )


def _names(resource: Mapping[str, Any]) -> dict[str, str | None]:
    return {"displayName": resource["displayName"], "externalId": resource.get("externalId")}


def _columns(resource: dict[str, Any], *, unique_name: bool) -> dict[str, Any]:
    key = name_key(resource["displayName"], attribute="displayName")
    external_id = resource.get("externalId")
    return {
        "display_name": resource["displayName"],
        "display_name_key": key,
        "unique_name_key": key if unique_name else None,
        "external_id": external_id and exact_key(external_id, attribute="externalId"),
        "resource": resource,
        "folded": folded(resource, GROUP_RESOURCE),
    }
