from datetime import timedelta

import pytest

from bridge.app import create_app
from config.settings import settings
from tests.cli.conftest import NOON

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@pytest.fixture
def ada(scim):
    return scim("POST", "/Users", {"schemas": [USER], "userName": "ada", "externalId": "7"}).json["id"]


@pytest.fixture
def entra(terminal, tenant, ada):
    """A second connection that knows Ada by another name: her account there, its id, its client."""
    terminal.set_clock(NOON + timedelta(seconds=1))
    words = ("connection", "create", tenant, "entra", "--kind", "entra", "--live", "--json")
    connection = terminal.read(*words)["id"]
    token = terminal.run("token", "create", connection).strip()
    app = create_app(settings())
    body = {"schemas": [USER], "userName": "a.lovelace", "externalId": "7"}

    def send(method, path, body):
        headers = {"Authorization": f"Bearer {token}"}
        return app.test_client().open(f"/scim/v2{path}", method=method, json=body, headers=headers)

    account = send("POST", "/Users", body).json["id"]
    yield account, connection, send
    app.extensions["bridge"].request_log.close()
    app.extensions["bridge"].database.dispose()


def test_accounts_are_joined_shown_and_separated_by_name(terminal, tenant, ada, entra):
    account = entra[0]
    words = ("people", "join", tenant, "ada", "a.lovelace", "--reason", "one contract")
    assert terminal.run(*words) == f"{account}: counts as {ada}\n"
    assert "nothing to do" in terminal.run(*words)
    [join] = terminal.read("people", "accounts", tenant, "ada")
    assert (join["account_id"], join["person_id"], join["reason"]) == (account, ada, "one contract")
    terminal.run("people", "join", tenant, "a.lovelace", "ada", "--reason", "the other way")
    assert (terminal.code, terminal.err) == (
        2, f"account: other accounts are joined to {ada}: separate them, or name it the person\n",
    )  # fmt: skip
    assert (
        terminal.run("people", "separate", tenant, "ada", "a.lovelace") == f"{account}: stands for itself\n"
    )
    assert terminal.read("people", "accounts", tenant, "ada", "--at", "2026-09-10T12:00:02Z") == []
    terminal.run("people", "separate", tenant, "ada", "a.lovelace")
    assert terminal.code == 2


def test_a_reason_is_asked_for_and_has_its_limit(terminal, tenant, ada, entra):
    assert terminal.run("people", "join", tenant, "ada", "a.lovelace") == ""
    assert terminal.code == 2
    terminal.run("people", "join", tenant, "ada", "a.lovelace", "--reason", "r" * 501)
    assert (terminal.code, "at most 500" in terminal.err) == (2, True)


def test_proposals_are_shown_and_confirmed(terminal, tenant, connection, ada, entra):
    account, other, _ = entra
    assert terminal.read("people", "proposals", tenant, "--json") == []
    chosen = (
        "join-attribute",
        "set",
        tenant,
        "externalId",
        "--connection",
        connection,
        "--connection",
        other,
    )
    assert terminal.run(*chosen) == "version 1: externalId proposes joins\n"
    assert terminal.run(*chosen) == "nothing to do: version 1: externalId proposes joins\n"
    proposed = terminal.read("people", "proposals", tenant, "--json")
    assert proposed == [{"value": "7", "person": ada, "accounts": [account], "problem": None}]
    assert ada in terminal.run("people", "proposals", tenant)
    assert terminal.run("people", "confirm", tenant, "--all") == "1 accounts joined\n"
    assert terminal.run("people", "confirm", tenant, "--join", ada, account) == "0 accounts joined\n"
    assert terminal.run("join-attribute", "set", tenant, "none") == "version 2: nothing proposes joins\n"
    [newest, first] = terminal.read("join-attribute", "show", tenant)
    assert (newest["attribute"], first["attribute"]) == (None, "externalId")
    assert first["connection_ids"] == sorted([connection, other])


def test_what_cannot_be_told_apart_is_a_finding(terminal, tenant, connection, scim, entra):
    other = entra[1]
    scim("POST", "/Users", {"schemas": [USER], "userName": "ada2", "externalId": "8"})
    words = ("--connection", connection, "--connection", other)
    terminal.run("join-attribute", "set", tenant, "employeeNumber", *words)
    for name in ("b1", "b2"):
        scim("POST", "/Users", {"schemas": [USER], "userName": name, ENTERPRISE: {"employeeNumber": "9"}})
    assert terminal.read("people", "proposals", tenant, "--json") == []
    entra[2]("PATCH", f"/Users/{entra[0]}", {"schemas": [PATCH], "Operations": [
        {"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": "9"},
    ]})  # fmt: skip
    [found] = terminal.read("people", "proposals", tenant, "--json")
    assert (found["person"], len(found["accounts"]), terminal.code) == (None, 3, 1)
    assert "several accounts of one connection" in terminal.run("people", "proposals", tenant)


def test_a_name_is_nothing_to_join_by(terminal, tenant, connection, entra):
    words = ("--connection", connection, "--connection", entra[1])
    terminal.run("join-attribute", "set", tenant, "userName", *words)
    assert (terminal.code, "names and addresses" in terminal.err) == (2, True)
