"""Servers to be measured, each ended with the bench, with their processor time."""

import http.client
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.servers.kept import Recipe, kept

ROOT = Path(__file__).parents[2]
THREADS = 8  # as in the Procfile


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its port, and the process above all of its own."""

    port: int
    keeper: psutil.Process

    def cpu_seconds(self) -> float:
        """Return the processor seconds of the server so far, all of its processes together."""
        spent = 0.0
        for process in self.keeper.children(recursive=True):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            spent += sum((times.user, times.system, times.children_user, times.children_system))
        return spent


@contextmanager
def running(
    command: Callable[[int], list[str]],
    environment: Mapping[str, str],
    *,
    path: str | None = "/",
    stop_signal: int = signal.SIGTERM,
) -> Iterator[Server]:
    """Run a server until the end of the block; it is up once it answers ``path``, None asks for nothing."""

    def whole(_folder: Path, port: int) -> list[str]:
        return ["env", *(f"{name}={value}" for name, value in environment.items()), *command(port)]

    recipe = Recipe(
        user="",
        stop_signal=stop_signal,
        prepare=lambda _folder: None,
        command=whole,
        answers=lambda port: path is None or answers(port, path),
    )
    before = set(psutil.Process().children())
    with kept(recipe) as port:
        yield Server(port, keeper_of(before))


def keeper_of(before: set[psutil.Process]) -> psutil.Process:
    """Return the only process of ours that was not there before."""
    [keeper] = [process for process in psutil.Process().children() if process not in before]
    return keeper


def answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def granian(
    application: str, *, python: str = sys.executable, workers: int = 1
) -> Callable[[int], list[str]]:
    """Return the command of a Python web application, served as the Procfile serves the bridge."""
    factory = ["--factory"] if application.endswith(":create_app") else []
    return lambda port: [
        "env", "MALLOC_ARENA_MAX=2",
        python, "-m", "granian", "--interface", "wsgi", *factory, "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--blocking-threads", str(THREADS), "--log-level", "warning", application,
    ]  # fmt: skip


def python_path(*folders: Path) -> dict[str, str]:
    """Return the variable by which a process finds our modules."""
    return {"PYTHONPATH": os.pathsep.join(map(str, folders or (ROOT,)))}
