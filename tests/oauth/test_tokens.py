"""The token endpoint over HTTP (RFC 6749 sections 4.4 and 5)."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import select

from bridge.access.oauth_clients import withdraw_client
from bridge.errors import Inconsistent, Misconfigured
from bridge.logs import configure_logs
from bridge.provisioning.tables import Refusal, RequestRecord
from bridge.tenants.tables import Credential
from config.settings import Settings
from tests.access.stopped import stopped_rates
from tests.api.customers import CAUSE, SEPTEMBER, Customer, Running, add_customer, user
from tests.oauth.asking import Asking

on_sqlite = pytest.mark.parametrize("running", ["sqlite"], indirect=True)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def september(running: Running) -> None:
    running.set_clock(SEPTEMBER)


def refused(answer, status: int, error: str) -> str:
    assert (answer.status_code, answer.json["error"]) == (status, error), answer.data
    assert set(answer.json) <= {"error", "error_description"}
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json.get("error_description", "")


@pytest.mark.parametrize("way", ["ask_by_form", "ask_by_header"])
def test_a_secret_is_exchanged_for_a_token_that_opens_scim(client: Asking, way: str):
    answer = getattr(client, way)()
    assert answer.status_code == 200
    token = answer.json["access_token"]
    assert answer.json == {
        "token_type": "Bearer", "access_token": token, "expires_in": 3600, "scope": "scim"
    }  # fmt: skip
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    made = client.running.ask("POST", "/scim/v2/Users", token, user("ada"))
    assert made.status_code == 201
    own = client.running.scim(client.customer, "GET", f"/Users/{made.json['id']}")
    assert own.json["userName"] == "ada@lindqvist.example"


def test_a_token_ends_after_its_hour_and_the_next_one_does_not(client: Asking):
    first = client.token()
    client.running.set_clock(SEPTEMBER + HOUR - timedelta(seconds=1))
    second = client.token()
    assert client.opens(first)
    client.running.set_clock(SEPTEMBER + HOUR)
    assert (client.opens(first), client.opens(second)) == (False, True)


def test_secrets_are_rotated_without_a_gap_and_a_revoked_one_takes_its_tokens_along(client: Asking):
    before = client.token()
    successor = Asking.with_a_secret(client.running, client.customer)
    assert client.api("POST", "/secrets", {}).status_code == 409
    after = successor.token()
    assert client.opens(before)
    assert client.opens(after)
    assert client.api("DELETE", f"/secrets/{client.secret_id}").status_code == 204
    assert (client.opens(before), client.opens(after)) == (False, True)
    refused(client.ask_by_header(), 401, "invalid_client")
    assert client.api("DELETE", "").status_code == 204
    assert not client.opens(after)
    refused(successor.ask_by_form(), 401, "invalid_client")


@on_sqlite
def test_secrets_are_told_once_and_listed_without(client: Asking):
    client.token()
    made = client.api("POST", "/secrets", {"expires_in_days": 20}).json
    shown = client.api("GET", "").json
    assert shown["client_id"] == client.client_id
    assert shown["token_endpoint"] == made["token_endpoint"] == "http://localhost/oauth/token"
    assert [each["id"] for each in shown["secrets"]].count(made["id"]) == 1
    assert {(each["expires_in_days"], each["expires_soon"]) for each in shown["secrets"]} == {
        (20, True), (None, False),
    }  # fmt: skip
    assert "bridge_client_" not in json.dumps(shown)


@on_sqlite
def test_an_unknown_client_and_a_wrong_secret_are_told_alike(client: Asking):
    other = add_customer(client.running, f"Okonkwo Textiles {client.secret_id}")
    told = {
        refused(client.ask_by_header(client_id="nobody"), 401, "invalid_client"),
        refused(client.ask_by_header(secret="nonsense"), 401, "invalid_client"),
        refused(client.ask_by_header(client_id=other.ids["connection"]), 401, "invalid_client"),
        refused(client.ask_by_header(secret=client.customer.token), 401, "invalid_client"),
        refused(client.ask_by_form(client_secret="nonsense"), 401, "invalid_client"),
        refused(client.ask_by_form(client_secret=""), 401, "invalid_client"),
    }
    assert len(told) == 1
    assert client.ask_by_header(secret="nonsense").headers["WWW-Authenticate"].startswith("Basic")


@on_sqlite
@pytest.mark.parametrize(
    "header",
    [
        "Basic", "Basic ", "Basic !", "Basic /w==", "Basic " + base64.b64encode(b":").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(), "Bearer x", "Nonsense", "Basic a b",
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_read_is_refused_with_401(client: Asking, header: str):
    answer = client.post({"grant_type": "client_credentials"}, headers={"Authorization": header})
    refused(answer, 401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@on_sqlite
def test_what_is_no_token_request_is_named_by_the_words_of_the_rfc(client: Asking):
    refused(client.post({}), 400, "invalid_request")
    refused(client.post(json={"grant_type": "client_credentials"}), 400, "invalid_request")
    refused(client.ask_by_form(grant_type=""), 400, "invalid_request")
    refused(client.ask_by_form(grant_type="password"), 400, "unsupported_grant_type")
    refused(client.ask_by_form(grant_type="authorization_code"), 400, "unsupported_grant_type")
    refused(client.post({"grant_type": ["client_credentials"] * 2}), 400, "invalid_request")
    twice = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.secret,
    }
    answer = client.post(twice, headers={"Authorization": "Basic eDp5"})
    assert "once" in refused(answer, 400, "invalid_request")
    in_query = client.running.client.post(f"/oauth/token?client_secret={client.secret}", data={"x": "y"})
    refused(in_query, 400, "invalid_request")
    refused(client.ask_by_form(padding="x" * 16_384), 413, "invalid_request")
    assert client.running.client.get("/oauth/token").status_code == 405


@on_sqlite
def test_scopes_that_are_asked_for_are_answered_with_the_one_there_is(client: Asking):
    assert client.ask_by_form(scope="everything admin").json["scope"] == "scim"


@on_sqlite
@given(
    body=st.binary(max_size=300), header=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]))
)
def test_whatever_is_sent_is_refused_and_never_fails(running: Running, body: bytes, header: str):
    answer = running.client.post(
        "/oauth/token",
        data=b"grant_type=client_credentials&client_secret=" + body,
        headers={"Authorization": header} if header else {},
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code in (400, 401)


@contextmanager
def changed(running: Running, **parts: object) -> Iterator[None]:
    """The bridge with other parts meanwhile."""
    before = running.parts
    running.app.extensions["bridge"] = replace(before, **parts)
    yield
    running.app.extensions["bridge"] = before


@on_sqlite
def test_a_tenant_that_asks_for_too_many_tokens_waits(running: Running, client: Asking):
    few = stopped_rates(Settings(oauth_tokens_per_second=1, oauth_tokens_burst=2))
    with changed(running, rate_limits=few):
        assert [client.ask_by_header().status_code for _ in range(2)] == [200, 200]
        answer = client.ask_by_header()
        refused(answer, 429, "temporarily_unavailable")
        assert answer.headers["Retry-After"] == "1"
        refused(client.ask_by_header(secret="nonsense"), 401, "invalid_client")


def test_neither_secret_nor_token_is_kept_or_logged(
    running: Running, client: Asking, capfd: pytest.CaptureFixture[str]
):
    configure_logs(Settings(log_level="debug"), process="test")
    issued = REGISTRY.get_sample_value("bridge_oauth_tokens_issued_total") or 0
    token = client.token()
    client.ask_by_form()
    client.ask_by_form(client_id="nobody")
    assert REGISTRY.get_sample_value("bridge_oauth_tokens_issued_total") == issued + 2
    logged = capfd.readouterr().err
    assert "/oauth/token" in logged
    assert [
        word for word in (client.secret, token, "bridge_client_", "bridge_oauth_") if word in logged
    ] == []
    running.parts.request_log.flush()
    with running.database.read(client.customer.tenant_id) as session:
        routes = set(session.scalars(select(RequestRecord.route)))
    with running.database.unscoped_read() as unscoped:
        routes |= set(unscoped.scalars(select(Refusal.route)))
        rows = unscoped.execute(select(Credential.__table__)).all()
    assert not any("oauth/token" in route for route in routes)
    assert [row for row in rows if client.secret in repr(row) or token in repr(row)] == []


@on_sqlite
def test_the_service_tells_its_clients_of_the_scheme(running: Running, customer: Customer):
    schemes = running.scim(customer, "GET", "/ServiceProviderConfig").json["authenticationSchemes"]
    assert [(each["type"], each["primary"]) for each in schemes] == [
        ("oauthbearertoken", True), ("oauth2", False),
    ]  # fmt: skip


class Broken:
    """A part that fails with words that nobody may see."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> object:
        raise self.error


@on_sqlite
@pytest.mark.parametrize(
    ("failure", "status"), [(RuntimeError, 500), (Inconsistent, 500), (Misconfigured, 503)]
)
def test_a_failure_is_told_without_the_secret(
    running: Running, client: Asking, failure: type[Exception], status: int
):
    words = client.secret if failure is RuntimeError else "the key is gone"
    with changed(running, database=Broken(failure(words))):
        answer = client.ask_by_header()
    told = refused(answer, status, "server_error")
    assert client.secret not in told
    assert "the key is gone" in told or answer.headers["X-Request-Id"] in told


@on_sqlite
def test_a_secret_that_ends_while_its_token_is_made_buys_none(running: Running, client: Asking):
    class Revoking:
        """Limits that are asked between the check of the secret and the storing of the token."""

        def admit(self, tenant_id: str, _lane: str) -> None:
            with running.database.write(tenant_id) as session:
                withdraw_client(session, client.client_id, cause=CAUSE, now=SEPTEMBER)

    with changed(running, rate_limits=Revoking()):
        told = refused(client.ask_by_header(), 401, "invalid_client")
    assert "just ended" in told
