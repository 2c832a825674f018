"""That each test has a database of its own."""

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text

from bridge.database.migrate import is_current
from tests.servers import migrated_copies


@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_one_test_writes_another_never_sees(database_url: str, turn: str):
    engine = create_engine(database_url)
    assert is_current(engine)
    assert "written" not in inspect(engine).get_table_names()
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE written (turn text)"))
        connection.execute(text("INSERT INTO written VALUES (:turn)"), {"turn": turn})
    engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_kind_of_database_may_be_asked_for(database_url: str):
    assert database_url.startswith("sqlite:///")


@pytest.fixture
def lent(postgresql_server, migrated_postgresql):
    def lend(*statements):
        """Lend a database, do this to it, and tell its name and how many tenants and tables it began with."""
        lending = migrated_copies.fresh_postgresql(postgresql_server, template=migrated_postgresql)
        with lending as url, psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            tenants = connection.execute("SELECT count(*) FROM due_tenants").fetchone()
            tables = connection.execute(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchone()
            oid = connection.execute(
                "SELECT oid FROM pg_database WHERE datname = current_database()"
            ).fetchone()
            for statement in statements:
                connection.execute(statement)
            return url, oid, tenants, tables

    return lend


ROW = "INSERT INTO due_tenants (id, tenant_id, cause, wake_at) VALUES ('1', 'ada', 'changes', now())"


def test_a_database_is_emptied_and_lent_again_under_another_name(lent):
    first, second = lent(ROW), lent(ROW)
    assert first[1:] == second[1:]
    assert first[2] == (0,)
    assert first[0] != second[0]
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(first[0].replace("+psycopg", ""))


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE left_over (id text)",
        "ALTER TABLE due_tenants ADD COLUMN more text",
        "ALTER TABLE people NO FORCE ROW LEVEL SECURITY",
        "DELETE FROM alembic_version",
        "CREATE FUNCTION left_over() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "GRANT SELECT ON people TO PUBLIC",
    ],
)
def test_a_database_whose_tables_a_test_has_changed_is_not_lent_again(lent, change):
    _, oid, _, tables = lent(ROW, change)
    _, other, tenants, same = lent()
    assert (tenants, same) == ((0,), tables)
    assert other != oid
