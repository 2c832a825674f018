"""One running bridge on each database for all tests of a module; its clock is driven."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

import config.settings
from bridge.app import create_app
from config.settings import Settings
from tests.api.customers import OCTOBER, SEPTEMBER, Customer, Running, add_customer, live_through_september
from tests.servers import migrated_copies

CLOCK = "BRIDGE_CLOCK_FILE"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("api")
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
        app = create_app(Settings(var=folder, database_url=url, secret_key="k" * 32, page_most=50))
        bridge = Running(app, folder / "clock")
        bridge.set_clock(SEPTEMBER)
        yield bridge
        bridge.parts.request_log.close()
        bridge.database.dispose()
        del os.environ[CLOCK]
        config.settings.settings.cache_clear()


@pytest.fixture(scope="module")
def lindqvist(running: Running) -> Customer:
    customer = add_customer(running, "Lindqvist Freight")
    live_through_september(running, customer)
    return customer


@pytest.fixture(scope="module")
def okonkwo(running: Running) -> Customer:
    customer = add_customer(running, "Okonkwo Textiles")
    running.set_clock(OCTOBER)
    return customer
