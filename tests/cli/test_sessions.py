"""The commands on sessions and personal keys."""

from datetime import timedelta

from bridge.access.sessions import open_session
from bridge.cli.operator import parts
from tests.cli.conftest import NOON
from tests.database.opened import CAUSE

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def hired(scim, name):
    answer = scim("POST", "/Users", {"schemas": [USER], "userName": name, "active": True})
    return answer.json["id"]


def signed_in(tenant, connection, person_id):
    with parts().database.write(tenant) as session:
        return open_session(
            session, person_id=person_id, connection_id=connection, issuer="https://id.example",
            subject="x", sid=None, id_token=None, refresh_token=None, seal=parts().seal,
            lifetime=timedelta(hours=1), most=5, cause=CAUSE, now=NOON,
        )  # fmt: skip


def test_sessions_are_listed_and_ended(terminal, tenant, connection, scim):
    ada = hired(scim, "ada")
    first, second, third = (signed_in(tenant, connection, ada).id for _ in range(3))
    assert "1 sessions" in terminal.run("session", "end", tenant, first)
    assert "0 sessions" in terminal.run("session", "end", tenant, first)
    listed = {each["id"]: each["is_open"] for each in terminal.read("session", "list", tenant, ada)}
    assert listed == {first: False, second: True, third: True}
    assert "2 sessions" in terminal.run("session", "end", tenant, "--person", ada)
    assert not any(each["is_open"] for each in terminal.read("session", "list", tenant, ada))


def test_it_must_be_told_which_sessions_are_to_end(terminal, tenant):
    for words in ((), ("x", "--person", "y"), ("x",), ("--person", "y")):
        terminal.run("session", "end", tenant, *words)
        assert terminal.code == 2


def test_a_persons_own_key_ends_with_their_access(terminal, tenant, scim):
    ada = hired(scim, "ada")
    terminal.run("api-key", "create", tenant, "--scope", "read", "--person", ada)
    [key] = terminal.read("api-key", "list", tenant)
    assert (key["person_id"], key["revoked_at"]) == (ada, None)
    assert scim("DELETE", f"/Users/{ada}").status_code == 204
    assert terminal.read("api-key", "list", tenant)[0]["revoked_at"] is not None
    terminal.run("api-key", "create", tenant, "--scope", "read", "--person", ada)
    assert terminal.code == 2
    assert "not active" in terminal.err
