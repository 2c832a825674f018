"""Commands on meters, consumption, sign-ins, billing terms, credit, subscriptions, entitlements."""

import json

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
def ada(scim):
    return scim("POST", "/Users", {"schemas": [USER], "userName": "ada"}).json["id"]


@pytest.fixture
def written(tmp_path):
    """Write a value as JSON and return the file's name."""

    def write(value):
        file = tmp_path / "document.json"
        file.write_text(value if isinstance(value, str) else json.dumps(value))
        return str(file)

    return write


def test_meters_are_applied_and_shown(terminal, tenant, written):
    file = written({"meters": [{"key": "calls", "unit": "call", "aggregation": "sum"}]})
    assert "meters calls" in terminal.run("meters", "apply", tenant, file)
    assert "nothing to do" in terminal.run("meters", "apply", tenant, file)
    assert {"key": "calls", "unit": "call", "aggregation": "sum", "on": True} in terminal.read(
        "meters", "show", tenant
    )
    terminal.run("meters", "apply", tenant, written({"meters": [{"key": "?"}]}))
    assert (terminal.code, terminal.err.startswith("/meters/0/")) == (2, True)


def test_a_new_tenant_counts_what_the_shipped_plans_are_priced_by(terminal, tenant):
    assert [
        (meter["key"], meter["aggregation"], meter["on"]) for meter in terminal.read("meters", "show", tenant)
    ] == [
        ("api_calls", "sum", True),
        ("queries", "sum", True),
    ]


def test_a_batch_of_consumption_tells_what_was_not_taken(terminal, tenant, ada, written):
    meter = {"meters": [{"key": "calls", "unit": "call", "aggregation": "sum"}]}
    terminal.run("meters", "apply", tenant, written(meter))
    event = {
        "specversion": "1.0", "source": "shop", "id": "1", "type": "calls", "subject": ada,
        "time": "2026-09-10T11:00:00Z", "data": {"quantity": "2"},
    }  # fmt: skip
    assert terminal.read("usage", "take", tenant, written([event]))["accepted"] == 1
    assert terminal.code == 0
    taken = terminal.read("usage", "take", tenant, written([event, {**event, "id": ""}]))
    assert (taken["duplicates"], taken["rejected"][0]["pointer"], terminal.code) == (1, "/id", 1)
    for nonsense in ("{", "{}"):
        terminal.run("usage", "take", tenant, written(nonsense))
        assert terminal.code == 2


def test_sign_ins_are_taken(terminal, tenant, connection, ada, written):
    row = {"connection": connection, "id": "1", "person": ada, "at": "2026-09-10T11:00:00Z"}
    assert terminal.read("sign-ins", "take", tenant, written([row]))["accepted"] == 1


def test_billing_terms_are_applied_and_shown(terminal, tenant, written):
    terms = {"valid_from": "2026-10-01", "tax_percent": "19"}
    assert "2026-10-01" in terminal.run("billing-terms", "apply", tenant, written(terms))
    [shown] = terminal.read("billing-terms", "show", tenant)
    assert (shown["valid_from"], shown["tax_percent"]) == ("2026-10-01", "19")


def test_credit_is_granted_once_by_its_reference(terminal, tenant):
    words = ("credit", "grant", tenant, "12.50", "--reference", "sorry-1", "--reason", "an outage")
    assert "is granted; 12.50 is left" in terminal.run(*words)
    assert "had been granted before; 12.50" in terminal.run(*words)
    shown = terminal.read("credit", "show", tenant)
    assert (shown["balance"], [row["kind"] for row in shown["entries"]]) == ("12.50", ["grant"])


def test_a_subscription_with_a_trial_is_made_and_cancelled(terminal, tenant):
    words = ("--starts-on", "2026-10-01", "--trial-ends-on", "2026-10-15", "--json")
    made = terminal.read("subscription", "create", tenant, *words)["id"]
    assert terminal.read("subscription", "show", tenant)[-1]["trial_ends_on"] == "2026-10-15"
    assert "ends on 2026-12-01" in terminal.run("subscription", "cancel", tenant, "--ends-on", "2026-12-01")
    assert "ends on 2026-12-01 already" in (
        terminal.run("subscription", "cancel", tenant, "--subscription", made) or terminal.err
    )


def test_entitlements_of_a_person_are_told(terminal, tenant, ada):
    assert terminal.read("entitlements", tenant, "ada")["plan"] == "none"
    at = ("--at", "2026-09-01T00:00:00Z")
    assert "not active" in terminal.read("entitlements", tenant, ada, *at)["because"]
