"""That the migrations make the tables that the code declares."""

from importlib import import_module

from bridge.database.migrate import differences, upgrade
from tests.house.sources import name, python_files


def declare_all_tables() -> None:
    for path in python_files("bridge"):
        if path.name == "tables.py":
            import_module(name(path).removesuffix(".py").replace("/", "."))


def test_a_migrated_database_has_the_declared_tables(database_url: str):
    declare_all_tables()
    assert differences(database_url) == []


def test_migrating_twice_changes_nothing(database_url: str):
    declare_all_tables()
    upgrade(database_url)
    assert differences(database_url) == []
