"""What is answered when the bridge cannot do its part."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import errors
from bridge.app import create_app
from bridge.errors import BridgeError, InvalidValue, LimitReached, Misconfigured
from bridge.web.api import problems
from config.settings import Settings
from tests.api.customers import Customer, Running
from tests.servers import migrated_copies


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Running]:
    """Run a bridge whose database has no tables yet."""
    app = create_app(Settings(var=tmp_path, secret_key="k" * 32))
    yield Running(app, tmp_path / "clock")
    app.extensions["bridge"].request_log.close()
    app.extensions["bridge"].database.dispose()


def test_a_bridge_without_its_tables_is_alive_but_not_ready(empty: Running):
    assert empty.ask("GET", "/healthz", None).status_code == 200
    answer = empty.ask("GET", "/readyz", None)
    assert (answer.status_code, answer.json["reason"]) == (503, "the database awaits its migrations")


def test_a_bridge_without_its_database_is_alive_but_not_ready(tmp_path: Path):
    url = migrated_copies.sqlite_url(tmp_path)
    (tmp_path / "bridge.db").mkdir()  # nothing can be opened there
    app = create_app(Settings(var=tmp_path, database_url=url, secret_key="k" * 32))
    running = Running(app, tmp_path / "clock")
    assert running.ask("GET", "/healthz", None).status_code == 200
    answer = running.ask("GET", "/readyz", None)
    assert (answer.status_code, answer.json["reason"]) == (503, "the database does not answer")
    app.extensions["bridge"].request_log.close()


def test_an_error_of_flask_inside_a_route_is_a_problem(empty: Running):
    headers = {"Authorization": "Bearer x", "Content-Length": "-1"}
    answer = empty.client.post("/api/v1/quotes", headers=headers)
    assert answer.content_type == "application/problem+json"
    assert answer.status_code in (400, 401)


@pytest.mark.parametrize("running", ["sqlite"], indirect=True)
def test_a_request_sealed_with_a_lost_key_asks_for_the_key(running: Running, lindqvist: Customer):
    bridge = running.parts
    kept, bridge.seal._box = bridge.seal._box, type(bridge.seal)(["x" * 32])._box
    try:
        answer = running.api(lindqvist, "GET", f"/requests/{lindqvist.ids['request']}")
    finally:
        bridge.seal._box = kept
    assert answer.status_code == 503
    assert "BRIDGE_SECRET_KEY" in answer.json["detail"]


def test_a_limit_says_when_to_come_back(empty: Running):
    with empty.app.test_request_context("/api/v1/people"):
        empty.app.preprocess_request()
        answer = problems.of_error(LimitReached("too many requests", retry_after_seconds=7))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_every_error_has_a_status():
    known = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, BridgeError)
    ]
    found = {
        each.__name__: next(problems.STATUS[c] for c in each.__mro__ if c in problems.STATUS)
        for each in known
    }
    assert found["Stale"] == found["Uniqueness"] == 409
    assert found["InvalidFilter"] == found["TooMany"] == 400
    assert problems.status_of(Misconfigured("x")) == 503
    assert problems.status_of(InvalidValue("x")) == 400
    assert problems.status_of(InvalidValue("x", pointer="/a")) == 422
