"""Databases of the bridge for tests, each as one that was migrated once."""

import itertools
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.emptied import Emptied
from tests.servers.postgresql import PostgreSQL

TEMPLATE = "migrated"
NAMES = (f"test_{number}" for number in itertools.count(1))
IDLE: dict[tuple[PostgreSQL, str], list[str]] = defaultdict(list)
MIGRATED: dict[tuple[PostgreSQL, str], Emptied] = {}


def migrate(url: str) -> str:
    from bridge.database.migrate import upgrade  # noqa: PLC0415 - tests without a database stay quick to start

    upgrade(url)
    return url


@contextmanager
def fresh_postgresql(server: PostgreSQL, *, template: str) -> Iterator[str]:
    """Lend a database without rows to one test, or to those of a module.

    Afterwards it is emptied for the next, even if connections were left open, or dropped where its tables
    were changed. Under another name, so that whoever still knows the old one does not get there any more.
    """
    name = next(NAMES)
    idle = IDLE[server, template]
    url = server.rename(idle.pop(), name) if idle else server.create(name, template=template)
    if (server, template) not in MIGRATED:
        MIGRATED[server, template] = Emptied.like(server, name)
    yield url
    if MIGRATED[server, template].empty(server, name):
        idle.append(name)
    else:
        server.drop(name)


def fresh_sqlite(template: Path, folder: Path) -> str:
    """Copy the migrated file with what SQLite may keep beside it; nobody has it open."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return sqlite_url(folder)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{os.fspath(folder / 'bridge.db')}"
