"""Memberships of people that begin or end one by one, by another way than requests about their groups."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update

from bridge.database.one_of import one_of
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_all_due
from bridge.directory.fact_instants import fact_instant
from bridge.directory.memberships import count_change
from bridge.directory.read_versions import in_chunks
from bridge.directory.tables import Group, Membership
from bridge.journal.record import Cause, Entry, Subject, record_all
from bridge.journal.tables import JournalEntry

_MEMBERSHIPS = table_of(Membership).c
CLOSE = prepared(
    update(table_of(Membership))
    .where(
        _MEMBERSHIPS.group_id == bindparam("of_group"),
        _MEMBERSHIPS.member_id == bindparam("member"),
        _MEMBERSHIPS.end.is_(None),
    )
    .values(end=bindparam("at"), ended_by=bindparam("cause_id"))
)


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """That a person joins or leaves a group; ``details`` as in ``journal.record``."""

    group_id: str
    person_id: str
    member: bool
    cause: Cause
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LastWord:
    """Whether a person is in a group, since when it is so, and the journal's action of it."""

    member: bool
    at: datetime
    action: str


def find_groups(
    session: TenantSession, *, connection_id: str, external_ids: Collection[str], name_keys: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return ids of living groups by external id, and by name where exactly one group has the name."""
    living = Group.connection_id == connection_id, Group.deleted_at.is_(None)
    by_id = select(Group.external_id, Group.id).where(*living, one_of(Group.external_id, external_ids))
    by_name = select(Group.display_name_key, Group.id).where(
        *living, one_of(Group.display_name_key, name_keys)
    )
    named: dict[str, list[str]] = {}
    for key, group_id in session.execute(by_name):
        named.setdefault(key, []).append(group_id)
    known = {external_id: group_id for external_id, group_id in session.execute(by_id) if external_id}
    return known, {key: ids[0] for key, ids in named.items() if len(ids) == 1}


def lock_groups(session: TenantSession, group_ids: Collection[str]) -> dict[str, datetime]:
    """Lock living groups and return when each changed last."""
    chosen = select(Group.id, Group.changed_at).where(one_of(Group.id, group_ids), Group.deleted_at.is_(None))
    return dict(session.execute(chosen.order_by(Group.id).with_for_update(key_share=True)).all())


def last_words(
    session: TenantSession, *, group_ids: Collection[str], person_ids: Collection[str]
) -> dict[tuple[str, str], LastWord]:
    """Return by group and person what the latest fact says of them, where there ever was one."""
    row = Membership
    latest: dict[tuple[str, str], tuple[bool, datetime, str]] = {}
    for ids in in_chunks(person_ids):
        chosen = (
            select(row.group_id, row.member_id, row.start, row.end, row.started_by, row.ended_by)
            .where(one_of(row.group_id, group_ids), one_of(row.member_id, ids))
            .order_by(row.start)
        )
        for group_id, member_id, start, end, started_by, ended_by in session.execute(chosen):
            since = (True, start, started_by) if end is None else (False, end, ended_by or "")
            latest[group_id, member_id] = since
    actions = _actions(session, {cause_id for _, _, cause_id in latest.values()})
    return {key: LastWord(member, at, actions.get(by, "")) for key, (member, at, by) in latest.items()}


def set_memberships(
    session: TenantSession,
    changes: Sequence[MembershipChange],
    *,
    groups: Mapping[str, datetime],
    last: Mapping[tuple[str, str], LastWord],
    source: str,
    now: datetime,
) -> None:
    """Start or end these facts, and leave the consequences to the workers.

    ``groups`` are those of ``lock_groups``, ``last`` what ``last_words`` tells. ``source`` begins the
    journal's action.
    """
    if not changes:
        return
    at = fact_instant(
        now,
        *(groups[each.group_id] for each in changes),
        *(last[key].at for each in changes if (key := (each.group_id, each.person_id)) in last),
    )
    entries = [
        Entry(
            f"{source}:group:members", Subject("group", each.group_id), each.cause, at,
            {**each.details, "added": int(each.member), "removed": int(not each.member)},
        )
        for each in changes
    ]  # fmt: skip
    causes = list(zip(changes, record_all(session, entries), strict=True))
    for each, cause_id in causes:
        if each.member:
            _open(session, each, at=at, cause_id=cause_id)
        else:
            session.hold(CLOSE, of_group=each.group_id, member=each.person_id, at=at, cause_id=cause_id)
    count_change(session, {each.group_id for each in changes}, at=at)
    mark_all_due(
        session, [(Subject("person", each.person_id), cause_id) for each, cause_id in causes], now=now
    )


def _open(session: TenantSession, change: MembershipChange, *, at: datetime, cause_id: str) -> None:
    row = {
        "tenant_id": session.tenant_id,
        "group_id": change.group_id,
        "member_id": change.person_id,
        "start": at,
        "member_kind": "person",
        "started_by": cause_id,
    }
    session.hold_rows(Membership, [row])


def _actions(session: TenantSession, entry_ids: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for ids in in_chunks(entry_ids):
        rows = select(JournalEntry.id, JournalEntry.action).where(one_of(JournalEntry.id, ids))
        found.update(dict(session.execute(rows).all()))
    return found
