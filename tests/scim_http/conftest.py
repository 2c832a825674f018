"""The application and the identity provider that these tests share.

One application on each database serves all tests of a run: every test brings a tenant of its own.
"""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.scim_http.speaking import Speaker, add_speaker, application
from tests.servers import migrated_copies


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("scim") / "database"
        yield migrated_copies.fresh_sqlite(request.getfixturevalue("migrated_sqlite"), folder)
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("migrated_postgresql")
    with migrated_copies.fresh_postgresql(server, template=template) as url:
        yield url


@pytest.fixture(scope="session")
def app(shared_database_url: str) -> Iterator[Flask]:
    with application(shared_database_url) as app:
        yield app


@pytest.fixture
def idp(app: Flask) -> Speaker:
    return add_speaker(app)
