"""One running bridge with a driven clock, on whichever database a fixture is asked for."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

import config.settings
from bridge.app import create_app
from config.settings import Settings
from tests.api.customers import SEPTEMBER, Running
from tests.servers import migrated_copies

CLOCK = "BRIDGE_CLOCK_FILE"


@contextmanager
def running_bridge(request: pytest.FixtureRequest, folder: Path, **chosen: Any) -> Iterator[Running]:  # noqa: ANN401 (each setting has its own type)
    """Run a bridge on the database that is the fixture's parameter; ``chosen`` are settings of its own."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = migrated_copies.fresh_sqlite(
                request.getfixturevalue("migrated_sqlite"), folder / "database"
            )
        else:
            server = request.getfixturevalue("postgresql_server")
            template = request.getfixturevalue("migrated_postgresql")
            url = stack.enter_context(migrated_copies.fresh_postgresql(server, template=template))
        os.environ[CLOCK] = str(folder / "clock")
        config.settings.settings.cache_clear()
        settings = Settings(var=folder, database_url=url, secret_key="k" * 32, **chosen)
        bridge = Running(create_app(settings), folder / "clock")
        bridge.set_clock(SEPTEMBER)
        yield bridge
        bridge.parts.request_log.close()
        bridge.database.dispose()
        del os.environ[CLOCK]
        config.settings.settings.cache_clear()
