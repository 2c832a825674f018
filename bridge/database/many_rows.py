"""Rows inserted and deleted past the ORM, few or many."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Delete, Insert, Table, TextClause, bindparam, delete, insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bridge.database.rows import Row, table_of

#: Tables whose statements stay built.
KEPT_STATEMENTS = 256

#: A document ends with the row by which it becomes as large, so that neither side holds too much at once.
BYTES_OF_A_DOCUMENT = 4_000_000

_QUOTE = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]  # SQLAlchemy's own
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
    """Insert rows of the same columns into a table of PostgreSQL, as one document of many of them.

    One row after the other costs several times as much, on either side of the connection; COPY knows no
    row-level security. Columns that are not given stay empty: nothing of Python's fills them in.
    """
    _execute(connection, _inserting(table, tuple(rows[0])), rows)


def delete_rows(connection: Connection, row: type[Row], keys: Sequence[Mapping[str, Any]]) -> None:
    """Delete the rows of these keys, each of the same columns; those that are not there are passed over."""
    if connection.dialect.name == "postgresql":
        _execute(connection, _deleting(table_of(row), tuple(keys[0])), keys)
    else:
        connection.execute(_deleting_one(table_of(row), tuple(keys[0])), list(keys))


def _execute(connection: Connection, statement: TextClause, rows: Sequence[Mapping[str, Any]]) -> None:
    for document in _documents(rows):
        connection.execute(statement, {"rows": document.decode()})


def _documents(rows: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    part: list[bytes] = []
    size = 0
    for row in rows:
        part.append(orjson.dumps(row, _written, _AS_THEY_ARE))
        size += len(part[-1])
        if size >= BYTES_OF_A_DOCUMENT:
            yield b"[" + b",".join(part) + b"]"
            part, size = [], 0
    if part:
        yield b"[" + b",".join(part) + b"]"


@lru_cache(maxsize=KEPT_STATEMENTS)
def _inserting(table: Table, names: tuple[str, ...]) -> TextClause:
    columns = ", ".join(_QUOTE(table.c[name].name) for name in names)
    return text(f"INSERT INTO {_QUOTE(table.name)} ({columns}) SELECT {columns} FROM {_document_of(table)}")  # noqa: S608 (names of our own tables)


@lru_cache(maxsize=KEPT_STATEMENTS)
def _deleting(table: Table, names: tuple[str, ...]) -> TextClause:
    known = _QUOTE(table.name)
    same = " AND ".join(f"{known}.{_QUOTE(name)} = gone.{_QUOTE(name)}" for name in names)
    return text(f"DELETE FROM {known} USING {_document_of(table)} AS gone WHERE {same}")  # noqa: S608 (names of our own tables)


@lru_cache(maxsize=KEPT_STATEMENTS)
def _deleting_one(table: Table, names: tuple[str, ...]) -> Delete:
    return delete(table).where(*(table.c[name] == bindparam(name) for name in names))


def _document_of(table: Table) -> str:
    return f"json_populate_recordset(CAST(NULL AS {_QUOTE(table.name)}), CAST(:rows AS json))"


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
