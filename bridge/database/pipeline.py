"""Statements sent to PostgreSQL in one round trip, the commit with them (libpq's pipeline mode)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from psycopg.errors import Error, OperationalError
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Insert, Table
from sqlalchemy.engine import Connection

from bridge.database.direct import Bound, Statement, bind, read_all, tell
from bridge.database.many_rows import insert_many
from bridge.database.results import Rows
from bridge.database.wire import Wire, as_callers_catch_it, check, wire_of

Waiting = tuple[Statement, Mapping[str, Any]]

#: More are executed one run after the other, each run of one statement at once.
MOST_TOGETHER = 50

#: More rows than these of one table alone cost less as one document than as so many statements.
MOST_SINGLY = 8


def execute_together(connection: Connection, waiting: Sequence[Waiting], *, commit: bool = False) -> None:
    """Execute statements in their order, of which nothing is read; on PostgreSQL in one round trip.

    ``commit`` has the transaction end in the same trip, where that can be; who asks for it commits
    afterwards in any case. Raises as ``direct.execute`` does.
    """
    wire = wire_of(connection)
    if wire is None:
        for statement, run in _runs(waiting):
            connection.execute(statement, run)
        return
    most = MOST_SINGLY if waiting[0][0] is waiting[-1][0] else MOST_TOGETHER
    bound = [bind(wire, *each) for each in waiting] if len(waiting) <= most else []
    ready = [each for each in bound if each is not None]
    if len(ready) == len(waiting):
        _send(connection, wire, ready, commit=commit)
        return
    for statement, run in _runs(waiting):
        table = statement.table if isinstance(statement, Insert) and len(run) > MOST_SINGLY else None
        if isinstance(table, Table) and bind(wire, statement, run[0]) is not None:
            insert_many(connection, table, run)
        else:
            connection.execute(statement, run)


def execute_last(connection: Connection, statement: Statement, values: Mapping[str, Any]) -> Rows | None:
    """Execute a statement and commit in the same round trip; None, and nothing done, where that cannot be.

    Raises as ``direct.execute`` does; the transaction is then still to be ended.
    """
    wire = wire_of(connection)
    bound = bind(wire, statement, values) if wire is not None else None
    if wire is None or bound is None:
        return None
    answered, _committed = _send(connection, wire, [bound], commit=True)
    return read_all(wire, bound.direct, answered)


def execute_first(
    connection: Connection, beginning: Sequence[Bound], asked: Sequence[Waiting], *, commit: bool = False
) -> list[Rows] | None:
    """Begin a transaction and execute its first statements in one round trip; return what each answers.

    ``commit`` ends it as well. None, and nothing done, where that cannot be. Raises as ``direct.execute``
    does; the transaction is then still to be ended.
    """
    wire = wire_of(connection)
    bound = [bind(wire, *each) for each in asked] if wire is not None else []
    ready = [each for each in bound if each is not None]
    if wire is None or len(ready) < len(asked):
        return None
    answers = _send(connection, wire, ready, beginning=beginning, commit=commit)[len(beginning) :]
    return [
        read_all(wire, each.direct, answer) for each, answer in zip(ready, answers[: len(ready)], strict=True)
    ]


def _runs(waiting: Sequence[Waiting]) -> Iterator[tuple[Statement, list[Mapping[str, Any]]]]:
    """Put together what follows each other in the same statement."""
    for (_, statement, _), run in groupby(waiting, key=lambda each: (id(each[0]), each[0], tuple(each[1]))):
        yield statement, [values for _, values in run]


def _send(
    connection: Connection,
    wire: Wire,
    bound: Sequence[Bound],
    *,
    beginning: Sequence[Bound] = (),
    commit: bool,
) -> list[PGresult]:
    """Return what each statement answers, those of the beginning first and the commit's last."""
    tell(connection, bound)
    try:
        wire.server.enter_pipeline_mode()
        asked = _queue(wire, [*beginning, *bound], commit=commit)
        answers = _answers(wire)
        wire.server.exit_pipeline_mode()
    except Error as error:
        connection.invalidate(error)  # nobody knows in what state the connection is
        raise as_callers_catch_it(connection, wire, bound[-1].direct.sql, error) from error
    for (each, _), answer in zip(asked, answers, strict=False):
        try:
            check(answer)
        except Error as error:
            raise as_callers_catch_it(connection, wire, each.direct.sql, error) from error
        wire.prepared.add(each.direct.name)
    return [answer for (_, executes), answer in zip(asked, answers, strict=True) if executes]


def _queue(wire: Wire, bound: Sequence[Bound], *, commit: bool) -> list[tuple[Bound, bool]]:
    """Have libpq keep what is to be sent; return what each answer will be about, and if it is executed."""
    server, asked = wire.server, list[tuple[Bound, bool]]()
    preparing: set[bytes] = set()
    for each in bound:
        name = each.direct.name
        if name not in wire.prepared and name not in preparing:
            preparing.add(name)
            server.send_prepare(name, each.direct.sql)
            asked.append((each, False))
        server.send_query_prepared(name, each.arguments)
        asked.append((each, True))
    if commit:
        server.send_query_params(b"COMMIT", None)
        asked.append((bound[-1], True))
    return asked


def _answers(wire: Wire) -> list[PGresult]:
    """Send what libpq keeps and wait for all answers, which PostgreSQL sends together."""
    server, answers = wire.server, list[PGresult]()
    server.pipeline_sync()
    while server.flush():  # it takes no more until it has sent something, or just not yet
        wire.progress.poll()
        server.consume_input()
    while True:
        while server.is_busy():
            wire.arrivals.poll()
            server.consume_input()
        answer = server.get_result()
        if answer is not None:
            if answer.status == ExecStatus.PIPELINE_SYNC:
                return answers
            answers.append(answer)
        elif server.status == ConnStatus.BAD:  # else nothing just ends the answers to one command
            raise OperationalError("the connection ended before all was answered")
