"""Writing of memberships, which are rows: a change costs what it changes, however large the group is."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.conditions import RowElements, element_condition
from bridge.directory.search import Member, member_columns
from bridge.directory.tables import Group, Membership, Person
from bridge.errors import InvalidValue
from bridge.scim.filter_tree import Filter
from bridge.scim.schemas import MEMBERS
from bridge.scim.text import shown
from bridge.tenants.tables import Connection

#: Ids in one statement, well below what either database takes.
CHUNK = 1000

OPEN = Membership.end.is_(None)


@dataclass(frozen=True, slots=True)
class Past:
    """What a group's facts say of a person or group: a member now? and the instant of the last fact."""

    kind: str
    member: bool
    last: datetime


def lock_members(session: TenantSession, *, connection_id: str, ids: Collection[str]) -> dict[str, str]:
    """Return the kind (``person``, ``group``) of each id, and keep all of them from being deleted.

    Where groups are among them, the connection's other changes of nesting wait until this one is done, so
    that two groups cannot become members of each other at once. Raises ``InvalidValue`` for unknown ids.
    """
    kinds: dict[str, str] = {}
    for chunk in _chunks(ids):
        people = select(Person.id).where(
            one_of(Person.id, chunk), Person.connection_id == connection_id, Person.deleted_at.is_(None)
        )
        rows = session.scalars(people.order_by(Person.id).with_for_update(read=True, key_share=True))
        kinds.update((person_id, "person") for person_id in rows)
    others = [each for each in ids if each not in kinds]
    if others:
        own = select(Connection.id).where(Connection.id == connection_id)
        session.execute(own.with_for_update(key_share=True))
    for chunk in _chunks(others):
        groups = select(Group.id).where(
            one_of(Group.id, chunk), Group.connection_id == connection_id, Group.deleted_at.is_(None)
        )
        rows = session.scalars(groups.order_by(Group.id).with_for_update(read=True, key_share=True))
        kinds.update((group_id, "group") for group_id in rows)
    unknown = next((each for each in others if each not in kinds), None)
    if unknown is not None:
        raise InvalidValue(
            f"The member {shown(unknown)} is neither a user nor a group of this connection; nothing was "
            "changed. Provision it first, or leave it out."
        )
    return kinds


def past_of(session: TenantSession, group_id: str, ids: Collection[str]) -> dict[str, Past]:
    """Return what is known of those among the ids that are, or once were, in the group."""
    past: dict[str, Past] = {}
    last = func.max(func.coalesce(Membership.end, Membership.start), type_=Membership.start.type)
    for chunk in _chunks(ids):
        rows = session.execute(
            select(
                Membership.member_id,
                func.max(Membership.member_kind),
                func.max(case((OPEN, 1), else_=0)),
                last,
            )
            .where(Membership.group_id == group_id, one_of(Membership.member_id, chunk))
            .group_by(Membership.member_id)
        )
        past.update((member_id, Past(kind, bool(is_open), at)) for member_id, kind, is_open, at in rows)
    return past


def open_members(
    session: TenantSession, group_id: str, *, condition: Filter | None = None, root: str = ""
) -> list[Member]:
    """Return the group's present members, or those that fulfil a condition; ``root`` as in ``search``."""
    wanted = select(Membership.member_id, Membership.member_kind).where(Membership.group_id == group_id, OPEN)
    if condition is not None:
        rows = RowElements(OPEN, member_columns(Membership, root))
        wanted = wanted.where(element_condition(condition, MEMBERS, rows))
    return [Member(*row) for row in session.execute(wanted)]


def open_memberships(
    session: TenantSession, group_id: str, members: Iterable[Member], *, at: datetime, cause_id: str
) -> None:
    """Start the facts that these are members; none of them may be one already."""
    rows = [
        {
            "tenant_id": session.tenant_id,
            "group_id": group_id,
            "member_id": member.id,
            "start": at,
            "member_kind": member.kind,
            "started_by": cause_id,
        }
        for member in members
    ]
    if rows:
        session.add_rows(Membership, rows)


def close_memberships(
    session: TenantSession, group_id: str, ids: Collection[str], *, at: datetime, cause_id: str
) -> None:
    """End the facts that these are members; those that are none stay so."""
    for chunk in _chunks(ids):
        session.execute(
            update(Membership)
            .where(Membership.group_id == group_id, one_of(Membership.member_id, chunk), OPEN)
            .values(end=at, ended_by=cause_id)
        )


def close_all(session: TenantSession, subject_id: str, *, at: datetime, cause_id: str) -> None:
    """End all facts in which this person or group is the member or the group."""
    concerns = or_(Membership.group_id == subject_id, Membership.member_id == subject_id)
    session.execute(update(Membership).where(concerns, OPEN).values(end=at, ended_by=cause_id))


def touch_groups_of(session: TenantSession, member_id: str) -> Mapping[str, datetime]:
    """Lock the groups that somebody about to be deleted is in; return when each changed last."""
    own = select(Membership.group_id).where(Membership.member_id == member_id, OPEN)
    rows = session.execute(
        select(Group.id, Group.changed_at)
        .where(Group.id.in_(own))
        .order_by(Group.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row.changed_at for row in rows}


def count_change(session: TenantSession, group_ids: Iterable[str], *, at: datetime) -> None:
    """Give groups that lose a deleted member a new version, by which clients know that they changed."""
    for chunk in _chunks(list(group_ids)):
        session.execute(
            update(Group).where(one_of(Group.id, chunk)).values(version=Group.version + 1, changed_at=at)
        )


def groups_above(session: TenantSession, group_id: str) -> set[str]:
    """Return all groups that the group is in, directly or through others."""
    above = (
        select(Membership.group_id)
        .where(Membership.tenant_id == session.tenant_id, Membership.member_id == group_id, OPEN)
        .cte("above", recursive=True)
    )
    further = select(Membership.group_id).where(
        Membership.tenant_id == session.tenant_id, Membership.member_id == above.c.group_id, OPEN
    )
    return set(session.scalars(select(above.union(further).c.group_id)))


def levels_above(session: TenantSession, group_id: str, *, most: int) -> int:
    """Return how many groups in a row the group is in, counting no further than ``most``."""
    column, link = Membership.group_id, Membership.member_id
    return _levels(session, [group_id], column, link, most=most)


def levels_below(session: TenantSession, group_ids: Collection[str], *, most: int) -> int:
    """Return how many groups in a row are in any of these, counting no further than ``most``."""
    column, link = Membership.member_id, Membership.group_id
    return _levels(session, group_ids, column, link, most=most)


def _levels(
    session: TenantSession,
    ids: Collection[str],
    column: InstrumentedAttribute[str],
    link: InstrumentedAttribute[str],
    *,
    most: int,
) -> int:
    level, levels = set(ids), 0
    while levels < most:
        following: set[str] = set()
        for chunk in _chunks(level):
            nested = (one_of(link, chunk), Membership.member_kind == "group", OPEN)
            following.update(session.scalars(select(column).where(*nested)))
        if not following:
            break
        level, levels = following, levels + 1
    return levels


def _chunks(ids: Collection[str]) -> Iterator[Sequence[str]]:
    listed = list(ids)
    return (listed[start : start + CHUNK] for start in range(0, len(listed), CHUNK))
