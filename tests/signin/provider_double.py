"""A web server for tests that answers as a made-up identity provider, well or badly, as it is told."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Told:
    """An answer; a document is sent as JSON, bytes as they are."""

    document: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Answers = Callable[[Asked], Told]


@dataclass
class Site:
    """Where the server is, what it was asked, and what it answers."""

    url: str
    answers: Answers
    asked: list[Asked] = field(default_factory=list)

    def count(self, path: str) -> int:
        return sum(each.path == path for each in self.asked)


@contextmanager
def site(answers: Answers) -> Iterator[Site]:
    """Serve on a free port of this machine for as long as the context lasts."""
    present: list[Site] = []

    class Request(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._answer(b"")

        def do_POST(self):
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body):
            parts = urlsplit(self.path)
            form = dict(parse_qsl(body.decode("utf-8", "replace"))) if body[:1] != b"{" else {}
            asked = Asked(
                self.command, parts.path, dict(parse_qsl(parts.query)), form, dict(self.headers), body
            )
            present[0].asked.append(asked)
            told = present[0].answers(asked)
            content = told.document if isinstance(told.document, bytes) else orjson.dumps(told.document)
            self.send_response(told.status)
            for name, value in {"Content-Length": str(len(content)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = True

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
    present.append(Site(f"http://127.0.0.1:{server.server_port}", answers))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield present[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
