"""Statements that go past SQLAlchemy's execution behave as those that do not."""

import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import bindparam, event, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from bridge.database.pipeline import MOST_TOGETHER
from bridge.database.prepared import Ask, prepared
from bridge.database.rows import table_of
from bridge.database.sessions import Database, TenantSession
from bridge.database.wire import WIRE
from bridge.directory.tables import ChangeDue
from bridge.errors import Conflict
from bridge.journal.tables import JournalEntry
from bridge.tenants.tables import Connection
from tests.database.opened import NOW, add_connection, add_tenant
from tests.servers.postgresql import PostgreSQL

DUE, CONNECTIONS, ENTRIES = (table_of(each).c for each in (ChangeDue, Connection, JournalEntry))
SOME = prepared(
    select(CONNECTIONS.name, CONNECTIONS.created_at, CONNECTIONS.live_from)
    .where(CONNECTIONS.id.in_(bindparam("ids", expanding=True)))
    .order_by(CONNECTIONS.name)
)
DETAILS = prepared(select(ENTRIES.action, ENTRIES.details).order_by(ENTRIES.id))
RENAME = prepared(update(table_of(Connection)).where(CONNECTIONS.id == bindparam("ident")))
NAMED = prepared(select(CONNECTIONS.id).where(CONNECTIONS.name == bindparam("name")))
CALLED = prepared(select(CONNECTIONS.name).where(CONNECTIONS.id == bindparam("ident")))
END_WAITING = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'
"""
SUBJECTS = prepared(select(DUE.subject_id).order_by(DUE.id))
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def cut_off(session: TenantSession) -> TenantSession:
    """End the connection as a network does."""
    driver: Any = session.present().connection.driver_connection
    with socket.socket(fileno=os.dup(driver.pgconn.socket)) as line:
        line.shutdown(socket.SHUT_RDWR)
    return session


def due(session: TenantSession, id_: str, subject_id: str = "somebody") -> dict[str, str]:
    row = {"id": id_, "subject_kind": "person", "subject_id": subject_id, "cause_id": "because"}
    return {"tenant_id": session.tenant_id, **row}


@pytest.mark.parametrize("number", [0, 1, 3, 4])
def test_a_list_of_any_length_finds_what_it_names(database: Database, tenant_id: str, number: int):
    ids = [add_connection(database, tenant_id, f"C{place}") for place in range(5)]
    with database.read(tenant_id) as session:
        names = session.run(SOME, ids=ids[:number]).scalars()
    assert names == [f"C{place}" for place in range(number)]


def test_one_row_is_one_and_nothing_else(database: Database, tenant_id: str):
    ids = [add_connection(database, tenant_id, name) for name in ("Live", "Watching")]
    with database.read(tenant_id) as session:
        assert session.run(SOME, ids=ids[:1]).one().name == "Live"
        assert session.run(SOME, ids=ids[:1]).scalar_one() == "Live"
        assert session.run(SOME, ids=[]).one_or_none() is None
        for several in (session.run(SOME, ids=ids).one, session.run(SOME, ids=ids).one_or_none):
            with pytest.raises(ValueError, match="too many"):
                several()
        with pytest.raises(ValueError, match="not enough"):
            session.run(SOME, ids=[]).one()


def test_instants_come_back_in_utc_and_nothing_as_nothing(database: Database, tenant_id: str):
    live = add_connection(database, tenant_id, "Live")
    watching = add_connection(database, tenant_id, "Watching", live=False)
    with database.read(tenant_id) as session:
        first, second = session.run(SOME, ids=[live, watching])
    assert (first.created_at, first.created_at.utcoffset()) == (NOW, timedelta(0))
    assert (first.live_from, second.live_from) == (NOW, None)


def test_documents_come_back_as_they_were(database: Database, tenant_id: str):
    with database.read(tenant_id) as session:
        found = session.run(DETAILS).all()
        assert found == session.execute(select(JournalEntry.action, JournalEntry.details)).all()
    assert found


def test_who_is_told_of_statements_is_told_of_these(database: Database, tenant_id: str):
    told: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *of: told.append(of[2]))
    with database.write(tenant_id) as session:
        session.run(SUBJECTS)
        session.hold_rows(ChangeDue, [due(session, "1")])
    assert sum("changes_due" in each for each in told) == 2


def test_a_refused_statement_changes_nothing_and_the_next_transaction_goes_on(
    database: Database, tenant_id: str
):
    with database.write(tenant_id) as session:
        session.add_rows(ChangeDue, [due(session, "1")])
    for _ in range(2):
        with pytest.raises(IntegrityError), database.write(tenant_id) as session:
            session.hold_rows(ChangeDue, [due(session, "2"), due(session, "1")])
    with database.write(tenant_id) as session:
        session.hold_rows(ChangeDue, [due(session, "3", "next")])
    with database.read(tenant_id) as session:
        assert session.run(SUBJECTS).scalars() == ["somebody", "next"]


def test_a_refusal_inside_a_savepoint_leaves_the_rest(database: Database, tenant_id: str):
    with database.write(tenant_id) as session:
        session.add_rows(ChangeDue, [due(session, "1")])
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add_rows(ChangeDue, [due(session, "2"), due(session, "1")])
        session.hold_rows(ChangeDue, [due(session, "4", "after")])
    with database.read(tenant_id) as session:
        assert session.run(SUBJECTS).scalars() == ["somebody", "after"]


@pytest.mark.parametrize("number", [1, MOST_TOGETHER, MOST_TOGETHER + 1])
def test_changes_and_rows_are_written_in_their_order(database: Database, tenant_id: str, number: int):
    connection = add_connection(database, tenant_id, "Before")
    with database.write(tenant_id) as session:
        for place in range(number):
            session.hold(RENAME, ident=connection, name=f"Name {place}")
        session.hold_rows(ChangeDue, [due(session, "1")])
    with database.read(tenant_id) as session:
        [name] = session.run(SOME, ids=[connection]).scalars()
        assert (name, session.run(SUBJECTS).scalars()) == (f"Name {number - 1}", ["somebody"])


def test_what_is_refused_at_the_commit_is_told_in_the_words_given(database: Database, tenant_id: str):
    told: list[str] = []

    def explain(error: IntegrityError) -> Exception | None:
        told.append(str(error.orig))
        return Conflict("it is there already") if "changes_due" in told[-1] else None

    def hold(session: TenantSession, *ids: str) -> None:
        session.hold_rows(ChangeDue, [due(session, each) for each in ids])
        session.explain(explain)

    with pytest.raises(Conflict), database.write(tenant_id) as session:
        hold(session, "1", "1")
    with database.write(tenant_id) as session:
        assert session.run(SUBJECTS).all() == []
        hold(session, "1")
    # The words went with what was held.
    with pytest.raises(IntegrityError), database.write(tenant_id) as session:
        session.hold_rows(ChangeDue, [due(session, "1")])
    assert len(told) == 1


@pytest.mark.parametrize("name", ["it's", "a\\b", "x'; ROLLBACK; --", "ü", "$1", None])
def test_the_statement_that_begins_a_transaction_takes_any_value_and_stays_in_the_tenant(
    database: Database, tenant_id: str, name: str | None
):
    other = add_tenant(database, "Okonkwo Textiles")
    mine = [add_connection(database, tenant_id, name)] if name is not None else []
    add_connection(database, other, name or "another")
    for _ in range(2):  # the first prepares it, the second executes it together with what begins
        with database.read(tenant_id) as session:
            assert session.begin_by(NAMED, name=name).scalars() == mine


def test_a_held_change_is_seen_by_whoever_reads_its_table(database: Database, tenant_id: str):
    connection = add_connection(database, tenant_id, "Before")
    with database.write(tenant_id) as session:
        session.hold(RENAME, ident=connection, name="Prepared")
        assert session.run(SOME, ids=[connection]).scalar_one() is not None
        assert session.scalar(select(Connection.name)) == "Prepared"
        session.hold(RENAME, ident=connection, name="Direct")
        assert session.connection().scalar(text("SELECT name FROM connections")) == "Direct"


def test_a_held_change_stays_in_its_tenant(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    theirs = add_connection(database, other, "Theirs")
    with database.write(tenant_id) as session:
        session.hold(RENAME, ident=theirs, name="Mine")
    with database.read(other) as session:
        assert session.scalar(select(Connection.name)) == "Theirs"


@POSTGRESQL
def test_what_is_prepared_outlives_a_rollback(database: Database, tenant_id: str):
    with database.write(tenant_id) as session:
        session.run(SUBJECTS)
        before = set(session.present().connection.info[WIRE].prepared)
    with suppress(ZeroDivisionError), database.write(tenant_id) as session:
        session.run(SUBJECTS)
        raise ZeroDivisionError
    with database.read(tenant_id) as session:
        assert session.run(SUBJECTS).all() == []
        assert session.present().connection.info[WIRE].prepared == before


@POSTGRESQL
@pytest.mark.parametrize("held", [False, True])
def test_a_connection_that_ended_is_told_and_replaced(database: Database, tenant_id: str, held: bool):  # noqa: FBT001 (a parameter of pytest)
    def ask(session: TenantSession) -> None:
        if held:
            session.add_rows(ChangeDue, [due(session, "1"), due(session, "2")])
        else:
            session.run(SUBJECTS)

    with pytest.raises(DBAPIError) as told, database.write(tenant_id) as session:
        ask(cut_off(session))
    assert told.value.connection_invalidated
    with database.write(tenant_id) as session:
        ask(session)


def test_more_than_a_socket_holds_is_sent_and_answered(database: Database, tenant_id: str):
    long = "long " * 400_000
    with database.write(tenant_id) as session:
        for number in range(6):
            session.hold_rows(ChangeDue, [due(session, f"{number}")])
            row = {"id": f"entry-{number}", "at": NOW, "action": "test:large:write", "actor_kind": "worker"}
            about = {"actor_id": "", "request_id": "", "subject_kind": "test", "subject_id": ""}
            session.hold_rows(
                JournalEntry, [{"tenant_id": tenant_id, **row, **about, "details": {"text": long}}]
            )
    with database.read(tenant_id) as session:
        assert len(session.run(SUBJECTS).all()) == 6
        told = [row.details for row in session.run(DETAILS) if row.action == "test:large:write"]
    assert told == [{"text": long}] * 6


@POSTGRESQL
def test_a_value_that_no_column_holds_is_refused_like_any_other(database: Database, tenant_id: str):
    with pytest.raises(DBAPIError, match="NUL") as told, database.write(tenant_id) as session:
        session.run(NAMED, name="a\x00b")
    assert not told.value.connection_invalidated
    with pytest.raises(DBAPIError, match="NUL"), database.write(tenant_id) as session:
        session.add_rows(ChangeDue, [due(session, "1", "a\x00b")])
    with database.read(tenant_id) as session:
        assert session.run(SUBJECTS).all() == []


@POSTGRESQL
def test_a_connection_that_ends_while_an_answer_is_awaited_is_told_and_replaced(
    database: Database, tenant_id: str, postgresql_server: PostgreSQL
):
    held, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with database.write(tenant_id) as session:
            session.add_rows(ChangeDue, [due(session, "1")])
            held.set()
            assert ended.wait(60)

    def end_the_one_that_waits() -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if postgresql_server.superuser.execute(END_WAITING, [database.engine.url.database]).fetchone():
                return
            time.sleep(0.01)

    with ThreadPoolExecutor(2) as threads:
        holding = threads.submit(hold)
        assert held.wait(60)
        ending = threads.submit(end_the_one_that_waits)
        with pytest.raises(DBAPIError) as told, database.write(tenant_id) as session:
            session.hold_rows(ChangeDue, [due(session, each) for each in ("0", "1", "2")])
        ended.set()
        holding.result()
        ending.result()
    assert told.value.connection_invalidated
    with database.read(tenant_id) as session:
        assert session.run(SUBJECTS).scalars() == ["somebody"]


def test_what_is_read_last_ends_the_transaction_and_what_follows_is_another_one(
    database: Database, tenant_id: str
):
    other = add_tenant(database, "Okonkwo Textiles")
    ours = add_connection(database, tenant_id, "Okta")
    add_connection(database, other, "Okta")
    for _ in range(2):  # the second time the statement is prepared
        with database.read(tenant_id) as session:
            assert session.run_last(NAMED, name="Okta").scalars() == [ours]
            assert session.run_last(NAMED, name="Nobody").scalars() == []
            assert session.run(NAMED, name="Okta").scalars() == [ours]
    with database.write(tenant_id) as session:  # who writes commits at the end alone
        session.add_rows(ChangeDue, [due(session, "one")])
        session.run_last(NAMED, name="Okta")
    with suppress(ZeroDivisionError), database.write(tenant_id) as failing:
        failing.add_rows(ChangeDue, [due(failing, "two")])
        failing.run_last(NAMED, name="Okta")
        raise ZeroDivisionError
    with database.read(tenant_id) as session:
        assert session.run(SUBJECTS).scalars() == ["somebody"]


@POSTGRESQL
def test_what_fails_when_it_is_read_last_leaves_a_connection_that_can_be_used(
    database: Database, tenant_id: str
):
    ours = add_connection(database, tenant_id, "Okta")
    broken = prepared(select(1 / (func.length(CONNECTIONS.name) - 4)))
    with pytest.raises(DBAPIError, match="division by zero"), database.read(tenant_id) as session:
        session.run_last(broken)
    with database.read(tenant_id) as session:
        assert session.run_last(NAMED, name="Okta").scalars() == [ours]


def told_of(database: Database) -> list[str]:
    """Keep what the database is asked from now on."""
    told: list[str] = []
    event.listen(
        database.engine, "before_cursor_execute", lambda _connection, _cursor, sql, *_: told.append(sql)
    )
    return told


@pytest.mark.parametrize("last", [False, True])
def test_what_was_asked_ahead_is_answered_once_and_in_the_tenant(
    database: Database,
    tenant_id: str,
    *,
    last: bool,
):
    other = add_tenant(database, "Okonkwo Textiles")
    ours = add_connection(database, tenant_id, "Okta")
    add_connection(database, other, "Okta")
    told = told_of(database)
    for _ in range(2):  # the second time the statements are prepared
        with database.read(tenant_id) as session:
            told.clear()
            ahead = Ask(NAMED, {"name": "Okta"}, last=last)
            assert session.begin_by(CALLED, ahead, ident=ours).scalars() == ["Okta"]
            assert len(told) == (2 if database.is_postgresql else 1)
            assert (session.run_last if last else session.run)(NAMED, name="Okta").scalars() == [ours]
            assert len(told) == 2
            assert session.run(NAMED, name="Okta").scalars() == [ours]
            assert len(told) == 3


def test_what_was_asked_ahead_answers_nothing_else(database: Database, tenant_id: str):
    okta, entra = (add_connection(database, tenant_id, name) for name in ("Okta", "Entra"))
    ahead = Ask(NAMED, {"name": "Okta"})
    with database.read(tenant_id) as session:
        session.begin_by(CALLED, ahead, ident=okta)
        assert session.run(NAMED, name="Entra").scalars() == [entra]
    with database.write(tenant_id) as session:
        session.begin_by(CALLED, ahead, ident=okta)
        session.hold(RENAME, ident=okta, name="Renamed")
        assert session.run(NAMED, name="Okta").scalars() == []
    with database.write(tenant_id) as session:
        session.begin_by(CALLED, Ask(NAMED, {"name": "Renamed"}), ident=okta)
        session.connection().execute(text("UPDATE connections SET name = 'Again' WHERE name = 'Renamed'"))
        assert session.run(NAMED, name="Renamed").scalars() == []


@POSTGRESQL
def test_whoever_asks_ahead_and_last_has_ended_the_transaction(database: Database, tenant_id: str):
    add_connection(database, tenant_id, "Okta")
    with database.read(tenant_id) as session:
        session.begin_by(CALLED, Ask(NAMED, {"name": "Okta"}, last=True), ident="")
        with database.read(tenant_id) as beside:  # has the connection that was given back
            wire = beside.present().connection.info[WIRE]
            assert wire.server.transaction_status == TransactionStatus.INTRANS
    with database.write(tenant_id) as session:  # whoever writes commits at the end alone
        session.begin_by(CALLED, Ask(NAMED, {"name": "Okta"}, last=True), ident="")
        wire = session.present().connection.info[WIRE]
        assert wire.server.transaction_status == TransactionStatus.INTRANS


@POSTGRESQL
def test_what_fails_when_it_is_asked_ahead_leaves_a_connection_that_can_be_used(
    database: Database, tenant_id: str
):
    ours = add_connection(database, tenant_id, "Okta")
    broken = prepared(select(1 / (func.length(CONNECTIONS.name) - 4)))
    for last in (False, True):
        with pytest.raises(DBAPIError, match="division by zero"), database.read(tenant_id) as session:
            session.begin_by(CALLED, Ask(broken, {}, last=last), ident=ours)
        with database.read(tenant_id) as session:
            assert session.run(NAMED, name="Okta").scalars() == [ours]
