"""Databases of the bridge for tests, each a fresh copy of one that was migrated once."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.postgresql import PostgreSQL

TEMPLATE = "migrated"
NAMES = (f"test_{number}" for number in itertools.count(1))


def migrate(url: str) -> str:
    from bridge.database.migrate import upgrade  # noqa: PLC0415 - tests without a database stay quick to start

    upgrade(url)
    return url


@contextmanager
def fresh_postgresql(server: PostgreSQL, *, template: str) -> Iterator[str]:
    """Make a database for one test, dropped afterwards even if the test left connections open."""
    name = next(NAMES)
    yield server.create(name, template=template)
    server.drop(name)


def fresh_sqlite(template: Path, folder: Path) -> str:
    """Copy the migrated file with what SQLite may keep beside it; nobody has it open."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return sqlite_url(folder)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{os.fspath(folder / 'bridge.db')}"
