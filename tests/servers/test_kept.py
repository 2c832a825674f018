"""That servers for tests end with the tests, however those end."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from tests.servers import kept

PATIENCE_SECONDS = 120
STARTER = """
import signal, time
from tests.servers import {server}
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts deaf to it
with {server}.running() as running:
    print(running, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that the account PostgreSQL runs as may pass through, other than pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.mark.parametrize(
    ("server", "death"),
    [("postgresql", signal.SIGKILL), ("redis_server", signal.SIGKILL), ("redis_server", signal.SIGINT)],
)
def test_a_server_and_its_folder_go_when_the_tests_die(server: str, death: signal.Signals, open_folder: Path):
    command = [sys.executable, "-c", STARTER.format(server=server)]
    environment = os.environ | {"TMPDIR": str(open_folder)}
    with subprocess.Popen(  # noqa: S603 - our own text
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline()
        running = psutil.Process(starter.pid).children(recursive=True)
        assert len(running) >= 2
        starter.send_signal(death)
    _, alive = psutil.wait_procs(running, timeout=PATIENCE_SECONDS)
    assert not alive
    assert not list(open_folder.iterdir())


@pytest.mark.parametrize(
    ("last_words", "told"),
    [("no such luck", "no such luck"), ("address in use", "each of 5 ports was taken")],
)
def test_a_server_that_does_not_start_tells_why(last_words: str, told: str):
    recipe = kept.Recipe(
        user="",
        stop_signal=signal.SIGKILL,
        prepare=lambda _folder: None,
        command=lambda _folder, _port: [sys.executable, "-c", f"raise SystemExit({last_words!r})"],
        answers=lambda _port: False,
    )
    with pytest.raises(kept.ServerFailed, match=told), kept.kept(recipe):
        pass


def test_a_server_that_is_not_installed_is_named_with_what_to_run():
    with pytest.raises(kept.ServerMissing, match=r"no-such-server .* tests/servers/install"):
        kept.program("no-such-server")


def test_postgresql_is_empty_and_its_owner_is_bound_by_row_level_security(postgresql_url: str):
    with psycopg.connect(postgresql_url.replace("+psycopg", "")) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        above = connection.execute(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert (tables, above) == ((0,), (False,))


def test_redis_answers(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        assert client.set("person", "ada")
        assert client.get("person") == b"ada"
