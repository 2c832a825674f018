"""A tenant whose seats are written down directly, to be invoiced."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from bridge.database.engine import open_engine
from bridge.database.sessions import Database
from config.settings import Settings
from tests.invoicing.books import Books


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    engine: Engine = open_engine(Settings(database_url=database_url))
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def books(database: Database) -> Books:
    return Books.of(database)
