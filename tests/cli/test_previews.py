import json

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def test_rules_are_previewed_and_applied_as_shown(terminal, tenant, scim, tmp_path):
    scim("POST", "/Users", {"schemas": [USER], "userName": "ada", "active": True})
    file = tmp_path / "rules.json"
    listed = [
        {"name": "all", "when": "active eq true", "plan": "standard"},
        {"name": "again", "when": "active eq true", "plan": "premium"},
    ]
    file.write_text(json.dumps({"rules": listed}))
    told = terminal.run("rules", "apply", tenant, str(file), "--preview")
    assert "1 people are affected: 1 gains" in told
    assert "1 people match all, again: the first names the plan" in told
    found = terminal.read("rules", "apply", tenant, str(file), "--preview", "--json")
    past = ("--as-of", "2026-09-10T11:00:00Z", "--json")
    assert terminal.read("rules", "apply", tenant, str(file), *past)["id"] is None
    assert "version 1" in terminal.run("rules", "apply", tenant, str(file), "--preview-id", found["id"])
    terminal.run("rules", "apply", tenant, str(file), "--preview-id", "unknown")
    assert (terminal.code, "preview again" in terminal.err) == (2, True)


def test_a_connection_is_previewed_and_switched_as_shown(terminal, tenant):
    made = terminal.read("connection", "create", tenant, "Entra", "--kind", "entra", "--json")["id"]
    assert "0 people are affected" in terminal.run("connection", "live", made, "--preview")
    found = terminal.read("connection", "live", made, "--preview", "--json")
    assert "is live from" in terminal.run("connection", "live", made, "--preview-id", found["id"])
