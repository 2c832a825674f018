"""Threads go on with their connection of PostgreSQL, and nothing of one transaction reaches the next."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import select, text

from bridge.database.engine import open_engine
from bridge.database.lanes import TRUSTED_SECONDS
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import Database, TenantSession
from bridge.tenants.tables import Connection
from config.settings import Settings
from tests.database.opened import add_connection, add_tenant
from tests.database.test_direct import cut_off

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

NAMES = prepared(select(table_of(Connection).c.name))


def backend(session: TenantSession) -> int:
    """Return the process of PostgreSQL that answers, also to what SQLAlchemy executes itself."""
    return session.scalar(text("SELECT pg_backend_pid()"))


def backend_of(database: Database, tenant_id: str) -> int:
    with database.read(tenant_id) as session:
        return backend(session)


def test_a_thread_goes_on_with_its_connection_and_another_has_another(database: Database, tenant_id: str):
    mine = backend_of(database, tenant_id)
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(backend_of, database, tenant_id).result()
    assert theirs != mine
    assert backend_of(database, tenant_id) == mine


def test_a_transaction_within_another_has_a_connection_of_its_own(database: Database, tenant_id: str):
    with database.write(tenant_id) as outer, database.write(tenant_id) as inner:
        assert backend(outer) != backend(inner)
    assert len({backend_of(database, tenant_id) for _ in range(3)}) == 1


def test_the_next_transaction_of_a_thread_sees_its_own_tenant_alone(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    add_connection(database, tenant_id, "Mine")
    add_connection(database, other, "Theirs")
    for _ in range(2):
        for tenant, seen in ((tenant_id, ["Mine"]), (other, ["Theirs"])):
            with database.read(tenant) as session:
                assert session.run(NAMES).scalars() == seen
                assert session.scalars(select(Connection.name)).all() == seen


def test_what_is_abandoned_is_gone_for_the_next_transaction(database: Database, tenant_id: str):
    for by_the_orm in (False, True):
        with suppress(ZeroDivisionError), database.write(tenant_id) as session:
            session.run(NAMES)
            if by_the_orm:
                session.execute(text("SET LOCAL application_name = 'abandoned'"))
            raise ZeroDivisionError
        with database.read(tenant_id) as session:
            assert session.scalar(text("SHOW application_name")) != "abandoned"
            assert session.run(NAMES).all() == []


def test_one_that_was_refused_a_statement_leaves_a_sound_connection(database: Database, tenant_id: str):
    before = backend_of(database, tenant_id)
    with pytest.raises(Exception, match="division by zero"), database.write(tenant_id) as session:
        session.execute(text("SELECT 1 / 0"))
    with database.read(tenant_id) as session:
        assert backend(session) == before
        assert session.run(NAMES).all() == []


def test_a_connection_that_ended_while_it_rested_is_replaced(
    database: Database, tenant_id: str, monkeypatch: pytest.MonkeyPatch
):
    with database.read(tenant_id) as session:
        before = backend(session)
        session.run(NAMES)
        connection = session.present()
    cut = TenantSession(database.engine, tenant_id)
    cut._present = connection
    cut_off(cut)
    later = time.monotonic() + 2 * TRUSTED_SECONDS
    monkeypatch.setattr("time.monotonic", lambda: later)
    assert backend_of(database, tenant_id) != before


def test_no_more_connections_rest_than_the_pool_keeps(database_url: str, tenant_id: str):
    database = Database(open_engine(Settings(database_url=database_url, database_pool_size=2)))
    for _ in range(2):
        together = threading.Barrier(4)

        def work(together: threading.Barrier = together) -> int:
            with database.read(tenant_id) as session:
                session.run(NAMES)
                together.wait(30)
            together.wait(30)
            return database.engine.pool.checkedout()

        with ThreadPoolExecutor(4) as threads:
            assert max(threads.map(lambda _: work(), range(4))) <= 2
    database.dispose()
    assert database.engine.pool.checkedout() == 0


def test_all_who_work_on_an_engine_share_its_connections(database: Database, tenant_id: str):
    mine = backend_of(database, tenant_id)
    assert {backend_of(Database(database.engine), tenant_id) for _ in range(50)} == {mine}


def test_a_forked_child_leaves_its_parents_connection_alone(database: Database, tenant_id: str):
    mine = backend_of(database, tenant_id)
    child = os.fork()
    if not child:
        signal.alarm(60)
        database.leave_to_parent()
        theirs = backend_of(database, tenant_id)
        os._exit(0 if theirs != mine else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert backend_of(database, tenant_id) == mine
