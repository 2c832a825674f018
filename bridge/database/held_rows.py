"""Rows that wait to be inserted together: a request adds one to each of several tables."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bridge.database.rows import Row, table_of

#: Rows of one statement; more are inserted table by table.
MOST_TOGETHER = 12

#: Combinations of tables whose statements stay built.
KEPT_STATEMENTS = 256

Held = tuple[type[Row], dict[str, Any]]


def insert_held(connection: Connection, held: Sequence[Held]) -> None:
    """Insert the rows in the order in which they came; on PostgreSQL in one round trip.

    There each row but the last is a data-modifying expression of the last one's statement. Foreign keys are
    checked at its end, so rows may refer to each other.
    """
    if connection.dialect.name != "postgresql" or not 1 < len(held) <= MOST_TOGETHER:
        for row, values in _by_table(held):
            connection.execute(insert_into(row), values if len(values) > 1 else values[0])
        return
    statement = _together(tuple((row, tuple(values)) for row, values in held))
    numbered = enumerate(values for _, values in held)
    named = {f"{position}_{name}": value for position, row in numbered for name, value in row.items()}
    connection.execute(statement, named)


@lru_cache(maxsize=KEPT_STATEMENTS)
def insert_into(row: type[Row]) -> Insert:
    """Return the statement that inserts whatever columns it is run with."""
    return insert(table_of(row))


def insert_missing(connection: Connection, row: type[Row], values: Sequence[dict[str, Any]]) -> None:
    """Insert rows of one table in one statement; those whose key exists already stay as they are."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table_of(row)).on_conflict_do_nothing(), list(values))


def _by_table(held: Sequence[Held]) -> list[tuple[type[Row], list[dict[str, Any]]]]:
    runs: list[tuple[type[Row], list[dict[str, Any]]]] = []
    for row, values in held:
        if runs and runs[-1][0] is row and runs[-1][1][0].keys() == values.keys():
            runs[-1][1].append(values)
        else:
            runs.append((row, [values]))
    return runs


@lru_cache(maxsize=KEPT_STATEMENTS)
def _together(shapes: tuple[tuple[type[Row], tuple[str, ...]], ...]) -> Insert:
    *others, last = (_with_names(position, *shape) for position, shape in enumerate(shapes))
    return last.add_cte(*(each.cte(f"row_{position}") for position, each in enumerate(others)))


def _with_names(position: int, row: type[Row], names: tuple[str, ...]) -> Insert:
    columns = table_of(row).c
    return insert(table_of(row)).values(
        {name: bindparam(f"{position}_{name}", type_=columns[name].type) for name in names}
    )
