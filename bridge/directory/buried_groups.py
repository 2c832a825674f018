"""Finding of the groups that one connection deleted within some time, and of who was in them."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import and_, select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.nesting import Link
from bridge.directory.read_taken import Window, done_by
from bridge.directory.read_versions import in_chunks
from bridge.directory.tables import Group, GroupVersion, Membership


def groups_that_can_return(session: TenantSession, group_ids: Collection[str], window: Window) -> set[str]:
    """Return those of the groups that the connection deleted in the window and whose names are free.

    A name is not where a living group of the connection has it, or the external id, by now. Of several that
    had one name after each other the one that was deleted first is meant: it is what was there before.
    """
    buried = _buried(session, group_ids, window)
    taken = _taken(session, window.connection_id, [key for _, keys in buried for key in keys])
    free: set[str] = set()
    for group_id, keys in buried:
        if taken.isdisjoint(keys):
            free.add(group_id)
            taken |= keys
    return free


def links_at_deletion(session: TenantSession, group_ids: Collection[str]) -> dict[Link, datetime]:
    """Return who was in each of these deleted groups right before it was deleted, and when that was."""
    row = Membership
    of_group = and_(Group.tenant_id == row.tenant_id, Group.id == row.group_id, Group.deleted_at == row.end)
    columns = (row.group_id, row.member_id, row.member_kind, Group.deleted_at)
    found: dict[Link, datetime] = {}
    for ids in in_chunks(group_ids):
        rows = select(*columns).join(Group, of_group).where(one_of(row.group_id, ids))
        found.update((Link(*link), deleted_at) for *link, deleted_at in session.execute(rows) if deleted_at)
    return found


#: The kind of a name, and the name.
_Key = tuple[str, str]


def _buried(
    session: TenantSession, group_ids: Collection[str], window: Window
) -> list[tuple[str, set[_Key]]]:
    """Return the groups that the connection itself deleted in the window, in that order, with their names."""
    own = (
        select(GroupVersion.group_id)
        .where(
            GroupVersion.tenant_id == Group.tenant_id,
            GroupVersion.group_id == Group.id,
            GroupVersion.end == Group.deleted_at,
            done_by(GroupVersion.ended_by, GroupVersion.tenant_id, window.connection_id),
        )
        .exists()
    )
    deleted = Group.deleted_at.between(window.start, window.end)
    rows = select(Group.deleted_at, Group.id, Group.unique_name_key, Group.external_id).where(
        Group.connection_id == window.connection_id, deleted, Group.display_name != "", own
    )
    found = [
        row
        for ids in in_chunks(group_ids)
        for row in session.execute(rows.where(one_of(Group.id, ids))).all()
    ]
    ordered = sorted(found, key=lambda row: (row[0], row[1]))
    return [(id_, _keys(name_key, external_id)) for _, id_, name_key, external_id in ordered]


def _keys(name_key: str | None, external_id: str | None) -> set[_Key]:
    keys = {"name": name_key, "external": external_id}
    return {(kind, key) for kind, key in keys.items() if key}


def _taken(session: TenantSession, connection_id: str, keys: Iterable[_Key]) -> set[_Key]:
    listed = list(keys)
    found: set[_Key] = set()
    for kind, column in (("name", Group.unique_name_key), ("external", Group.external_id)):
        for some in in_chunks([key for each, key in listed if each == kind]):
            living = (Group.connection_id == connection_id, Group.deleted_at.is_(None))
            rows = session.scalars(select(column).where(*living, one_of(column, some)))
            found.update((kind, key) for key in rows if key is not None)
    return found
