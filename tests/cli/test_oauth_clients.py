"""Commands on OAuth clients, and warnings ahead of a credential's end."""

from datetime import timedelta

import pytest

from bridge.app import create_app
from bridge.cli.operator import parts
from config.settings import settings
from tests.cli.conftest import NOON


@pytest.fixture
def token_for(terminal, connection):
    parts()  # sends the logs where they belong
    client = create_app(settings()).test_client()

    def ask(secret):
        form = {"grant_type": "client_credentials", "client_id": connection, "client_secret": secret}
        return client.post("/oauth/token", data=form)

    yield ask
    client.application.extensions["bridge"].request_log.close()
    client.application.extensions["bridge"].database.dispose()


def test_a_client_secret_is_printed_alone_listed_without_itself_and_revoked(terminal, connection, token_for):
    secret = terminal.run("oauth-client", "create", connection, "--expires-in-days", "40").strip()
    assert secret.startswith("bridge_client_")
    assert token_for(secret).status_code == 200
    assert secret not in terminal.run("oauth-client", "list", connection)
    (listed,) = terminal.read("oauth-client", "list", connection)
    assert (listed["expires_in_days"], listed["expires_soon"]) == (40, False)
    assert "is revoked" in terminal.run("oauth-client", "revoke", connection, listed["id"])
    assert token_for(secret).status_code == 401


def test_a_whole_client_is_revoked(terminal, connection, token_for):
    secrets = [terminal.run("oauth-client", "create", connection).strip() for _ in range(2)]
    terminal.run("oauth-client", "create", connection)
    assert terminal.code == 2
    assert "2 live client secrets" in terminal.err
    assert connection in terminal.run("oauth-client", "revoke", connection)
    assert {token_for(secret).status_code for secret in secrets} == {401}


@pytest.mark.parametrize("words", [("revoke", "none"), ("list", "none"), ("create", "none")])
def test_a_client_of_no_connection_is_refused(terminal, words):
    terminal.run("oauth-client", *words)
    assert terminal.code == 2
    assert "no connection 'none'" in terminal.err


def test_a_token_is_listed_with_a_warning_ahead_of_its_end(terminal, connection):
    terminal.run("token", "create", connection, "--expires-in-days", "31")
    (row,) = terminal.read("token", "list", connection)
    assert (row["expires_in_days"], row["expires_soon"]) == (31, False)
    terminal.set_clock(NOON + timedelta(days=1))
    (row,) = terminal.read("token", "list", connection)
    assert (row["expires_in_days"], row["expires_soon"]) == (30, True)
