"""The process that sends requests: a plan on standard input, what came of it on standard output.

It imports the standard library only and speaks HTTP/1.1 on plain sockets, because whatever it costs is taken
from the servers it measures: they share the machine.
"""

import json
import resource
import socket
import sys
import threading
import time
from typing import Any

SOCKET_SECONDS = 60
NO_BODY = {204, 304}


class Connection:
    """One connection that is kept open, and opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=SOCKET_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body; status 0 when the connection broke."""
        try:
            self.socket.sendall(request)
            return self.read()
        except (OSError, ValueError, IndexError) as error:
            self.close()
            self.open()
            return 0, repr(error).encode()

    def read(self) -> tuple[int, bytes]:
        status = int(self.file.readline().split()[1])
        length, chunked, closes = 0, False, False
        while (line := self.file.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            lowered = name.lower()
            if lowered == b"content-length":
                length = int(value)
            elif lowered == b"transfer-encoding":
                chunked = b"chunked" in value.lower()
            elif lowered == b"connection":
                closes = b"close" in value.lower()
        body = b"" if status in NO_BODY else self.chunks() if chunked else self.file.read(length)
        if closes:
            self.close()
            self.open()
        return status, body

    def chunks(self) -> bytes:
        parts = []
        while size := int(self.file.readline(), 16):
            parts.append(self.file.read(size))
            self.file.readline()
        self.file.readline()
        return b"".join(parts)


def message(port: int, request: dict[str, Any]) -> bytes:
    body = (request.get("body") or "").encode()
    head = [
        f"{request['method']} {request['path']} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: Bearer {request['token']}",
        "Accept: application/scim+json",
        *(["Content-Type: application/scim+json", f"Content-Length: {len(body)}"] if body else []),
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


class Sender(threading.Thread):
    """Sends every n-th request of the plan on one connection, until the plan or its time is over."""

    def __init__(self, plan: dict[str, Any], number: int, start: threading.Barrier) -> None:
        super().__init__(daemon=True)
        port, step = plan["port"], plan["connections"]
        self.mine = [
            (index, message(port, request), request.get("at"))
            for index, request in enumerate(plan["requests"])
            if index % step == number
        ]
        self.connection = Connection(port)
        self.start_together = start
        self.seconds, self.again, self.keep_ids = plan["seconds"], plan["again"], plan["keep_ids"]
        self.answers: list[tuple[int, int, float, float, str]] = []
        self.finished = False

    def run(self) -> None:
        self.start_together.wait()
        begun = time.perf_counter()
        while self.mine and self.turn(begun) and self.again:
            pass
        self.connection.close()
        self.finished = True

    def turn(self, begun: float) -> bool:
        """Send each request once; tell whether there is time left."""
        for index, request, at in self.mine:
            now = time.perf_counter() - begun
            if at is not None and at > now:
                time.sleep(at - now)
            elif at is None and now >= self.seconds:
                return False
            # What is due at an instant is timed from there: a server that is late is not asked less often.
            asked = begun + at if at is not None else time.perf_counter()
            status, body = self.connection.ask(request)
            taken = time.perf_counter() - asked
            self.answers.append((index, status, asked - begun, taken, self.kept(status, body)))
        return True

    def kept(self, status: int, body: bytes) -> str:
        if not 200 <= status < 300:
            return body[:300].decode(errors="replace")
        return str(json.loads(body)["id"]) if self.keep_ids else ""


def main() -> None:
    plan = json.load(sys.stdin)
    start = threading.Barrier(plan["connections"] + 1)
    senders = [Sender(plan, number, start) for number in range(plan["connections"])]
    for sender in senders:
        sender.start()
    start.wait()
    begun, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    for sender in senders:
        sender.join()
    elapsed, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    if not all(sender.finished for sender in senders):
        sys.exit("a connection broke and could not be opened again, or an answer was not understood")
    answers = [answer for sender in senders for answer in sender.answers]
    json.dump({"elapsed": elapsed, "cpu": cpu, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
