"""A worker in this process, with a database, a house of people and a driven clock."""

import pytest

from config.settings import settings
from tests.seats.house import database, house, shared_url

__all__ = ["database", "house", "shared_url"]


@pytest.fixture
def driven(tmp_path, monkeypatch, shared_url):
    """Settings of a worker in this process, with a clock that the test sets."""
    clock_file = tmp_path / "clock"
    monkeypatch.setenv("BRIDGE_DATABASE_URL", shared_url)
    monkeypatch.setenv("BRIDGE_VAR", str(tmp_path))
    monkeypatch.setenv("BRIDGE_CLOCK_FILE", str(clock_file))
    settings.cache_clear()
    from workers.app import app, database  # noqa: PLC0415 (reads the settings when imported)

    app.conf.task_always_eager = True
    yield lambda instant: clock_file.write_text(instant.isoformat())
    app.conf.task_always_eager = False
    if database.cache_info().currsize:
        database().dispose()
    database.cache_clear()
    settings.cache_clear()
