"""Reopening of the memberships that one connection ended within some time."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_all_due
from bridge.directory.memberships import count_change
from bridge.directory.read_versions import in_chunks
from bridge.directory.tables import Group, Membership
from bridge.journal.record import Cause, Entry, Subject, record_all
from bridge.journal.tables import JournalEntry


@dataclass(frozen=True, slots=True)
class Away:
    """People by the group that they were taken out of; ``changed_at`` is when each group last changed.

    ``unopenable`` counts memberships of groups that are deleted.
    """

    members: Mapping[str, Collection[str]]
    changed_at: Mapping[str, datetime]
    unopenable: int


def memberships_away(
    session: TenantSession,
    people_until: Mapping[datetime | None, Collection[str]],
    connection_id: str,
    *,
    start: datetime,
) -> Away:
    """Lock the groups and return who was taken out of them from ``start`` on, and is not back.

    ``people_until`` are people by the instant until which it is looked for, None for until now.
    """
    ended: set[tuple[str, str]] = set()
    for end, some in people_until.items():
        ended |= _ended(session, some, connection_id, start, end)
    person_ids = [id_ for some in people_until.values() for id_ in some]
    groups: dict[str, datetime] = {}
    for ids in in_chunks(sorted({group_id for group_id, _ in ended})):
        living = select(Group.id, Group.changed_at).where(one_of(Group.id, ids), Group.deleted_at.is_(None))
        rows = session.execute(living.order_by(Group.id).with_for_update(key_share=True))
        groups.update((id_, changed_at) for id_, changed_at in rows)
    back = _open(session, person_ids, groups)
    members: dict[str, list[str]] = {}
    for group_id, member_id in sorted(ended - back):
        if group_id in groups:
            members.setdefault(group_id, []).append(member_id)
    reopened = {group_id: groups[group_id] for group_id in members}
    return Away(members, reopened, sum(group_id not in groups for group_id, _ in ended))


def reopen_memberships(
    session: TenantSession, away: Away, *, cause: Cause, at: datetime, now: datetime
) -> int:
    """Start the facts that these are members again; return how many."""
    groups = sorted(away.members)
    entries = [
        Entry(
            "directory:group:restore", Subject("group", id_), cause, at, {"members": len(away.members[id_])}
        )
        for id_ in groups
    ]
    causes = dict(zip(groups, record_all(session, entries), strict=True))
    rows = [
        {
            "tenant_id": session.tenant_id,
            "group_id": group_id,
            "member_id": member_id,
            "start": at,
            "member_kind": "person",
            "started_by": causes[group_id],
        }
        for group_id in groups
        for member_id in away.members[group_id]
    ]
    if rows:
        session.add_rows(Membership, rows)
        count_change(session, groups, at=at)
    due = {member_id: causes[group_id] for group_id in groups for member_id in away.members[group_id]}
    mark_all_due(session, [(Subject("person", id_), cause_id) for id_, cause_id in due.items()], now=now)
    return len(rows)


def _ended(
    session: TenantSession,
    person_ids: Collection[str],
    connection_id: str,
    start: datetime,
    end: datetime | None,
) -> set[tuple[str, str]]:
    """Return (group, member) of the memberships that the connection's own requests ended."""
    own = (
        select(JournalEntry.id)
        .where(
            JournalEntry.tenant_id == Membership.tenant_id,
            JournalEntry.id == Membership.ended_by,
            JournalEntry.actor_kind == "connection",
            JournalEntry.actor_id == connection_id,
        )
        .exists()
    )
    found: set[tuple[str, str]] = set()
    for ids in in_chunks(person_ids):
        rows = select(Membership.group_id, Membership.member_id).where(
            one_of(Membership.member_id, ids), Membership.end >= start, own
        )
        rows = rows if end is None else rows.where(Membership.end <= end)
        found.update((group_id, member_id) for group_id, member_id in session.execute(rows))
    return found


def _open(
    session: TenantSession, person_ids: Collection[str], groups: Collection[str]
) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for ids in in_chunks(person_ids):
        rows = select(Membership.group_id, Membership.member_id).where(
            one_of(Membership.member_id, ids), Membership.end.is_(None)
        )
        found.update((row.group_id, row.member_id) for row in session.execute(rows) if row.group_id in groups)
    return found
