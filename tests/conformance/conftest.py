"""A bridge on each database that listens on a port, with the clients of a run."""

from collections.abc import Iterator

import pytest

from tests.conformance.live import Live, listening
from tests.servers import migrated_copies


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("conformance") / "database"
        with listening(
            migrated_copies.fresh_sqlite(request.getfixturevalue("migrated_sqlite"), folder)
        ) as live:
            yield live
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("migrated_postgresql")
    with migrated_copies.fresh_postgresql(server, template=template) as url, listening(url) as live:
        yield live
