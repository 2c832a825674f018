"""A bridge of its own for a demonstration: a folder, a driven clock, running processes, one customer."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import requests
from sqlalchemy import func, select

from bridge.access.grant import grant_token
from bridge.app import put_together
from bridge.cli.tenants import found_tenant
from bridge.database.ids import new_id
from bridge.database.migrate import upgrade
from bridge.directory.tables import ChangeDue
from bridge.errors import Misconfigured
from bridge.journal.record import Cause
from bridge.simulator.events import Source
from bridge.tenants.create import create_connection
from bridge.web.context import Bridge
from config.settings import Settings

READY_SECONDS = 300
LOOK_SECONDS = 0.05
SOURCES: tuple[Source, ...] = ("okta", "entra")


@dataclass(frozen=True, slots=True)
class Customer:
    """The tenant of the demonstration, with the secret of each connection's token."""

    tenant_id: str
    tokens: Mapping[Source, str]


@dataclass(slots=True)
class Stage:
    """Where a story is played: everything of it lies in one folder."""

    settings: Settings
    port: int
    bridge: Bridge
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    def set_up(
        cls, folder: Path, *, start: datetime, database_url: str = "", broker_url: str = ""
    ) -> "Stage":
        """Empty the folder, make a database in it unless another is named, set the clock to ``start``."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        settings = Settings(
            var=folder,
            database_url=database_url,
            broker_url=broker_url,
            clock_file=folder / "clock",
            log_level="warning",
        )
        upgrade(settings.database, settings.database_role)
        stage = cls(settings, _free_port(), put_together(settings))
        stage.set_clock(start)
        return stage

    @property
    def address(self) -> str:
        """Where the bridge listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make another process part of this stage."""
        present = self.settings
        return dict(os.environ) | {
            "BRIDGE_VAR": str(present.var),
            "BRIDGE_DATABASE_URL": present.database_url,
            "BRIDGE_BROKER_URL": present.broker_url,
            "BRIDGE_CLOCK_FILE": str(present.clock_file),
            "BRIDGE_LOG_LEVEL": present.log_level,
        }

    def set_clock(self, instant: datetime) -> None:
        """Set the bridge's clock, in one step for whoever reads it meanwhile."""
        draft = self.settings.var / "clock.draft"
        draft.write_text(instant.isoformat())
        draft.replace(self.settings.var / "clock")

    def found(self, name: str, *, currency: str, timezone: str, now: datetime) -> Customer:
        """Create the customer with an Okta and an Entra connection, both live."""
        cause = Cause("operator", "demo", new_id(now))
        tenant_id = found_tenant(self.bridge.database, name, currency, timezone, cause=cause, now=now)
        with self.bridge.database.write(tenant_id) as session:
            tokens = {
                source: grant_token(
                    session,
                    create_connection(
                        session, name=source, kind=source, dialect=None, live=True, cause=cause, now=now
                    ).id,
                    seal=self.bridge.seal,
                    lifetime=None,
                    cause=cause,
                    now=now,
                ).secret
                for source in SOURCES
            }
        return Customer(tenant_id, tokens)

    def serve(self) -> None:
        """Start web, worker and schedule together and wait until they answer."""
        self.start([sys.executable, "-m", "bridge", "serve", "--port", str(self.port)])
        self.await_ready()

    def start(self, argv: list[str], **environment: str) -> subprocess.Popen[bytes]:
        """Start one process of the stage, with a process group of its own."""
        with (self.settings.var / "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 (our own commands)
                argv, env=self.environment | environment, stdout=log, stderr=log, start_new_session=True
            )
        self.running.append(process)
        return process

    def await_ready(self) -> None:
        """Wait for ``/readyz``. Raises ``Misconfigured`` when a process ends or none answers in time."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until and all(process.poll() is None for process in self.running):
            try:
                if requests.get(f"{self.address}/readyz", timeout=10).ok:
                    return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(LOOK_SECONDS)
        raise Misconfigured(f"the bridge did not start: see {self.settings.var / 'log'}")

    def await_computed(self, tenant_id: str, *, seconds: float = READY_SECONDS) -> None:
        """Wait until the workers have drawn every consequence. Raises ``Misconfigured`` when they do not."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self.bridge.database.read(tenant_id) as session:
                if not session.scalar(select(func.count()).select_from(ChangeDue)):
                    return
            time.sleep(LOOK_SECONDS)
        raise Misconfigured(f"the workers did not finish: see {self.settings.var / 'log'}")

    def stop(self) -> None:
        """Stop every process of the stage that is still running."""
        for process in self.running:
            if process.poll() is None:
                process.terminate()
        for process in self.running:
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.running.clear()
        self.bridge.request_log.close()
        self.bridge.database.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
