from datetime import UTC, datetime

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def test_an_override_is_set_listed_and_ended(terminal, tenant, scim):
    scim("POST", "/Users", {"schemas": [USER], "userName": "ada", "active": True})
    words = ("override", "set", tenant, "ada", "--plan", "premium", "--role", "analyst", "--reason", "trial")
    made = terminal.read(*words, "--json")
    assert "holds already" in terminal.run(*words)
    (listed,) = terminal.read("override", "list", tenant, "--person", "ada")
    assert (listed["id"], listed["plan"], listed["roles"]) == (made["id"], "premium", ["analyst"])
    terminal.set_clock(datetime(2026, 9, 11, tzinfo=UTC))
    assert "ends at 2026-09-11T00:00:00+00:00" in terminal.run("override", "end", tenant, made["id"])
    assert terminal.read("override", "list", tenant, "--at", "2026-09-12T00:00:00Z") == []
    assert len(terminal.read("override", "list", tenant)) == 1
    assert (
        len(terminal.read("override", "list", tenant, "--person", "ada", "--at", "2026-09-10T13:00:00Z")) == 1
    )


def test_contradicting_options_are_refused(terminal, tenant):
    terminal.run("override", "set", tenant, "ada", "--role", "viewer", "--no-roles", "--reason", "trial")
    assert terminal.code == 2
    assert "contradict" in terminal.err
