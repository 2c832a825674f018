"""Statements handed to PostgreSQL's protocol as they are, past what binds and reads them anew each time.

SQLAlchemy compiles, its types and psycopg's adapters convert. What is left out is the context, the cursor and
the result that both make for each execution: they cost several times what PostgreSQL needs for a look-up by
key. The protocol's own prepared statements are used, one name for each statement on each connection.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count
from typing import Any, NamedTuple

from psycopg.adapt import Buffer, PyFormat
from psycopg.errors import Error
from psycopg.pq.abc import PGresult
from sqlalchemy import Delete, Insert, Select, Update
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from bridge.database.results import Rows
from bridge.database.wire import Wire, as_callers_catch_it, check, wire_of

Statement = Select[Any] | Insert | Update | Delete
Converter = Callable[[Any], Any]

#: Statements that stay compiled.
KEPT_STATEMENTS = 512

_DIALECT = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy's own
_NUMBERS = count(1)
# The names are known when a statement is compiled.
_row: Callable[..., Any] = partial(namedtuple, "row", rename=True)  # noqa: PYI024 (see above)


@dataclass(frozen=True, slots=True, eq=False)
class Direct:
    """A compiled statement: its parameters in order, and how values and columns are converted."""

    name: bytes
    sql: bytes
    parameters: tuple[str, ...]
    formats: tuple[PyFormat, ...]
    constants: Mapping[str, Any]
    binds: tuple[tuple[int, Converter], ...]
    row: Callable[[Sequence[Any]], Any]
    reads: tuple[tuple[int, Converter], ...]


def plain(name: bytes, sql: bytes) -> Direct:
    """Return SQL of ours as a statement of which nothing is read, whose values are written as they are."""
    return Direct(name, sql, parameters=(), formats=(), constants={}, binds=(), row=tuple, reads=())


class Bound(NamedTuple):
    """A statement with its values in the protocol's text format."""

    direct: Direct
    arguments: Sequence[Buffer | None]


def execute(connection: Connection, statement: Statement, values: Mapping[str, Any]) -> Rows:
    """Execute a statement in the transaction that has begun: directly on PostgreSQL, if that can be.

    Raises what SQLAlchemy raises, such as ``IntegrityError``.
    """
    wire = wire_of(connection)
    bound = bind(wire, statement, values) if wire is not None else None
    if wire is None or bound is None:
        result = connection.execute(statement, values)
        return Rows(list(result) if result.returns_rows else [])
    tell(connection, [bound])
    direct = bound.direct
    try:
        answered = wire.execute(direct.name, direct.sql, bound.arguments)
    except Error as error:
        raise as_callers_catch_it(connection, wire, direct.sql, error) from error
    return read_all(wire, direct, answered)


def send(connection: Connection, sql: bytes) -> None:
    """Execute SQL of which nothing is read, on PostgreSQL."""
    wire = wire_of(connection)
    assert wire is not None  # noqa: S101 (who sends has looked)
    try:
        check(wire.server.exec_(sql))
    except Error as error:
        raise as_callers_catch_it(connection, wire, sql, error) from error


def bind(wire: Wire, statement: Statement, values: Mapping[str, Any]) -> Bound | None:
    """Return a statement with its values as the protocol takes them.

    None where it has to go SQLAlchemy's way: with ``IN`` over a list (see ``one_of``), or with defaults to be
    filled in. Raises what SQLAlchemy raises.
    """
    direct = _compiled(statement, tuple(values))
    if direct is None:
        return None
    given = {**direct.constants, **values} if direct.constants else values
    arguments = [given[name] for name in direct.parameters]
    for position, convert in direct.binds:
        arguments[position] = convert(arguments[position])
    try:
        return Bound(direct, wire.transformer.dump_sequence(arguments, direct.formats))
    except Error as error:  # a value that no column of PostgreSQL holds, such as text with a NUL
        sql = direct.sql.decode()
        raise DBAPIError.instance(sql, None, error, Error, hide_parameters=True, dialect=_DIALECT) from error


def tell(connection: Connection, bound: Sequence[Bound]) -> None:
    """Tell SQLAlchemy's listeners of what is about to be executed, once of each statement."""
    listeners = connection.dispatch.before_cursor_execute
    if listeners:
        for direct in dict.fromkeys(each.direct for each in bound):
            listeners(connection, None, direct.sql.decode(), None, None, len(bound) > 1)


def read_all(wire: Wire, direct: Direct, answered: PGresult) -> Rows:
    """Return the rows of an answer as the statement's columns convert them."""
    if not answered.ntuples:
        return Rows([])
    wire.transformer.set_pgresult(answered)
    if not direct.reads:
        return Rows(wire.transformer.load_rows(0, answered.ntuples, direct.row))
    rows = wire.transformer.load_rows(0, answered.ntuples, list)
    for row in rows:
        for position, convert in direct.reads:
            row[position] = convert(row[position])
    return Rows([direct.row(row) for row in rows])


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
    row = _row([each.keyname for each in columns])
    reads = [each.type._cached_result_processor(_DIALECT, None) for each in columns]  # noqa: SLF001 (as above)
    return Direct(
        name=b"bridge_%d" % next(_NUMBERS),
        sql=compiled.string.encode(),
        parameters=parameters,
        formats=(PyFormat.TEXT,) * len(parameters),
        constants={name: value for name, value in compiled.params.items() if name not in names},
        binds=tuple((at, binds[name]) for at, name in enumerate(parameters) if name in binds),
        row=row._make,
        reads=tuple((at, read) for at, read in enumerate(reads) if read is not None),
    )
