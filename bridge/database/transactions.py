"""How a tenant's transaction begins and ends on PostgreSQL, past SQLAlchemy."""

from psycopg.pq import TransactionStatus
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from bridge.database.direct import Bound, plain, send
from bridge.database.wire import wire_of

_BEGIN = Bound(plain(b"bridge_begin", b"BEGIN"), ())
_BEGIN_READING = Bound(plain(b"bridge_begin_reading", b"BEGIN READ ONLY"), ())
_TENANT = plain(b"bridge_tenant", b"SELECT set_config('app.tenant', $1, true)")


def beginning_of(tenant_id: str, *, only_reads: bool) -> tuple[Bound, Bound]:
    """Return what begins and sets the tenant that row-level security filters by, for this transaction."""
    return _BEGIN_READING if only_reads else _BEGIN, Bound(_TENANT, (tenant_id.encode(),))


def begin(connection: Connection, tenant_id: str, *, only_reads: bool) -> None:
    """Begin by a round trip of its own; SQLite has begun with its connection."""
    wire = wire_of(connection)
    if wire is not None:
        how = b"BEGIN READ ONLY" if only_reads else b"BEGIN"
        send(connection, how + b"; SET LOCAL app.tenant = " + wire.literal(tenant_id.encode()))


def end(connection: Connection, how: bytes) -> None:
    """End the transaction that PostgreSQL has open on the connection, if any."""
    wire = wire_of(connection)
    if wire is not None and wire.server.transaction_status != TransactionStatus.IDLE:
        send(connection, how)


def roll_back(connection: Connection) -> None:
    """Undo what is not committed."""
    try:
        if connection.in_transaction():
            connection.rollback()
        elif not connection.invalidated:
            end(connection, b"ROLLBACK")
    except SQLAlchemyError:
        connection.invalidate()  # PostgreSQL rolls back whatever was open on a connection that has gone
