"""The database that these tests share."""

from collections.abc import Iterator

import pytest

from bridge.database.sessions import Database
from tests.database.opened import opened


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database
