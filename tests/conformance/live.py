"""The bridge's entrances behind a real socket, and clients that speak to it over HTTP."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import requests
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.scim_http.speaking import PATCH_OP, Speaker, add_speaker, application


class Quiet(WSGIRequestHandler):
    """Speaks HTTP/1.1, so that connections stay open, and leaves the log to the bridge."""

    protocol_version = "HTTP/1.1"
    # What leaves in two writes would wait for the client's delayed acknowledgement between them.
    wbufsize = -1

    def log_request(self, *_arguments: object) -> None:
        """Say nothing: the bridge logs each request itself."""


@dataclass(frozen=True)
class Live:
    """A listening bridge; ``root`` is the address that an administrator enters at the identity provider."""

    app: Flask
    root: str

    def speaker(self, dialect: str = "generic") -> Speaker:
        return add_speaker(self.app, dialect=dialect)

    def client(self, dialect: str = "generic", suffix: str = "") -> "Client":
        return Client(self.root + suffix, self.speaker(dialect))


@dataclass(frozen=True)
class Client:
    """One connection's client; ``idp`` looks into what was stored of its words."""

    root: str
    idp: Speaker

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        session: requests.Session | None = None,
    ) -> requests.Response:
        sent = {"Authorization": f"Bearer {self.idp.token}", "Accept": "application/scim+json"}
        send = session.request if session else requests.request
        return send(method, self.root + path, json=body, headers={**sent, **(headers or {})}, timeout=60)

    def patch(
        self, path: str, *operations: Mapping[str, Any], session: requests.Session | None = None
    ) -> requests.Response:
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return self.ask("PATCH", path, body, session=session)

    def created(self, path: str, body: object) -> str:
        answer = self.ask("POST", path, body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@contextmanager
def listening(database_url: str) -> Iterator[Live]:
    """Serve the application by threads of this process."""
    with application(database_url) as app:
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, name="server")
        thread.start()
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        try:
            yield Live(app, f"http://127.0.0.1:{server.server_port}/scim/v2")
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
