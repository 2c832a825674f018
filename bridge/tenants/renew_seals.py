"""Sealing anew of all that is kept sealed, once the operator has a new key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, Table, or_, select, tuple_, update

from bridge.database.rows import TenantRow, table_of
from bridge.database.sessions import Database, TenantSession
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import SealRenewal

ROWS_AT_ONCE = 500


def renew_seals(
    database: Database,
    tenant_id: str,
    rows: Sequence[type[TenantRow]],
    *,
    seal: Seal,
    now: datetime,
    rows_at_once: int = ROWS_AT_ONCE,
) -> int:
    """Seal under the newest key what the tenant has sealed in these rows; return how many values it were.

    Everything that is binary in them is sealed. Where all is so under the newest key, which is written down,
    nothing is read. Each page is a transaction of its own, and what somebody writes meanwhile is left as they
    wrote it. Raises ``Misconfigured`` for what no present key has sealed.
    """
    with database.read(tenant_id) as session:
        if session.scalar(select(SealRenewal.mark)) == seal.mark():
            return 0
    renewed = sum(_renew(database, tenant_id, table_of(row), seal, at_once=rows_at_once) for row in rows)
    done = {"tenant_id": tenant_id, "mark": seal.mark(), "renewed_at": now}
    with database.write(tenant_id) as session:
        session.put_rows(SealRenewal, [done])
    return renewed


def sealed_columns(table: Table) -> list[str]:
    """Return the names of the columns whose values are sealed."""
    return [column.name for column in table.c if isinstance(column.type, LargeBinary)]


def _renew(database: Database, tenant_id: str, table: Table, seal: Seal, *, at_once: int) -> int:
    renewed, last = 0, None
    while True:
        with database.write(tenant_id) as session:
            found = _page(session, table, after=last, at_once=at_once)
            renewed += sum(_renew_row(session, table, row, seal) for row in found)
        if len(found) < at_once:
            return renewed
        last = [getattr(found[-1], column.name) for column in table.primary_key]


def _page(
    session: TenantSession, table: Table, *, after: Sequence[Any] | None, at_once: int
) -> Sequence[Any]:
    key = tuple_(*table.primary_key)
    chosen = select(*table.primary_key, *(table.c[name] for name in sealed_columns(table))).where(
        table.c.tenant_id == session.tenant_id,
        or_(*(table.c[name].is_not(None) for name in sealed_columns(table))),
    )
    if after is not None:
        chosen = chosen.where(key > tuple(after))
    return session.connection().execute(chosen.order_by(*table.primary_key).limit(at_once)).all()


def _renew_row(session: TenantSession, table: Table, row: Any, seal: Seal) -> int:  # noqa: ANN401 (a row of the table)
    own = [column == getattr(row, column.name) for column in table.primary_key]
    renewed = 0
    for name in sealed_columns(table):
        sealed = getattr(row, name)
        fresh = None if sealed is None else seal.renewed(sealed)
        if fresh is not None:
            still = update(table).where(*own, table.c[name] == sealed)
            renewed += session.connection().execute(still.values({name: fresh})).rowcount
    return renewed
