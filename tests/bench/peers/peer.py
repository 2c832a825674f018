"""How another server is installed and started."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.servers import ROOT, Server, granian, python_path, running

HERE = Path(__file__).parent
INSTALLED = ROOT / "var" / "bench"
TOKEN = "a-token-of-the-bench"
INSTALL_SECONDS = 300
GRANIAN = "granian==2.8.7"


class NotInstalled(Exception):
    """A peer could not be installed here; the bench goes on without it."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another server: packages in pinned versions, and the adapter that serves it.

    An adapter that ends in ``.mjs`` is run by Node, another is a Python module served by granian.
    """

    key: str
    name: str
    packages: tuple[str, ...]
    adapter: str
    token: str = TOKEN
    root: str = "/scim/v2"

    @property
    def folder(self) -> Path:
        return INSTALLED / self.key

    @property
    def in_node(self) -> bool:
        return self.adapter.endswith(".mjs")

    def install(self) -> None:
        """Install the packages into a folder of their own, once for each list of packages.

        Raises ``NotInstalled`` where the client or a package is missing.
        """
        done = self.folder / "packages"
        if not (done.exists() and done.read_text().split() == list(self.packages)):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            if self.in_node:
                _run(["npm", "install", "--no-save", "--no-audit", "--no-fund", *self.packages], self.folder)
            else:
                _run([sys.executable, "-m", "venv", "venv"], self.folder)
                _run(["venv/bin/pip", "install", "--quiet", *self.packages], self.folder)
            done.write_text("\n".join(self.packages))
        if self.in_node:
            shutil.copy(HERE / self.adapter, self.folder)  # Node looks for packages beside the file

    @contextmanager
    def serve(self, database_url: str) -> Iterator[Server]:
        """Serve the peer, on its own database where it has one."""
        environment = {"BENCH_DATABASE": database_url, "BENCH_TOKEN": self.token, **python_path(HERE)}
        if self.in_node:
            adapter = str(self.folder / self.adapter)
            with running(lambda port: ["node", adapter, str(port)], environment) as server:
                yield server
            return
        command = granian(self.adapter, python=str(self.folder / "venv" / "bin" / "python"))
        with running(command, environment, stop_signal=signal.SIGTERM) as server:
            yield server


def all_peers() -> tuple[Peer, ...]:
    """Return the servers that the bridge is compared with."""
    return (
        Peer(
            "django_scim2",
            "django-scim2 (PostgreSQL)",
            ("django-scim2==0.23.0", "django==5.2.19", "psycopg[binary]==3.3.9", GRANIAN),
            "django_people.wsgi:application",
        ),
        Peer(
            "scim2_server",
            "scim2-server (in memory)",
            ("scim2-server==0.8.3", "scim2-models==0.12.3", GRANIAN),
            "scim2_memory:application",
            root="",
        ),
        Peer(
            "scimmy",
            "SCIMMY, indexed (Node, in memory)",
            ("scimmy@1.3.5", "scimmy-routers@1.3.2", "express@4.21.2"),
            "scimmy_memory.mjs",
        ),
    )


def _run(command: list[str], folder: Path) -> None:
    found = shutil.which(str(folder / command[0])) or shutil.which(command[0])
    if found is None:
        raise NotInstalled(f"{command[0]} is not on this machine")
    try:
        done = subprocess.run(  # noqa: S603 - the package manager with our own arguments
            [found, *command[1:]],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"{command[0]} did not finish in {INSTALL_SECONDS} s") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it did not say why"])[-1]
        raise NotInstalled(f"{' '.join(command[:2])}: {last}")
