"""Statements handed to PostgreSQL's protocol as they are, past what binds and reads them anew each time.

SQLAlchemy compiles, its types and psycopg's adapters convert. What is left out is the context, the cursor and
the result that both make for each execution: they cost several times what PostgreSQL needs for a look-up by
key. The protocol's own prepared statements are used, one name for each statement on each connection.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

from psycopg import abc
from psycopg.adapt import Buffer, PyFormat, Transformer
from psycopg.errors import Error, error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Delete, Insert, Select, Update
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Connection, IteratorResult, Result
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Statement = Select[Any] | Insert | Update | Delete
Converter = Callable[[Any], Any]

#: Statements that stay compiled.
KEPT_STATEMENTS = 512

#: The key of a pooled connection's ``info`` under which it keeps the names that it has prepared.
PREPARED = "bridge_prepared"

#: And the key of its converter.
TRANSFORMER = "bridge_transformer"

_DIALECT = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy's own
_NUMBERS = count(1)
_DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


@dataclass(frozen=True, slots=True, eq=False)
class Direct:
    """A compiled statement: its parameters in order, and how values and columns are converted."""

    name: bytes
    sql: bytes
    parameters: tuple[str, ...]
    constants: Mapping[str, Any]
    binds: tuple[tuple[int, Converter], ...]
    columns: SimpleResultMetaData
    reads: tuple[tuple[int, Converter], ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement with its values in the protocol's text format."""

    direct: Direct
    arguments: Sequence[Buffer | None]


def execute(connection: Connection, statement: Statement, values: Mapping[str, Any]) -> Result[Any]:
    """Execute a statement in the transaction that has begun: directly on PostgreSQL, if that can be.

    Raises what SQLAlchemy raises, such as ``IntegrityError``.
    """
    bound = bind(connection, statement, values)
    if bound is None:
        return connection.execute(statement, values)
    tell(connection, [bound])
    driver: Any = connection.connection.driver_connection
    names = prepared_names(connection)
    try:
        if bound.direct.name not in names:
            check(driver.pgconn.prepare(bound.direct.name, bound.direct.sql))
            names.add(bound.direct.name)
        result = check(driver.pgconn.exec_prepared(bound.direct.name, bound.arguments))
    except Error as error:
        raise as_callers_catch_it(connection, bound.direct, error) from error
    return _rows(connection, bound.direct, result)


def bind(connection: Connection, statement: Statement, values: Mapping[str, Any]) -> Bound | None:
    """Return a statement with its values as the protocol takes them.

    None where it has to go SQLAlchemy's way: on SQLite, with ``IN`` over a list (see ``one_of``), or with
    defaults to be filled in.
    """
    if connection.dialect.name != "postgresql":
        return None
    direct = _compiled(statement, tuple(values))
    if direct is None:
        return None
    given = {**direct.constants, **values}
    arguments = [given[name] for name in direct.parameters]
    for position, convert in direct.binds:
        arguments[position] = convert(arguments[position])
    formats = [PyFormat.TEXT] * len(arguments)
    return Bound(direct, _transformer(connection).dump_sequence(arguments, formats))


def prepared_names(connection: Connection) -> set[bytes]:
    """Return the names of the statements that a connection of the pool has prepared."""
    names: set[bytes] = connection.connection.info.setdefault(PREPARED, set())
    return names


def tell(connection: Connection, bound: Sequence[Bound]) -> None:
    """Tell SQLAlchemy's listeners of what is about to be executed, once of each statement."""
    listeners = connection.dispatch.before_cursor_execute
    if listeners:
        for direct in dict.fromkeys(each.direct for each in bound):
            listeners(connection, None, direct.sql.decode(), None, None, len(bound) > 1)


def _transformer(connection: Connection) -> abc.Transformer:
    """Return what converts on this connection: it remembers how each type is converted."""
    pooled = connection.connection
    known: abc.Transformer | None = pooled.info.get(TRANSFORMER)
    if known is None:
        known = pooled.info[TRANSFORMER] = Transformer(pooled.driver_connection)
    return known


def check(result: PGresult) -> PGresult:
    """Return the result. Raises psycopg's error for one that tells of a failure."""
    if result.status not in _DONE:
        raise error_from_result(result)
    return result


def as_callers_catch_it(connection: Connection, direct: Direct, error: Error) -> BaseException:
    """Return psycopg's error as SQLAlchemy's; a connection that is gone leaves the pool."""
    gone = connection.invalidated or _is_gone(connection)
    if gone and not connection.invalidated:
        connection.invalidate(error)
    return DBAPIError.instance(
        direct.sql.decode(), None, error, Error, hide_parameters=True,
        connection_invalidated=gone, dialect=connection.dialect,
    )  # fmt: skip


def _is_gone(connection: Connection) -> bool:
    driver: Any = connection.connection.driver_connection
    return bool(driver.pgconn.status == ConnStatus.BAD)


def _rows(connection: Connection, direct: Direct, result: PGresult) -> Result[Any]:
    transformer = _transformer(connection)
    transformer.set_pgresult(result)
    rows = transformer.load_rows(0, result.ntuples, tuple)
    if direct.reads:
        rows = [_read(row, direct.reads) for row in rows]
    return IteratorResult(direct.columns, iter(rows))


def _read(row: tuple[Any, ...], reads: tuple[tuple[int, Converter], ...]) -> tuple[Any, ...]:
    values = list(row)
    for position, convert in reads:
        values[position] = convert(values[position])
    return tuple(values)


@lru_cache(maxsize=KEPT_STATEMENTS)
def _compiled(statement: Statement, names: tuple[str, ...]) -> Direct | None:
    """Compile a statement for values of these names; None where SQLAlchemy has to change or add some."""
    compiled = statement.compile(dialect=_DIALECT, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 (what a statement compiles to)
    late = compiled.post_compile_params or compiled.literal_execute_params
    if late or compiled.insert_prefetch or compiled.update_prefetch:
        return None
    parameters = tuple(compiled.positiontup or ())
    binds: Mapping[str, Any] = compiled._bind_processors  # noqa: SLF001 (what executes them reads them so)
    columns = compiled._result_columns  # noqa: SLF001 (as above)
    reads = [each.type._cached_result_processor(_DIALECT, None) for each in columns]  # noqa: SLF001 (as above)
    return Direct(
        name=b"bridge_%d" % next(_NUMBERS),
        sql=compiled.string.encode(),
        parameters=parameters,
        constants={name: value for name, value in compiled.params.items() if name not in names},
        binds=tuple((at, binds[name]) for at, name in enumerate(parameters) if name in binds),
        columns=SimpleResultMetaData([each.keyname for each in columns]),
        reads=tuple((at, read) for at, read in enumerate(reads) if read is not None),
    )
