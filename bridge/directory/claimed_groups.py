"""Finding of groups by what a provider's tokens call them, and of those that only tokens know."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.read_versions import in_chunks
from bridge.directory.tables import Group, Membership


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """A group that a name may mean, deleted ones included.

    ``is_claimed`` tells that it is there and known by sign-ins alone; about any other SCIM has spoken.
    """

    id: str
    external_id: str | None
    name_key: str
    is_claimed: bool


def groups_named(
    session: TenantSession, *, connection_id: str, external_ids: Collection[str], name_keys: Collection[str]
) -> list[NamedGroup]:
    """Return the connection's groups of these external ids, or of these names."""
    columns = (Group.id, Group.external_id, Group.display_name_key, Group.is_claimed, Group.deleted_at)
    own = select(*columns).where(Group.connection_id == connection_id)
    found: dict[str, NamedGroup] = {}
    # Each by its own index: of either one or the other, every group would be compared with every name.
    for column, keys in ((Group.external_id, external_ids), (Group.display_name_key, name_keys)):
        for some in in_chunks(keys):
            rows = session.execute(own.where(one_of(column, some)))
            found.update(
                (id_, NamedGroup(id_, external_id, key, is_claimed and deleted_at is None))
                for id_, external_id, key, is_claimed, deleted_at in rows
            )
    return list(found.values())


def claimed_groups_of(session: TenantSession, *, connection_id: str, person_id: str) -> set[str]:
    """Return the groups known by sign-ins alone in which the person is."""
    present = select(Membership.group_id).where(Membership.member_id == person_id, Membership.end.is_(None))
    own = (Group.connection_id == connection_id, Group.deleted_at.is_(None), Group.is_claimed)
    # Two statements: joined, a database without statistics compares all groups with all memberships.
    found: set[str] = set()
    for some in in_chunks(session.scalars(present).all()):
        found.update(session.scalars(select(Group.id).where(*own, one_of(Group.id, some))))
    return found


def lock_claimed(session: TenantSession, group_ids: Collection[str]) -> dict[str, datetime]:
    """Lock those of the groups that are still there and still not provisioned; return when each changed."""
    chosen = select(Group.id, Group.changed_at).where(
        one_of(Group.id, group_ids), Group.deleted_at.is_(None), Group.is_claimed
    )
    return dict(session.execute(chosen.order_by(Group.id).with_for_update(key_share=True)).all())


def lock_claimed_namesake(
    session: TenantSession, *, connection_id: str, external_id: str | None, name_key: str
) -> str | None:
    """Lock and return the group that only sign-ins know by this external id, else by this name."""
    by_name = and_(Group.display_name_key == name_key, Group.external_id.is_(None))
    named = by_name if external_id is None else or_(Group.external_id == external_id, by_name)
    chosen = select(Group.id, Group.external_id).where(
        Group.connection_id == connection_id, Group.deleted_at.is_(None), Group.is_claimed, named
    )
    rows = session.execute(chosen.order_by(Group.id).with_for_update(key_share=True)).all()
    return min((row.external_id is None, row.id) for row in rows)[1] if rows else None
