"""Rows inserted past the ORM, alone or with others that wait."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bridge.database.rows import Row, table_of

#: Tables whose statements stay built.
KEPT_STATEMENTS = 256


@lru_cache(maxsize=KEPT_STATEMENTS)
def insert_into(row: type[Row]) -> Insert:
    """Return the statement that inserts whatever columns it is run with."""
    return insert(table_of(row))


def insert_missing(connection: Connection, row: type[Row], values: Sequence[dict[str, Any]]) -> None:
    """Insert rows of one table in one statement; those whose key exists already stay as they are."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table_of(row)).on_conflict_do_nothing(), list(values))
