"""That each test has a database of its own."""

import pytest
from sqlalchemy import create_engine, inspect, text

from bridge.database.migrate import is_current


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
