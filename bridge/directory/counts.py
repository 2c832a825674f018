"""How many living people and groups a connection has, known without counting them.

Whoever creates, deletes or brings back notes the difference in the same transaction, in a row of their own:
a counter that all of them changed would make each wait for the last. Readers sum the rows; the workers fold
them, so that there are few.
"""

from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, delete, func, select

from bridge.database.ids import new_id
from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import Database, TenantSession
from bridge.directory.tables import ResourceCount

Kind = Literal["person", "group"]

#: This many rows of one list are folded; to sum fewer costs less than to fold them each time.
FOLDED_FROM = 50
#: Rows in one statement of the folding, well below what either database takes.
AT_ONCE = 5_000

COUNTS = table_of(ResourceCount).c
_OF_LIST = (COUNTS.connection_id == bindparam("connection_id"), COUNTS.kind == bindparam("kind"))
TOTAL = prepared(select(func.coalesce(func.sum(COUNTS.delta), 0)).where(*_OF_LIST))
TO_FOLD = prepared(
    select(COUNTS.id, COUNTS.delta, COUNTS.moved)
    .where(*_OF_LIST)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True)
)
FOLDED = prepared(delete(table_of(ResourceCount)).where(*_OF_LIST, one_of(COUNTS.id, texts("ids"))))
MANY = prepared(
    select(COUNTS.connection_id, COUNTS.kind)
    .group_by(COUNTS.connection_id, COUNTS.kind)
    .having(func.count() >= FOLDED_FROM)
)


def count_created(
    session: TenantSession, kind: Kind, *, connection_id: str, number: int, at: datetime
) -> None:
    """Note that so many new ones are about to be stored, however many, in one row."""
    _note(session, kind, connection_id=connection_id, delta=number, moved=0, at=at)


def count_deleted(
    session: TenantSession, kind: Kind, *, connection_id: str, number: int = 1, at: datetime
) -> None:
    """Note that so many are about to be made tombstones."""
    _note(session, kind, connection_id=connection_id, delta=-number, moved=number, at=at)


def count_returned(
    session: TenantSession, kind: Kind, *, connection_id: str, number: int = 1, at: datetime
) -> None:
    """Note that so many tombstones are about to come back, to their old places in the list."""
    _note(session, kind, connection_id=connection_id, delta=number, moved=number, at=at)


def note_correction(
    session: TenantSession, kind: Kind, *, connection_id: str, delta: int, at: datetime
) -> None:
    """Note what earlier notes lack; pages whose places are remembered are looked for anew."""
    _note(session, kind, connection_id=connection_id, delta=delta, moved=1, at=at)


def count_living(session: TenantSession, kind: Kind, *, connection_id: str) -> int:
    """Return how many living people or groups the connection has."""
    total: int = session.run(TOTAL, connection_id=connection_id, kind=kind).scalar_one()
    return total


def fold_counts(database: Database, tenant_id: str, *, now: datetime) -> None:
    """Make one row of many, list by list; the sums stay the same.

    Exactly the rows that a transaction locks and deletes are summed in it, so that two workers at once, or
    one killed at any moment, change nothing for readers.
    """
    with database.read(tenant_id) as session:
        lists = session.run(MANY).all()
    for connection_id, kind in lists:
        while _fold(database, tenant_id, connection_id, kind, now=now):
            pass


def _fold(database: Database, tenant_id: str, connection_id: str, kind: Kind, *, now: datetime) -> bool:
    """Fold some rows; tell whether there may be more."""
    own = {"connection_id": connection_id, "kind": kind}
    with database.write(tenant_id) as session:
        rows = session.run(TO_FOLD, **own).all()
        if rows:
            session.run(FOLDED, ids=[row.id for row in rows], **own)
            delta, moved = sum(row.delta for row in rows), sum(row.moved for row in rows)
            _note(session, kind, connection_id=connection_id, delta=delta, moved=moved, at=now)
    return len(rows) == AT_ONCE


def _note(
    session: TenantSession, kind: Kind, *, connection_id: str, delta: int, moved: int, at: datetime
) -> None:
    row = {
        "tenant_id": session.tenant_id,
        "connection_id": connection_id,
        "kind": kind,
        "id": new_id(at),
        "delta": delta,
        "moved": moved,
    }
    session.hold_rows(ResourceCount, [row])
