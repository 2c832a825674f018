"""A certified OpenID provider on this machine, the bridge beside it over HTTP, and a browser between them."""

import re
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from werkzeug.serving import make_server

from tests.servers.kept import Recipe, ServerMissing, kept, program

HERE = Path(__file__).with_name("certified")
#: Where tests/servers/install has put the provider's packages.
INSTALLED = Path(__file__).parents[2] / "var" / "certified"
HOST = "https://bridge.example"
REDIRECTS = (301, 302, 303, 307)
SECONDS = 20


@dataclass
class Certified:
    """The running provider, and what it knows of clients and keys."""

    issuer: str
    clients: list[dict[str, Any]] = field(default_factory=list)

    def set(self, **changed: object) -> None:
        answer = requests.post(f"{self.issuer}/control", json=changed, timeout=SECONDS)
        assert answer.status_code == 200, answer.text

    def count(self, path: str) -> int:
        counts: dict[str, int] = requests.get(f"{self.issuer}/control", timeout=SECONDS).json()
        return counts.get(path, 0)


@contextmanager
def certified_provider() -> Iterator[Certified]:
    """Run the provider; raises ``ServerMissing`` where its packages, or Node, are not installed."""
    lock = "package-lock.json"
    if not _same(INSTALLED / "installed", HERE / lock):
        raise ServerMissing("the OpenID provider of the tests is not installed; run tests/servers/install")
    shutil.copy(HERE / "server.mjs", INSTALLED)  # Node looks for packages beside the file
    recipe = Recipe(
        user="",
        stop_signal=signal.SIGTERM,
        prepare=lambda _folder: None,
        command=lambda _folder, port: [program("node"), str(INSTALLED / "server.mjs"), str(port)],
        answers=_answers,
    )
    with kept(recipe) as port:
        yield Certified(f"http://127.0.0.1:{port}")


@contextmanager
def served(app: Any) -> Iterator[str]:  # noqa: ANN401 - a WSGI application
    """Serve the bridge on a free port of this machine, and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Browser:
    """Somebody's browser: a jar of cookies for each host. The bridge's public name leads to ``bridge``."""

    bridge: str
    jars: dict[str, dict[str, str]] = field(default_factory=dict)

    def open(self, url: str, form: dict[str, str] | None = None) -> requests.Response:
        """Ask for one page, and follow nothing."""
        jar = self.jars.setdefault(urlsplit(url).netloc, {})
        answer = requests.request(
            "GET" if form is None else "POST",
            url.replace(HOST, self.bridge),
            data=form,
            headers={"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())},
            allow_redirects=False,
            timeout=SECONDS,
        )
        for header in answer.raw.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                jar[name] = morsel.value
                if not morsel.value or morsel["max-age"] == "0":
                    del jar[name]
        return answer

    def follow(self, url: str, form: dict[str, str] | None = None) -> tuple[str, requests.Response]:
        """Go where one is sent, until there is a page; return its address as well."""
        answer = self.open(url, form)
        while answer.status_code in REDIRECTS:
            url = urljoin(url, answer.headers["Location"])
            answer = self.open(url)
        return url, answer

    def sign_in(self, connection_id: str, login: str) -> tuple[str, requests.Response]:
        """Sign in by the bridge's address, answering whatever the provider asks."""
        url, page = self.follow(f"{HOST}/login/{connection_id}")
        for _question in range(3):
            if "/interaction/" in url:
                url, page = self.follow(url, {"login": login})
        return url, page

    def me(self) -> requests.Response:
        return self.open(f"{HOST}/session/me")

    def press(self, url: str, page: requests.Response, **more: str) -> tuple[str, requests.Response]:
        """Send the form of a page with its hidden fields."""
        action = re.search(r'action="([^"]+)"', page.text)
        hidden = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text))
        assert action is not None, page.text
        return self.follow(urljoin(url, unescape(action[1])), hidden | more)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/control")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _same(one: Path, other: Path) -> bool:
    return one.exists() and one.read_bytes() == other.read_bytes()
