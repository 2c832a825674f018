"""People and groups of one connection: one by its id, and where filters find the attributes of all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.orm import aliased

from bridge.database.one_of import one_of, texts
from bridge.database.prepared import Prepared, prepared
from bridge.database.rows import Row, table_of
from bridge.database.sessions import TenantSession
from bridge.directory.conditions import Column, RowElements, Searchable
from bridge.directory.tables import Group, Membership, Person
from bridge.errors import NotFound
from bridge.scim.schemas import GROUP_RESOURCE, USER_RESOURCE

_PEOPLE, _GROUPS, _MEMBERS = table_of(Person).c, table_of(Group).c, table_of(Membership).c


def _one(row: type[Row]) -> Prepared:
    of = table_of(row).c
    return prepared(
        select(of.id, of.resource, of.version, of.created_at, of.changed_at).where(
            of.id == bindparam("ident"),
            of.connection_id == bindparam("connection_id"),
            of.deleted_at.is_(None),
        )
    )


ONE_PERSON, ONE_GROUP = _one(Person), _one(Group)
GROUPS_OF = prepared(
    select(_MEMBERS.member_id, _GROUPS.id, _GROUPS.display_name)
    .where(
        _MEMBERS.group_id == _GROUPS.id,
        one_of(_MEMBERS.member_id, texts("ids")),
        _MEMBERS.end.is_(None),
    )
    .order_by(_MEMBERS.start, _GROUPS.id)
)
MEMBERS_OF = prepared(
    select(_MEMBERS.group_id, _MEMBERS.member_id, _MEMBERS.member_kind)
    .where(one_of(_MEMBERS.group_id, texts("ids")), _MEMBERS.end.is_(None))
    .order_by(_MEMBERS.start, _MEMBERS.member_id)
)

#: Addresses of the entrance whose columns are kept built; a bridge has one, or one per name it is reached by.
KEPT_ROOTS = 16


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group that somebody is directly in."""

    id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Found:
    """A person or group as it is now; ``resource`` lacks id, meta, and what memberships say.

    ``groups`` are those that a person is directly in, oldest membership first, where they have been read.
    """

    id: str
    resource: Mapping[str, Any]
    version: int
    created_at: datetime
    changed_at: datetime
    groups: tuple[GroupName, ...] | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a group; ``kind`` is ``person`` or ``group``."""

    id: str
    kind: str


def get_person(session: TenantSession, *, connection_id: str, person_id: str) -> Found:
    """Return one person. Raises ``NotFound``, also for the people of other connections and tenants."""
    row = session.run(ONE_PERSON, ident=person_id, connection_id=connection_id).one_or_none()
    if row is None:
        raise NotFound(f"There is no user {person_id} on this connection.")
    return Found(*row)


def get_group(session: TenantSession, *, connection_id: str, group_id: str) -> Found:
    """Return one group without its members. Raises ``NotFound`` like ``get_person``."""
    row = session.run(ONE_GROUP, ident=group_id, connection_id=connection_id).one_or_none()
    if row is None:
        raise NotFound(f"There is no group {group_id} on this connection.")
    return Found(*row)


def groups_of(session: TenantSession, member_ids: Sequence[str]) -> dict[str, list[GroupName]]:
    """Return the groups that each of these people is directly in, oldest membership first."""
    named: dict[str, list[GroupName]] = {member_id: [] for member_id in member_ids}
    if named:
        for member_id, group_id, display_name in session.run(GROUPS_OF, ids=list(named)):
            named[member_id].append(GroupName(group_id, display_name))
    return named


def members_of(session: TenantSession, group_ids: Sequence[str]) -> dict[str, list[Member]]:
    """Return the direct members of each of these groups, oldest membership first."""
    members: dict[str, list[Member]] = {group_id: [] for group_id in group_ids}
    if members:
        for group_id, member_id, kind in session.run(MEMBERS_OF, ids=list(members)):
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
    elements = {"groups": RowElements(and_(own, named), subs, (member.start, group.id))}
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
    order = (member.start, member.member_id)
    elements = {"members": RowElements(own, member_columns(member, root), order)}
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
