"""Search for people and groups of one connection: by filter, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, Text, and_, case, cast, func, literal, select
from sqlalchemy.orm import aliased

from bridge.database.sessions import TenantSession
from bridge.directory.conditions import Column, RowElements, Searchable, condition
from bridge.directory.tables import Group, Membership, Person
from bridge.errors import NotFound
from bridge.scim.filter_tree import Filter
from bridge.scim.schemas import GROUP_RESOURCE, USER_RESOURCE

#: Addresses of the entrance whose columns are kept built; a bridge has one, or one per name it is reached by.
KEPT_ROOTS = 16


@dataclass(frozen=True, slots=True)
class Found:
    """A person or group as it is now; ``resource`` lacks id, meta, and what memberships say."""

    id: str
    resource: Mapping[str, Any]
    version: int
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """``count`` resources from ``start_index`` (from 1) on, of ``total`` that the filter selects."""

    total: int
    start_index: int
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a group; ``kind`` is ``person`` or ``group``."""

    id: str
    kind: str


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group that somebody is directly in."""

    id: str
    display_name: str


def find_people(
    session: TenantSession,
    *,
    connection_id: str,
    parsed: Filter | None,
    start_index: int,
    count: int,
    root: str,
) -> Page:
    """Return a page of the connection's people, oldest first; ``root`` is the address of ``/scim/v2``."""
    own = (Person.connection_id == connection_id, Person.deleted_at.is_(None))
    wanted = () if parsed is None else (condition(parsed, people(_is_postgresql(session), root)),)
    columns = select(Person.id, Person.resource, Person.version, Person.created_at, Person.changed_at)
    order = (Person.created_at, Person.id)
    return _page(session, columns.where(*own, *wanted), order, start_index=start_index, count=count)


def find_groups(
    session: TenantSession,
    *,
    connection_id: str,
    parsed: Filter | None,
    start_index: int,
    count: int,
    root: str,
) -> Page:
    """Return a page of the connection's groups, oldest first, without their members."""
    own = (Group.connection_id == connection_id, Group.deleted_at.is_(None))
    wanted = () if parsed is None else (condition(parsed, groups(_is_postgresql(session), root)),)
    columns = select(Group.id, Group.resource, Group.version, Group.created_at, Group.changed_at)
    order = (Group.created_at, Group.id)
    return _page(session, columns.where(*own, *wanted), order, start_index=start_index, count=count)


