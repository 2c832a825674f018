"""Reading of the memberships that one connection ended within some time, upward from people."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.nesting import Link
from bridge.directory.read_versions import in_chunks
from bridge.directory.tables import Membership
from bridge.journal.tables import JournalEntry


@dataclass(frozen=True, slots=True)
class Window:
    """What one connection did from ``start`` to ``end``, both included."""

    connection_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """When each link was first ended in the window, and those from group to group that stand.

    A link may have been ended and stand again.
    """

    ended: Mapping[Link, datetime]
    nestings: Collection[Link]


def read_taken(
    session: TenantSession, people_until: Mapping[datetime | None, Collection[str]], window: Window
) -> Taken:
    """Read what the connection's own requests ended of the people's memberships, and of their groups'.

    ``people_until`` are people by the instant until which it is looked for, None for until now. Two
    statements for each level of groups in groups; each group is read once, so that cycles end.
    """
    ended: dict[Link, datetime] = {}
    standing: set[Link] = set()
    for until, people in people_until.items():
        ended |= _ended(session, people, window, until=until)
        standing |= open_links(session, people)
    nestings: set[Link] = set()
    level = {link.group_id for link in (*ended, *standing)}
    seen: set[str] = set()
    while level:
        seen |= level
        parted, nested = _ended(session, level, window, until=window.end), open_links(session, level)
        ended |= parted
        nestings |= nested
        level = {link.group_id for link in (*parted, *nested)} - seen
    return Taken(ended, nestings)


def open_links(session: TenantSession, member_ids: Collection[str]) -> set[Link]:
    """Return the groups that these are in now, directly."""
    found: set[Link] = set()
    for ids in in_chunks(member_ids):
        rows = select(*_LINK).where(one_of(Membership.member_id, ids), Membership.end.is_(None))
        found.update(Link(*row) for row in session.execute(rows))
    return found


def done_by(
    entry_id: InstrumentedAttribute[str | None], tenant_id: InstrumentedAttribute[str], connection_id: str
) -> ColumnElement[bool]:
    """Tell whether the journal entry is of a request of the connection itself."""
    entry = JournalEntry
    own = (entry.actor_kind == "connection", entry.actor_id == connection_id)
    return select(entry.id).where(entry.tenant_id == tenant_id, entry.id == entry_id, *own).exists()


_LINK = (Membership.group_id, Membership.member_id, Membership.member_kind)


def _ended(
    session: TenantSession, member_ids: Collection[str], window: Window, *, until: datetime | None
) -> dict[Link, datetime]:
    """Return the links that were ended until then; of one that was ended several times the first end."""
    own = done_by(Membership.ended_by, Membership.tenant_id, window.connection_id)
    found: dict[Link, datetime] = {}
    for ids in in_chunks(member_ids):
        rows = select(*_LINK, Membership.end).where(
            one_of(Membership.member_id, ids), Membership.end >= window.start, own
        )
        rows = rows if until is None else rows.where(Membership.end <= until)
        for *link, end in session.execute(rows.order_by(Membership.end.desc())):
            found[Link(*link)] = cast("datetime", end)  # NULL is at or after no instant
    return found
