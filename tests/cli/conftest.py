"""The ``bridge`` command, run in this process against a database of its own."""

import json
import sys
from datetime import UTC, datetime

import pytest

from bridge.app import create_app
from bridge.cli import main
from bridge.cli.operator import parts
from config.settings import settings
from tests.servers import migrated_copies

NOON = datetime(2026, 9, 10, 12, tzinfo=UTC)


class Terminal:
    """Runs commands as a person would type them, and keeps what they printed."""

    def __init__(self, monkeypatch, capsys, clock):
        self.monkeypatch, self.capsys, self.clock = monkeypatch, capsys, clock
        self.code, self.out, self.err = 0, "", ""

    def run(self, *words):
        self.monkeypatch.setattr(sys, "argv", ["bridge", *words])
        self.code = 0
        try:
            main()
        except SystemExit as end:
            self.code = end.code or 0
        self.out, self.err = self.capsys.readouterr()
        return self.out

    def read(self, *words):
        return json.loads(self.run(*words))

    def set_clock(self, instant):
        self.clock.write_text(instant.isoformat())


@pytest.fixture
def terminal(tmp_path, monkeypatch, capsys, migrated_sqlite):
    clock = tmp_path / "clock"
    monkeypatch.setenv("BRIDGE_VAR", str(tmp_path))
    monkeypatch.setenv("BRIDGE_CLOCK_FILE", str(clock))
    monkeypatch.setenv("BRIDGE_LOG_LEVEL", "error")
    settings.cache_clear()
    parts.cache_clear()
    assert migrated_copies.fresh_sqlite(migrated_sqlite, tmp_path) == settings().database
    terminal = Terminal(monkeypatch, capsys, clock)
    terminal.set_clock(NOON)
    yield terminal
    parts().request_log.close()
    parts().database.dispose()
    settings.cache_clear()
    parts.cache_clear()


@pytest.fixture
def tenant(terminal):
    return terminal.read("tenant", "create", "Larkspur", "--currency", "USD", "--json")["id"]


@pytest.fixture
def connection(terminal, tenant):
    words = ("connection", "create", tenant, "hr", "--kind", "generic", "--live", "--json")
    return terminal.read(*words)["id"]


@pytest.fixture
def scim(terminal, connection):
    """A SCIM client of the connection, with the token that the command printed."""
    token = terminal.run("token", "create", connection).strip()
    parts()  # sends the logs where they belong
    client = create_app(settings()).test_client()
    log = client.application.extensions["bridge"].request_log

    def send(method, path, body=None):
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.open(f"/scim/v2{path}", method=method, json=body, headers=headers)
        log.flush()  # which it does by itself, some time after the answer
        return answer

    yield send
    log.close()
    client.application.extensions["bridge"].database.dispose()