def get_person(session: TenantSession, *, connection_id: str, person_id: str) -> Found:
    """Return one person. Raises ``NotFound``, also for the people of other connections and tenants."""
    columns = select(Person.id, Person.resource, Person.version, Person.created_at, Person.changed_at)
    row = session.execute(
        columns.where(
            Person.id == person_id, Person.connection_id == connection_id, Person.deleted_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no user {person_id} on this connection.")
    return Found(*row)


def get_group(session: TenantSession, *, connection_id: str, group_id: str) -> Found:
    """Return one group without its members. Raises ``NotFound`` like ``get_person``."""
    columns = select(Group.id, Group.resource, Group.version, Group.created_at, Group.changed_at)
    row = session.execute(
        columns.where(Group.id == group_id, Group.connection_id == connection_id, Group.deleted_at.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no group {group_id} on this connection.")
    return Found(*row)


def groups_of(session: TenantSession, member_ids: Sequence[str]) -> dict[str, list[GroupName]]:
    """Return the groups that each of these people is directly in, oldest membership first."""
    named: dict[str, list[GroupName]] = {member_id: [] for member_id in member_ids}
    if not named:
        return named
    joined = Membership.tenant_id == Group.tenant_id, Membership.group_id == Group.id
    rows = session.execute(
        select(Membership.member_id, Group.id, Group.display_name)
        .join(Group, and_(*joined))
        .where(Membership.member_id.in_(named), Membership.end.is_(None))
        .order_by(Membership.start, Group.id)
    )
    for member_id, group_id, display_name in rows:
        named[member_id].append(GroupName(group_id, display_name))
    return named


def members_of(session: TenantSession, group_ids: Sequence[str]) -> dict[str, list[Member]]:
    """Return the direct members of each of these groups, oldest membership first."""
    members: dict[str, list[Member]] = {group_id: [] for group_id in group_ids}
    if not members:
        return members
    rows = session.execute(
        select(Membership.group_id, Membership.member_id, Membership.member_kind)
        .where(Membership.group_id.in_(members), Membership.end.is_(None))
        .order_by(Membership.start, Membership.member_id)
    )
    for group_id, member_id, kind in rows:
        members[group_id].append(Member(member_id, kind))
    return members


def count_members(session: TenantSession, group_id: str, *, most: int) -> int:
    """Return how many direct members the group has, counting no further than ``most``."""
    some = select(Membership.member_id).where(Membership.group_id == group_id, Membership.end.is_(None))
    return session.scalar(select(func.count()).select_from(some.limit(most).subquery())) or 0


@lru_cache(maxsize=KEPT_ROOTS)
def people(postgresql: bool, root: str) -> Searchable:  # noqa: FBT001 (the cache is quicker by position)
    """Say where the attributes of people are to be found."""
    columns: dict[str, Column] = {
        "userName": Person.user_name_key,
        "externalId": Person.external_id,
        "displayName": Person.display_name_key,
        "active": Person.active,
        **_common(Person, root, "User"),
    }
    member, group = aliased(Membership), aliased(Group)
    own = and_(member.tenant_id == Person.tenant_id, member.member_id == Person.id, member.end.is_(None))
    named = and_(group.tenant_id == member.tenant_id, group.id == member.group_id)
    subs = {
        "value": group.id,
        "$ref": literal(f"{root}/Groups/", Text) + group.id,
        "display": group.display_name_key,
        "type": literal("direct", Text),
    }
    elements = {"groups": RowElements(and_(own, named), subs)}
    return Searchable(USER_RESOURCE, Person.folded, postgresql, columns, elements)


@lru_cache(maxsize=KEPT_ROOTS)
def groups(postgresql: bool, root: str) -> Searchable:  # noqa: FBT001 (the cache is quicker by position)
    """Say where the attributes of groups are to be found."""
    columns: dict[str, Column] = {
        "displayName": Group.display_name_key,
        "externalId": Group.external_id,
        **_common(Group, root, "Group"),
    }
    member = aliased(Membership)
    own = and_(member.tenant_id == Group.tenant_id, member.group_id == Group.id, member.end.is_(None))
    elements = {"members": RowElements(own, member_columns(member, root))}
    return Searchable(GROUP_RESOURCE, Group.folded, postgresql, columns, elements)


def member_columns(member: type[Membership], root: str) -> dict[str, Column]:
    """Return the column of each sub-attribute of ``members``; the bridge shows no ``display`` of members."""
    is_person = member.member_kind == "person"
    place = case((is_person, f"{root}/Users/"), else_=f"{root}/Groups/")
    return {
        "value": member.member_id,
        "$ref": cast(place, Text) + member.member_id,
        "display": literal(None, Text),
        "type": cast(case((is_person, "user"), else_="group"), Text),
    }


def _common(table: type[Person] | type[Group], root: str, kind: str) -> dict[str, Column]:
    return {
        "id": table.id,
        "meta.resourceType": literal(kind, Text),
        "meta.created": table.created_at,
        "meta.lastModified": table.changed_at,
        "meta.location": literal(f"{root}/{kind}s/", Text) + table.id,
        "meta.version": literal('W/"', Text) + cast(table.version, Text) + literal('"', Text),
    }


def _is_postgresql(session: TenantSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _page(
    session: TenantSession,
    selected: Select[Any],
    order: tuple[Column, ...],
    *,
    start_index: int,
    count: int,
) -> Page:
    """Read the page, then count, unless the page itself tells how many there are."""
    wanted = selected.order_by(*order).offset(start_index - 1).limit(count)
    found = tuple(Found(*row) for row in session.execute(wanted)) if count else ()
    if count and len(found) < count and (found or start_index == 1):
        return Page(start_index - 1 + len(found), start_index, found)
    total = session.scalar(selected.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    return Page(total, start_index, found)
