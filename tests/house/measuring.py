"""Pytest hooks that let coverage rest where it would only see again what it sees elsewhere.

Where coverage traces, everything takes about twice as long, whatever code it is: Python up to 3.13 looks up
the line of each instruction, those of SQLAlchemy and Hypothesis as well. So it does not trace the hundreds of
examples of a property, nor the SQLite half of a test that runs on both databases; commands, the story and
many tests run on SQLite alone, and are traced, as is all of tests/database, which is about what differs. Nor
the house tests, which read code and run none of it. What nothing else runs shows in the report as missing.
"""

import importlib
import pkgutil
import re
from collections.abc import Generator

import coverage
import pytest

import bridge

ON_SQLITE = re.compile(r"(?<=[\[-])sqlite(?=[\]-])")
REPEATS = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ids = {item.nodeid for item in items}
    for item in items:
        twin = ON_SQLITE.sub("postgresql", item.nodeid)
        has_twin = twin != item.nodeid and twin in ids and not item.nodeid.startswith("tests/database/")
        reads_code = item.nodeid.startswith("tests/house/")
        item.stash[REPEATS] = has_twin or reads_code or "hypothesis" in item.keywords


def import_everything() -> None:
    """Import what tests would import late, perhaps first in one that is not traced."""
    if coverage.Coverage.current() is None:
        return
    for module in pkgutil.walk_packages(bridge.__path__, "bridge."):
        if not module.name.startswith(("bridge.__main__", "bridge.database.migrations")):
            importlib.import_module(module.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    counting = coverage.Coverage.current()
    if counting is None or not item.stash[REPEATS]:
        return (yield)
    # Its tracers alone: to stop and start all of coverage looks through each module loaded, every time.
    tracers = counting._collector
    tracers.pause()
    try:
        return (yield)
    finally:
        tracers.stop()
        tracers.start()
