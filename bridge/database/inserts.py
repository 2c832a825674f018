"""Rows inserted past the ORM, few or many."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Insert, Table, TextClause, insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bridge.database.rows import Row, table_of

#: Tables whose statements stay built.
KEPT_STATEMENTS = 256

#: Rows of one document, so that neither side holds too large a one.
ROWS_OF_A_DOCUMENT = 5_000

_AS_THEY_ARE = orjson.OPT_PASSTHROUGH_DATETIME


@lru_cache(maxsize=KEPT_STATEMENTS)
def insert_into(row: type[Row]) -> Insert:
    """Return the statement that inserts whatever columns it is run with."""
    return insert(table_of(row))


def insert_missing(connection: Connection, row: type[Row], values: Sequence[dict[str, Any]]) -> None:
    """Insert rows of one table in one statement; those whose key exists already stay as they are."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table_of(row)).on_conflict_do_nothing(), list(values))


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of the same columns into a table of PostgreSQL, as one document for thousands of them.

    One row after the other costs several times as much, on either side of the connection; COPY knows no
    row-level security. Columns that are not given stay empty: nothing of Python's fills them in.
    """
    statement = _from_document(table, tuple(rows[0]))
    for first in range(0, len(rows), ROWS_OF_A_DOCUMENT):
        document = orjson.dumps(rows[first : first + ROWS_OF_A_DOCUMENT], _written, _AS_THEY_ARE)
        connection.execute(statement, {"rows": document.decode()})


@lru_cache(maxsize=KEPT_STATEMENTS)
def _from_document(table: Table, names: tuple[str, ...]) -> TextClause:
    quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    columns, into = ", ".join(quote(table.c[name].name) for name in names), quote(table.name)
    rows = f"json_populate_recordset(CAST(NULL AS {into}), CAST(:rows AS json))"
    return text(f"INSERT INTO {into} ({columns}) SELECT {columns} FROM {rows}")  # noqa: S608 (names of our own tables)


def _written(value: object) -> str:
    """Return what JSON has no word for, as PostgreSQL reads it. Raises ``ValueError`` for a local time."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{value} has no offset: instants are stored in UTC")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no value of a column")
