"""Pytest hooks that let coverage rest where it would only see again what it sees elsewhere.

Where coverage traces, everything takes about twice as long, whatever code it is: Python up to 3.13 looks up
the line of each instruction, those of SQLAlchemy and Hypothesis as well. So it does not trace the hundreds of
examples of a property, nor the SQLite half of a test that runs on both databases; commands, the story and
many tests run on SQLite alone, and are traced, as is all of tests/database, which is about what differs. Nor
the house tests, which read code and run none of it, nor a test that is marked as one that ``repeats`` what
another runs. The processes that such a test starts are not measured at all, which spares each of them a
second. What nothing else runs shows in the report as missing.
"""

import importlib
import os
import pkgutil
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import coverage
import pytest

import bridge

ON_SQLITE = re.compile(r"(?<=[\[-])sqlite(?=[\]-])")
REPEATS = pytest.StashKey[bool]()
#: In which coverage hands itself on to the processes that a measured one starts.
OF_PROCESSES = "COVERAGE_PROCESS_CONFIG"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ids = {item.nodeid for item in items}
    for item in items:
        twin = ON_SQLITE.sub("postgresql", item.nodeid)
        has_twin = twin != item.nodeid and twin in ids and not item.nodeid.startswith("tests/database/")
        reads_code = item.nodeid.startswith("tests/house/")
        says_so = "hypothesis" in item.keywords or "repeats" in item.keywords
        item.stash[REPEATS] = has_twin or reads_code or says_so


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Import what is measured, traced; then rest while pytest reads and rewrites the tests."""
    counting = coverage.Coverage.current()
    leaves_it_to_workers = session.config.getoption("dist", "no") != "no"
    if counting is None or leaves_it_to_workers:
        return (yield)
    import_everything()
    with resting(counting):
        return (yield)


def import_everything() -> None:
    """Import what tests would import late, perhaps first in one that is not traced."""
    for module in pkgutil.walk_packages(bridge.__path__, "bridge."):
        if not module.name.startswith(("bridge.__main__", "bridge.database.migrations")):
            importlib.import_module(module.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    counting = coverage.Coverage.current()
    if counting is None or not item.stash[REPEATS]:
        return (yield)
    with resting(counting):
        return (yield)


@contextmanager
def resting(counting: coverage.Coverage) -> Iterator[None]:
    """Trace nothing meanwhile, neither here nor in processes that are started.

    Of coverage its tracers alone: to stop and start all of it looks through each module loaded, every time.
    """
    tracers = counting._collector
    of_processes = os.environ.pop(OF_PROCESSES, None)
    tracers.pause()
    try:
        yield
    finally:
        tracers.stop()
        tracers.start()
        if of_processes is not None:
            os.environ[OF_PROCESSES] = of_processes
