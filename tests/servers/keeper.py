"""A process that keeps one server running for as long as its starter lives.

Run as ``python keeper.py FOLDER USER STOP_SIGNAL COMMAND…`` with a pipe as standard input. Nobody writes
to the pipe: it ends when the starter closes it or dies, be it by Ctrl-C or ``kill -9``, because the kernel
closes it either way. Then the server is stopped and its folder removed. An empty USER means the keeper's own.
"""

import pwd
import select
import shutil
import subprocess
import sys
from pathlib import Path

LOOK_SECONDS = 0.2
GRACE_SECONDS = 10


def start(folder: Path, user: str, command: list[str]) -> subprocess.Popen[bytes]:
    as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - the command comes from the tests themselves
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **as_user
        )


def starter_lives() -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], LOOK_SECONDS)
    return not readable


def stop(server: subprocess.Popen[bytes], stop_signal: int) -> None:
    server.send_signal(stop_signal)
    try:
        server.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def main() -> int:
    folder, user, stop_signal, *command = sys.argv[1:]
    server = start(Path(folder), user, command)
    while server.poll() is None and starter_lives():
        pass
    ended_by_itself = server.poll() is not None
    stop(server, int(stop_signal))
    if ended_by_itself:
        sys.stderr.write((Path(folder) / "server.log").read_text(errors="replace"))
    shutil.rmtree(folder)
    return int(ended_by_itself)


if __name__ == "__main__":
    sys.exit(main())
