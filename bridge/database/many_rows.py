"""Rows written and deleted past the ORM, few or many."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Delete, Insert, Table, Text, TextClause, bindparam, delete, insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bridge.database.columns import Instant
from bridge.database.rows import Row, table_of

#: Tables whose statements stay built.
KEPT_STATEMENTS = 256

#: A document ends with the row by which it becomes as large, so that neither side holds too much at once.
BYTES_OF_A_DOCUMENT = 4_000_000

_QUOTE = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]  # SQLAlchemy's own


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
    _execute(connection, table, _inserting(table, tuple(rows[0])), rows)


def put_rows(connection: Connection, row: type[Row], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of the same columns; those whose key exists already become as they are given.

    On PostgreSQL that costs less than to delete and to insert them: what the key refers to is not looked up.
    """
    table = table_of(row)
    if connection.dialect.name == "postgresql":
        _execute(connection, table, _putting(table, tuple(rows[0])), rows)
    else:
        connection.execute(_putting_one(table, tuple(rows[0])), list(rows))


def delete_rows(connection: Connection, row: type[Row], keys: Sequence[Mapping[str, Any]]) -> None:
    """Delete the rows of these keys, each of the same columns; those that are not there are passed over."""
    if connection.dialect.name == "postgresql":
        table = table_of(row)
        _execute(connection, table, _deleting(table, tuple(keys[0])), keys)
    else:
        connection.execute(_deleting_one(table_of(row), tuple(keys[0])), list(keys))


def _execute(
    connection: Connection, table: Table, statement: TextClause, rows: Sequence[Mapping[str, Any]]
) -> None:
    _check(table, rows)
    for document in _documents(rows):
        connection.execute(statement, {"rows": document.decode()})


def _documents(rows: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    part: list[bytes] = []
    size = 0
    for row in rows:
        part.append(orjson.dumps(row, _written))
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
def _putting(table: Table, names: tuple[str, ...]) -> TextClause:
    key = ", ".join(_QUOTE(column.name) for column in table.primary_key)
    given = ", ".join(f"{_QUOTE(name)} = excluded.{_QUOTE(name)}" for name in _besides_the_key(table, names))
    return text(f"{_inserting(table, names)} ON CONFLICT ({key}) DO UPDATE SET {given}")


@lru_cache(maxsize=KEPT_STATEMENTS)
def _putting_one(table: Table, names: tuple[str, ...]) -> Insert:
    statement = sqlite.insert(table)
    given = {name: statement.excluded[name] for name in _besides_the_key(table, names)}
    return statement.on_conflict_do_update(index_elements=table.primary_key, set_=given)


def _besides_the_key(table: Table, names: Sequence[str]) -> list[str]:
    return [name for name in names if name not in table.primary_key]


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


def _check(table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what a parameter of a column's own type would refuse, and a document would not.

    Raises ``ValueError`` for an instant without an offset, which PostgreSQL would take for the session's, and
    ``TypeError`` for what is no text, which it would write down as JSON.
    """
    for column in (table.c[name] for name in rows[0]):
        given = (value for value in map(itemgetter(column.name), rows) if value is not None)
        if isinstance(column.type, Instant):
            local = next((value for value in given if value.tzinfo is None), None)
            if local is not None:
                raise ValueError(f"{local} has no offset: instants are stored in UTC")
        elif isinstance(column.type, Text):
            other = next((value for value in given if not isinstance(value, str)), None)
            if other is not None:
                raise TypeError(f"{type(other).__name__} is no value of {column}, which holds text")


def _written(value: object) -> str:
    """Return what orjson has no word for, as PostgreSQL reads it."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no value of a column")
