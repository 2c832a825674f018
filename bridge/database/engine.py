"""The engine, set up for SQLite or PostgreSQL."""

from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.pool import ConnectionPoolEntry

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
    engine = create_engine(url, pool_pre_ping=True, **options)
    if settings.database_role:
        role = engine.dialect.identifier_preparer.quote(settings.database_role)

        def become(connection: Any, _record: ConnectionPoolEntry) -> None:  # noqa: ANN401 (a DBAPI connection)
            with connection.cursor() as cursor:
                cursor.execute(f"SET SESSION ROLE {role}")
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
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
