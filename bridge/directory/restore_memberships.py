"""Reopening of the memberships that one connection ended within some time, and of its groups."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.buried_groups import groups_that_can_return, links_at_deletion
from bridge.directory.changes import mark_all_due
from bridge.directory.counts import count_returned
from bridge.directory.groups import revive_groups
from bridge.directory.memberships import count_change
from bridge.directory.nesting import Link, without_cycles
from bridge.directory.read_taken import Window, open_links, read_taken
from bridge.directory.read_versions import in_chunks
from bridge.directory.tables import Group, Membership, Person
from bridge.journal.record import Cause, Entry, Subject, record_all


@dataclass(frozen=True, slots=True)
class Away:
    """What is to be given back: the members of each group, and which of the groups are deleted.

    ``changed_at`` is when each of the groups last changed. ``unopenable`` counts memberships that cannot be:
    of groups that stay deleted, or by which a group would be in itself.
    """

    connection_id: str
    members: Mapping[str, Sequence[Link]]
    revived: Collection[str]
    changed_at: Mapping[str, datetime]
    unopenable: int


def memberships_away(
    session: TenantSession, people_until: Mapping[datetime | None, Collection[str]], window: Window
) -> Away:
    """Lock the groups and return what the connection took from these people, and is not back.

    The connection is locked, so that nobody else nests meanwhile, see ``lock_members``.

    That is who was taken out of groups, the groups that were taken out of others above them, and deleted
    groups on the way, with all who were in them right before, as far as they live. ``people_until`` as in
    ``read_taken``; the people live, or are about to.
    """
    taken = read_taken(session, people_until, window)
    revived = groups_that_can_return(session, {link.group_id for link in taken.ended}, window)
    ended = {**links_at_deletion(session, revived), **taken.ended}
    people = {id_ for some in people_until.values() for id_ in some}
    people |= _living_people(session, {link.member_id for link in ended if link.kind == "person"} - people)
    changed_at = _lock_groups(session, ended, revived)
    there = people | changed_at.keys()
    standing = open_links(session, {link.member_id for link in ended})
    away = sorted(ended.keys() - standing, key=lambda link: (ended[link], link))
    possible = [link for link in away if link.group_id in changed_at and link.member_id in there]
    kept = without_cycles(possible, taken.nestings)
    members: dict[str, list[Link]] = defaultdict(list)
    for link in kept:
        members[link.group_id].append(link)
    touched = {group_id: changed_at[group_id] for group_id in {*members, *revived}}
    unopenable = len(taken.ended.keys() - standing - set(kept))
    return Away(window.connection_id, members, revived, touched, unopenable)


def give_back(session: TenantSession, away: Away, *, cause: Cause, at: datetime, now: datetime) -> int:
    """Bring the deleted groups back, and start the facts that these are members again; return how many."""
    groups = sorted(away.changed_at)
    causes = dict(zip(groups, record_all(session, _entries(away, groups, cause, at)), strict=True))
    revived = {group_id: causes[group_id] for group_id in sorted(away.revived)}
    if revived:
        count_returned(session, "group", connection_id=away.connection_id, number=len(revived), at=at)
        revive_groups(session, revived, at=at)
    links = [link for group_id in groups for link in away.members.get(group_id, ())]
    rows = [
        {
            "tenant_id": session.tenant_id,
            "group_id": link.group_id,
            "member_id": link.member_id,
            "start": at,
            "member_kind": link.kind,
            "started_by": causes[link.group_id],
        }
        for link in links
    ]
    if rows:
        session.add_rows(Membership, rows)
    count_change(session, groups, at=at)
    due = {Subject(link.kind, link.member_id): causes[link.group_id] for link in links}
    mark_all_due(session, due.items(), now=now)
    return len(rows)


def _entries(away: Away, groups: Sequence[str], cause: Cause, at: datetime) -> list[Entry]:
    """Return what the journal tells of each of the groups."""
    entries: list[Entry] = []
    for group_id in groups:
        details: dict[str, object] = {"members": len(away.members.get(group_id, ()))}
        if group_id in away.revived:
            details["revived"] = True
        entries.append(Entry("directory:group:restore", Subject("group", group_id), cause, at, details))
    return entries


def _living_people(session: TenantSession, ids: Collection[str]) -> set[str]:
    """Return those who are not deleted, and keep them from being."""
    found: set[str] = set()
    for some in in_chunks(sorted(ids)):
        living = select(Person.id).where(one_of(Person.id, some), Person.deleted_at.is_(None))
        found.update(session.scalars(living.order_by(Person.id).with_for_update(read=True, key_share=True)))
    return found


def _lock_groups(
    session: TenantSession, links: Collection[Link], revived: Collection[str]
) -> dict[str, datetime]:
    """Lock the groups in these links that live, or are about to, and return when each last changed."""
    ids = {link.group_id for link in links} | {link.member_id for link in links if link.kind == "group"}
    rows = select(Group.id, Group.changed_at, Group.deleted_at).order_by(Group.id)
    return {
        id_: changed_at
        for some in in_chunks(sorted(ids))
        for id_, changed_at, deleted_at in session.execute(
            rows.where(one_of(Group.id, some)).with_for_update(key_share=True)
        )
        if deleted_at is None or id_ in revived
    }
