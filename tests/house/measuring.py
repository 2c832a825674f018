"""Pytest hooks that let coverage rest where it would only see again what it sees elsewhere.

Where coverage traces, everything takes about twice as long, whatever code it is: Python up to 3.13 looks up
the line of each instruction, those of SQLAlchemy and Hypothesis as well. So it does not trace the hundreds of
examples of a property, nor the SQLite half of a test that runs on both databases; commands, the story and
many tests run on SQLite alone, and are traced. What nothing else runs shows in the report as missing.
"""

import re
from collections.abc import Generator

import coverage
import pytest

ON_SQLITE = re.compile(r"(?<=[\[-])sqlite(?=[\]-])")
REPEATS = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ids = {item.nodeid for item in items}
    for item in items:
        twin = ON_SQLITE.sub("postgresql", item.nodeid)
        has_twin = twin != item.nodeid and twin in ids
        item.stash[REPEATS] = has_twin or "hypothesis" in item.keywords


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    counting = coverage.Coverage.current()
    if counting is None or not item.stash[REPEATS]:
        return (yield)
    # Its tracers alone: to stop and start all of coverage looks through each module loaded, every time.
    tracers = counting._collector
    tracers.stop()
    try:
        return (yield)
    finally:
        tracers.start()
