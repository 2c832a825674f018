"""The engine, set up for SQLite or PostgreSQL."""

import time
from pathlib import Path
from typing import Any

import orjson
from psycopg import OperationalError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from bridge.database.lanes import RESTING_SINCE, TRUSTED_SECONDS
from config.settings import Settings

SQLITE_BUSY_MILLISECONDS = 30_000


def open_engine(settings: Settings) -> Engine:
    """Return an engine for ``settings.database``; nothing is connected yet."""
    url = make_url(settings.database)
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "hide_parameters": True,  # values are personal data, which no error message may carry into a log
        "pool_size": settings.database_pool_size,
        "max_overflow": settings.database_pool_size,
    }
    if url.get_backend_name() == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # What runs often is prepared by bridge/database/direct.py. psycopg would prepare what it has seen five
    # times, and drop all that is prepared after each rollback.
    engine = create_engine(url, connect_args={"prepare_threshold": None}, **options)
    event.listen(engine, "checkin", _note_the_time)
    event.listen(engine, "checkout", _try_after_a_pause)
    # psycopg gives instants in the session's time zone. In UTC they come as they are handed on; "Etc/UTC", as
    # many servers have it, is another zone to Python, and was looked up and left again for each of them.
    wanted = ["SET SESSION TIME ZONE 'UTC'", "SET SESSION DateStyle = 'ISO'"]
    if settings.database_role:
        role = engine.dialect.identifier_preparer.quote(settings.database_role)
        wanted.append(f"SET SESSION ROLE {role}")

    def become(connection: Any, _record: ConnectionPoolEntry) -> None:  # noqa: ANN401 (a DBAPI connection)
        with connection.cursor() as cursor:
            cursor.execute("; ".join(wanted))
        connection.commit()

    event.listen(engine, "connect", become)
    return engine


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:  # noqa: ANN401 (a DBAPI connection)
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in (
        f"busy_timeout = {SQLITE_BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once where writing is meant: SQLite cannot wait when a reader turns writer."""
    writes = connection.get_execution_options().get("bridge_writes", False)
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def _note_the_time(_connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ANN401 (a DBAPI connection)
    record.info[RESTING_SINCE] = time.monotonic()


def _try_after_a_pause(
    connection: Any,  # noqa: ANN401 (a DBAPI connection)
    record: ConnectionPoolEntry,
    _proxy: PoolProxiedConnection,
) -> None:
    """Ask a connection that has rested whether it still lives; asking each time would cost a round trip."""
    resting_since = record.info.get(RESTING_SINCE)
    if resting_since is None or time.monotonic() - resting_since < TRUSTED_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except OperationalError as error:
        raise DisconnectionError("the connection ended while it rested") from error
