"""What every test shares: the profile of property tests, databases, servers.

A test takes ``database_url`` and runs twice, on SQLite and on PostgreSQL, each time with an empty, migrated
database that nobody else uses. To run it on one of them only:
``@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)``.
``postgresql_url`` and ``redis_url`` are servers for the whole session (with xdist, of each worker): an
unmigrated PostgreSQL database, a Redis. Servers start when the first test asks for them.
"""

import gc
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest
import structlog
from hypothesis import HealthCheck, settings

from bridge.logs import QUIET, configure_logs
from config.settings import Settings
from tests.house.captured import pytest_runtest_makereport  # noqa: F401 - pytest finds its hooks here
from tests.house.measuring import (  # noqa: F401 - and here
    pytest_collection,
    pytest_collection_modifyitems,
    pytest_runtest_protocol,
)
from tests.servers import compiled, migrated_copies, postgresql, redis_server

SLOW = [HealthCheck.too_slow]
settings.register_profile("check", max_examples=100, deadline=None, suppress_health_check=SLOW)
settings.register_profile("proof", max_examples=5_000, deadline=None, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "check"))

compiled.share()


def pytest_collection_finish() -> None:
    """Let the collector look at what tests make, not each time at all that was imported, which stays anyway.

    It took up to three seconds of whichever test it fell into, and a sixth of the whole run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_sessionfinish() -> None:
    """Save what coverage has counted: on a busy machine xdist kills a worker before its exit does."""
    if (counted := coverage.Coverage.current()) is not None:
        counted.save()


@pytest.fixture(scope="session", autouse=True)
def logs_as_in_service() -> None:
    """Have our lines written as in service, where ``capsys`` finds them; leave libraries' to pytest."""
    configure_logs(Settings(), process="test")
    logging.getLogger().handlers.clear()


@pytest.fixture(autouse=True)
def logs_as_before(logs_as_in_service: None) -> Iterator[None]:
    """Undo what a test that starts a command or a worker in this process does to the logs."""
    root, ours = logging.getLogger(), structlog.get_config()
    handlers, levels = list(root.handlers), [logging.getLogger(name).level for name in ("", *QUIET)]
    yield
    root.handlers[:] = handlers
    for name, level in zip(("", *QUIET), levels, strict=True):
        logging.getLogger(name).setLevel(level)
    if structlog.get_config() != ours:
        structlog.configure(**ours)
        forget_loggers()


def forget_loggers() -> None:
    """Have each module's logger made anew: it stays as it was configured when it first wrote."""
    for name, module in sys.modules.items():
        if name.startswith(("bridge.", "workers.")) and (log := getattr(module, "log", None)) is not None:
            vars(log).pop("bind", None)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.PostgreSQL]:
    with postgresql.running() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: postgresql.PostgreSQL) -> str:
    return postgresql_server.create("empty")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server.running() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: postgresql.PostgreSQL) -> str:
    migrated_copies.migrate(postgresql_server.create(migrated_copies.TEMPLATE))
    return migrated_copies.TEMPLATE


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    migrated_copies.migrate(migrated_copies.sqlite_url(folder))
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield migrated_copies.fresh_sqlite(request.getfixturevalue("migrated_sqlite"), tmp_path / "database")
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("migrated_postgresql")
    with migrated_copies.fresh_postgresql(server, template=template) as url:
        yield url
