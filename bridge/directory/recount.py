"""How many people and groups live, counted one by one against what was noted of them.

Whoever writes to the tables behind the bridge's back, or restores some of them, leaves notes that no longer
say how long the lists are; then ``totalResults`` is wrong, and clients miss the end of a list.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, func, literal, select, union_all

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.counts import Kind, note_correction
from bridge.directory.tables import Group, Person, ResourceCount
from bridge.tenants.tables import Connection

ROW_OF: dict[Kind, type[Person | Group]] = {"person": Person, "group": Group}


class Miscount(NamedTuple):
    """A list of one connection whose noted length is not how many live."""

    connection_id: str
    kind: Kind
    living: int
    noted: int


def miscounts(session: TenantSession) -> list[Miscount]:
    """Count all lists of the tenant again and return those that were noted otherwise.

    One statement, so that both counts are of one instant: requests go on meanwhile, and each of them writes
    the resource and the note about it in one transaction.
    """
    nothing = literal(0, Integer)
    counted = [
        select(row.connection_id, literal(kind).label("kind"), func.count().label("living"),
               nothing.label("noted")).where(row.deleted_at.is_(None)).group_by(row.connection_id)
        for kind, row in ROW_OF.items()
    ]  # fmt: skip
    row = ResourceCount
    noted = select(row.connection_id, row.kind, nothing, func.sum(row.delta)).group_by(
        row.connection_id, row.kind
    )
    both = union_all(*counted, noted).subquery().c
    living, said = func.sum(both.living), func.sum(both.noted)
    differing = (
        select(both.connection_id, both.kind, living, said)
        .group_by(both.connection_id, both.kind)
        .having(living != said)
        .order_by(both.connection_id, both.kind)
    )
    return [Miscount(connection_id, kind, int(lives), int(notes))
            for connection_id, kind, lives, notes in session.execute(differing)]  # fmt: skip


def correct_counts(session: TenantSession, connection_ids: Collection[str], *, now: datetime) -> int:
    """Note what is missing, or too much, in the lists of these connections; return of how many lists.

    Whoever else corrects waits for the connections' rows and then finds nothing to do. Requests do not wait:
    theirs changes both counts alike, so that the difference stays what it is.
    """
    locked = select(Connection.id).where(one_of(Connection.id, connection_ids)).order_by(Connection.id)
    session.execute(locked.with_for_update(key_share=True)).all()
    wrong = [each for each in miscounts(session) if each.connection_id in connection_ids]
    for each in wrong:
        note_correction(
            session, each.kind, connection_id=each.connection_id, delta=each.living - each.noted, at=now
        )
    return len(wrong)
