"""A company whose facts, rules, seats and invoices are all there."""

from collections.abc import Iterator

import pytest

from bridge.database.engine import open_engine
from bridge.database.sessions import Database
from config.settings import Settings
from tests.oversight.company import Company


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    engine = open_engine(Settings(database_url=database_url))
    yield Company(Database(engine))
    engine.dispose()
