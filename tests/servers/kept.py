"""Starting a server that ends with the process that started it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEEPER = Path(__file__).with_name("keeper.py")
READY_SECONDS = 300
# Between finding a free port and listening on it another process may take it; then all starts anew.
PORTS_TRIED = 5


class ServerMissing(Exception):
    """A server that the tests need is not installed on this machine."""


class ServerFailed(Exception):
    """An installed server ended, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to run one kind of server; ``user`` is the account it runs as, empty for our own."""

    user: str
    stop_signal: int
    prepare: Callable[[Path], None]
    command: Callable[[Path, int], list[str]]
    answers: Callable[[int], bool]


def program(name: str) -> str:
    """Path of an installed program; Debian keeps PostgreSQL's outside of ``PATH``."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    folders = [*map(str, reversed(debian)), os.environ.get("PATH", os.defpath), "/usr/local/bin", "/usr/sbin"]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise ServerMissing(f"{name} is not installed; run tests/servers/install, which says what it needs")
    return found


@contextmanager
def kept(recipe: Recipe) -> Iterator[int]:
    """Run the server on a free port of 127.0.0.1 and yield that port while it runs."""
    for _ in range(PORTS_TRIED):
        port = free_port()
        keeper = start_keeper(recipe, port)
        try:
            if ready(keeper, lambda port=port: recipe.answers(port)):
                yield port
                return
        finally:
            # Closes the pipe, which is what the keeper waits for, and reads why a server ended by itself.
            _, complaint = keeper.communicate()
        if "in use" not in complaint:
            raise ServerFailed(f"{recipe.command(Path(), port)[0]} did not start:\n{complaint}")
    raise ServerFailed(f"each of {PORTS_TRIED} ports was taken by another process")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def start_keeper(recipe: Recipe, port: int) -> subprocess.Popen[str]:
    folder = Path(tempfile.mkdtemp(prefix="bridge-tests-"))
    try:
        if recipe.user:
            shutil.chown(folder, recipe.user)
        recipe.prepare(folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    command = [str(folder), recipe.user, str(recipe.stop_signal), *recipe.command(folder, port)]
    # A session of its own keeps a Ctrl-C from reaching the server before the tests have finished with it.
    # -I -S: the standard library is enough, and coverage need not measure the keeper.
    return subprocess.Popen(  # noqa: S603 - our own file with our own arguments
        [sys.executable, "-I", "-S", str(KEEPER), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ready(keeper: subprocess.Popen[str], answers: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while keeper.poll() is None and time.monotonic() < deadline:
        if answers():
            return True
        time.sleep(0.02)
    return False
