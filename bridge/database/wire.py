"""One connection of PostgreSQL as its protocol sees it: what it has prepared, how it converts values."""

import select
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import abc
from psycopg.adapt import Buffer, Transformer
from psycopg.errors import Error, error_from_result
from psycopg.pq import ConnStatus, Escaping, ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

#: The key of a pooled connection's ``info`` under which it keeps its wire.
WIRE = "bridge_wire"

_DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


@dataclass(slots=True)
class Wire:
    """A connection of the pool: psycopg's, libpq's below it, and the names of the statements it knows.

    ``arrivals`` waits for an answer; ``progress`` also until the server takes more of what is being sent.
    """

    driver: Any
    server: Any
    transformer: abc.Transformer
    arrivals: select.poll
    progress: select.poll
    prepared: set[bytes] = field(default_factory=set)

    def execute(self, name: bytes, sql: bytes, arguments: Sequence[Buffer | None]) -> PGresult:
        """Execute a statement, prepared once. Raises psycopg's errors."""
        if name not in self.prepared:
            check(self.server.prepare(name, sql))
            self.prepared.add(name)
        return check(self.server.exec_prepared(name, arguments))

    def literal(self, value: bytes) -> bytes:
        """Return a text as it is quoted in SQL."""
        return Escaping(self.server).escape_literal(value)


def wire_of(connection: Connection) -> Wire | None:
    """Return the wire of a connection of PostgreSQL; None for one of SQLite."""
    if connection.dialect.name != "postgresql":
        return None
    pooled = connection.connection
    known: Wire | None = pooled.info.get(WIRE)
    if known is None:
        driver: Any = pooled.driver_connection
        known = pooled.info[WIRE] = _wire(driver)
    return known


def _wire(driver: Any) -> Wire:  # noqa: ANN401 (psycopg's connection)
    arrivals, progress = select.poll(), select.poll()
    arrivals.register(driver.pgconn.socket, select.POLLIN)
    progress.register(driver.pgconn.socket, select.POLLIN | select.POLLOUT)
    return Wire(driver, driver.pgconn, Transformer(driver), arrivals, progress)


def check(result: PGresult) -> PGresult:
    """Return the result. Raises psycopg's error for one that tells of a failure."""
    if result.status not in _DONE:
        raise error_from_result(result)
    return result


def as_callers_catch_it(connection: Connection, wire: Wire, sql: bytes, error: Error) -> BaseException:
    """Return psycopg's error as SQLAlchemy's; a connection that is gone leaves the pool."""
    gone = connection.invalidated or wire.server.status == ConnStatus.BAD
    if gone and not connection.invalidated:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql.decode(), None, error, Error, hide_parameters=True,
        connection_invalidated=gone, dialect=connection.dialect,
    )  # fmt: skip
