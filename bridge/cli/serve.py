"""The command that runs web, worker and schedule together."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import FrameType

import click
import requests

from bridge.database.migrate import upgrade
from config.settings import Settings, settings

READY_SECONDS = 60
GOODBYE_SECONDS = 10
RESTART_SECONDS = 1
LOOK_SECONDS = 0.2
BLOCKING_THREADS = 8


@dataclass(slots=True)
class Child:
    """One process, started again when it ends by itself."""

    name: str
    argv: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = field(default=0.0)

    def start(self) -> None:
        # A group of its own, so that what it starts can be ended with it.
        self.process = subprocess.Popen(self.argv, process_group=0)  # noqa: S603 (our own interpreter and modules)
        self.started = time.monotonic()

    def tend(self) -> None:
        """Start the process again when it has ended, at most once a second."""
        ended = self.process is None or self.process.poll() is not None
        if ended and time.monotonic() - self.started >= RESTART_SECONDS:
            click.echo(f"{self.name} ended; starting it again", err=True)
            self.start()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
def serve(host: str, port: int) -> None:
    """Bring the tables up to date, then run web, worker and schedule until stopped."""
    present = settings()
    upgrade(present.database, present.database_role)
    children = [Child(name, argv) for name, argv in processes(present, host, port).items()]
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        for child in children:
            child.start()
        _await_ready(f"http://{host}:{port}")
        while True:
            time.sleep(LOOK_SECONDS)
            for child in children:
                child.tend()
    except _Stopped:
        click.echo("stopping", err=True)
    finally:
        _end(children)


def processes(present: Settings, host: str, port: int) -> dict[str, list[str]]:
    """Return the command line of each process."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "workers.app"]
    level = f"--loglevel={present.log_level}"
    return {
        "web": [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "bridge.app:create_app",
            "--host", host, "--port", str(port), "--workers", "1",
            "--blocking-threads", str(BLOCKING_THREADS), "--log-level", present.log_level,
        ],
        "worker": [*celery, "worker", "--pool=solo", "--without-gossip", "--without-mingle", level],
        "beat": [*celery, "beat", f"--schedule={present.var / 'schedule'}", level],
    }  # fmt: skip


class _Stopped(Exception):
    """The operator asked the bridge to stop."""


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _Stopped


def _await_ready(address: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            if requests.get(f"{address}/readyz", timeout=1).ok:
                click.echo(
                    f"the bridge listens on {address} (SCIM: {address}/scim/v2, API: {address}/api/v1)"
                )
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        time.sleep(LOOK_SECONDS)
    click.echo(f"{address}/readyz does not answer yet; see the log above", err=True)


def _end(children: list[Child]) -> None:
    running = [child.process for child in children if child.process and child.process.poll() is None]
    for process in running:
        process.terminate()
    until = time.monotonic() + GOODBYE_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # granian does not end when told so while it starts
