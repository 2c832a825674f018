"""A Redis of the tests' own, thrown away afterwards."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.servers.kept import Recipe, kept, program


@contextmanager
def running() -> Iterator[str]:
    """Run an empty Redis and give its URL."""
    recipe = Recipe(user="", stop_signal=signal.SIGKILL, prepare=nothing, command=command, answers=answers)
    with kept(recipe) as port:
        yield url(port)


def nothing(folder: Path) -> None:
    """Redis starts in an empty folder as it is."""


def command(folder: Path, port: int) -> list[str]:
    options = {
        "--port": str(port),
        "--bind": "127.0.0.1",
        "--dir": str(folder),
        "--save": "",
        "--appendonly": "no",
    }
    return [program("redis-server"), *(part for option in options.items() for part in option)]


def answers(port: int) -> bool:
    with redis.Redis.from_url(url(port)) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def url(port: int) -> str:
    return f"redis://127.0.0.1:{port}/0"
