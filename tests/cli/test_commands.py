import json
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
OCTOBER = datetime(2026, 10, 2, 12, tzinfo=UTC)


@contextmanager
def behind_its_back(folder):
    """The database itself, behind the product's back."""
    with closing(sqlite3.connect(folder / "bridge.db")) as database, database:
        yield database


@pytest.fixture
def ada(scim):
    return scim("POST", "/Users", {"schemas": [USER], "userName": "ada", "active": True}).json["id"]


@pytest.fixture
def engineering(scim, ada):
    body = {"schemas": [GROUP], "displayName": "Engineering", "members": [{"value": ada}]}
    return scim("POST", "/Groups", body).json["id"]


@pytest.fixture
def rules(terminal, tenant, engineering, tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(
        f"""
[default]
plan = "none"
roles = []
[[rules]]
name = "engineers"
when = 'groups.value eq "{engineering}"'
plan = "premium"
roles = ["analyst"]
"""
    )
    terminal.run("rules", "apply", tenant, str(file), "--effective-from", "2026-09-01T00:00:00Z")
    return file


@pytest.fixture
def invoice(terminal, tenant, rules):
    terminal.set_clock(OCTOBER)
    return terminal.read("invoice", "close", tenant, "--json")


def test_a_tenant_is_found_by_its_name_too(terminal, tenant):
    assert terminal.read("tenant", "list")[0]["id"] == tenant
    assert terminal.read("subscription", "show", "Larkspur")[0]["interval"] == "month"


def test_an_unknown_tenant_is_refused_with_one_line_and_code_2(terminal, tenant):
    terminal.run("seats", "Nobody")
    assert (terminal.code, terminal.out) == (2, "")
    assert terminal.err == "there is no tenant 'Nobody': see `bridge tenant list`\n"


def test_two_tenants_of_one_name_have_to_be_told_apart_by_id(terminal, tenant):
    terminal.run("tenant", "create", "Larkspur", "--currency", "EUR")
    terminal.run("seats", "Larkspur")
    assert terminal.code == 2
    assert "2 tenants" in terminal.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tenant", "create", "X", "--currency", "XXY"), "/currency"),
        (("tenant", "create", "X", "--currency", "USD", "--timezone", "Mars/Phobos"), "/timezone"),
        (("token", "create", "nothing"), "no connection 'nothing'"),
        (("seats", "Larkspur", "--at", "yesterday"), "no instant"),
        (("seats", "Larkspur", "--at", "2026-09-01T00:00:00"), "no offset"),
        (("seats", "Larkspur", "--at", "9999-12-31T23:59:59-12:00"), "years 1 to 9999"),
        (("explain", "Larkspur", "nobody"), "no person 'nobody'"),
        (("invoice", "show", "Larkspur", "7"), "no invoice 7"),
        (("requests", "show", "none"), "no request 'none'"),
        (("nonsense",), "No such command"),
        (("seats",), "Missing argument"),
    ],
)
def test_bad_input_is_refused_with_code_2(terminal, tenant, words, said):
    terminal.run(*words)
    assert terminal.code == 2
    assert said in terminal.err


def test_a_token_is_printed_alone_listed_without_its_secret_and_revoked(terminal, connection, scim):
    assert scim("GET", "/Users").status_code == 200
    (listed,) = terminal.read("token", "list", connection)
    assert listed["scopes"] == ["scim"]
    terminal.run("token", "revoke", connection, listed["id"])
    answer = scim("GET", "/Users")
    assert answer.status_code == 401
    assert "revoked" in answer.json["detail"]


def test_an_api_key_is_made_listed_and_revoked(terminal, tenant):
    secret = terminal.run("api-key", "create", tenant, "--scope", "read", "--expires-in-days", "30").strip()
    assert secret.startswith("bridge_api_")
    (listed,) = terminal.read("api-key", "list", tenant)
    terminal.run("api-key", "revoke", tenant, listed["id"])
    assert terminal.read("api-key", "list", tenant)[0]["revoked_at"] is not None


def test_a_connection_that_goes_live_later_bills_from_then(terminal, tenant):
    made = terminal.read("connection", "create", tenant, "later", "--kind", "okta", "--json")["id"]
    assert terminal.read("connection", "list", tenant)[0]["live_from"] is None
    terminal.run("connection", "go-live", made)
    assert terminal.read("connection", "list", tenant)[0]["live_from"].startswith("2026-09-10T12:00")


def test_rules_are_applied_once_and_shown_with_their_time(terminal, tenant, rules):
    again = terminal.run("rules", "apply", tenant, str(rules), "--effective-from", "2026-09-01T00:00:00Z")
    assert "nothing to do" in again
    (version,) = terminal.read("rules", "show", tenant)
    assert version["rules"]["rules"][0]["name"] == "engineers"


def test_rules_that_cannot_be_read_are_refused(terminal, tenant, tmp_path):
    for name, text in {"a.toml": "= 1", "b.json": "[1]", "c.json": "{"}.items():
        (tmp_path / name).write_text(text)
        terminal.run("rules", "apply", tenant, str(tmp_path / name))
        assert terminal.code == 2
        assert name in terminal.err


def test_groups_are_listed_with_the_ids_that_rules_name(terminal, tenant, engineering):
    assert terminal.read("group", "list", tenant)[0] | {"connection_id": ""} == {
        "id": engineering,
        "name": "Engineering",
        "connection_id": "",
    }


def test_an_invoice_is_previewed_closed_once_shown_and_exported(terminal, tenant, rules, ada):
    assert terminal.read("invoice", "preview", tenant, "--json")["people_rows"] == []  # nothing computed yet
    terminal.run("invoice", "close", tenant, "--period", "2026-09-01")
    assert (terminal.code, "due on" in terminal.err) == (2, True)
    terminal.set_clock(OCTOBER)
    assert "is issued" in terminal.run("invoice", "close", tenant, "--period", "2026-09-01")
    assert "issued before" in terminal.run("invoice", "close", tenant, "--period", "2026-09-01")
    shown = terminal.read("invoice", "show", tenant, "1", "--json")
    assert [(row["person"], row["billable_days"], row["amount"]) for row in shown["people_rows"]] == [
        (ada, 21, "55.30")
    ]
    assert "55.30" in terminal.run("invoice", "show", tenant, "1")
    assert [each["number"] for each in terminal.read("invoice", "show", tenant)] == [1]
    assert f"{ada},ada," in terminal.run("invoice", "export", tenant, "1")
    assert json.loads(terminal.run("invoice", "export", tenant, "1", "--format", "json"))["number"] == 1
    assert "0 discrepancies" in terminal.run("invoice", "verify", tenant, "1")


def test_seats_are_counted_and_explained(terminal, tenant, invoice, ada):
    assert terminal.read("seats", tenant, "--json") == {"premium": 1}
    assert "premium" in terminal.run("seats", tenant)
    assert "engineers" in terminal.run("explain", tenant, "ADA")
    assert terminal.read("explain", tenant, ada, "--json")["plan"] == "premium"


def test_reconciliation_finds_nothing_and_then_what_was_tampered_with(terminal, tenant, invoice, tmp_path):
    assert "0 findings" in terminal.run("reconcile", tenant)
    assert terminal.read("reconcile", tenant, "--json") == []
    with behind_its_back(tmp_path) as database:
        database.execute("UPDATE seats SET plan = 'standard'")
    found = terminal.run("reconcile", tenant)
    assert terminal.code == 1
    assert "seats_differ" in found


def test_what_reconciliation_can_repair_is_repaired_when_that_is_meant(terminal, tenant, invoice, tmp_path):
    with behind_its_back(tmp_path) as database:
        database.execute("UPDATE resource_counts SET delta = delta + 3")
        lists = database.execute(
            "SELECT count(*) FROM (SELECT DISTINCT kind FROM resource_counts)"
        ).fetchone()
    found = terminal.run("reconcile", tenant)
    assert (terminal.code, found.count("count_differs"), lists) == (1, 2, (2,))
    assert "2 findings, 2 being repaired" in terminal.run("reconcile", tenant, "--repair")
    assert terminal.code == 1
    assert "0 findings, 0 being repaired" in terminal.run("reconcile", tenant, "--repair")
    assert terminal.code == 0


def test_the_journal_is_sealed_and_verified_until_somebody_alters_it(terminal, tenant, invoice, tmp_path):
    assert "entries sealed" in terminal.run("journal", "seal", tenant)
    assert ", 0 wait" in terminal.run("journal", "verify", tenant)
    with behind_its_back(tmp_path) as database:
        database.execute("DROP TRIGGER journal_entries_no_update")
        database.execute("UPDATE journal_entries SET action = 'x' WHERE action LIKE 'scim:person%'")
    terminal.run("journal", "verify", tenant)
    assert terminal.code == 1
    assert "altered" in terminal.err


def test_requests_are_found_again_by_their_id_also_those_of_nobody(terminal, tenant, scim):
    good = scim("GET", '/Users?filter=userName eq "ada"').headers["X-Request-Id"]
    bad = scim("GET", '/Users?filter=nosuch eq "ada"').headers["X-Request-Id"]
    listed = terminal.read("requests", "list", tenant, "--failed")
    assert [each["id"] for each in listed] == [bad]
    assert terminal.read("requests", "show", good)["status"] == 200
    assert "nosuch" in terminal.read("requests", "show", bad)["target"]


def test_prices_of_its_own_are_applied_from_a_date_on(terminal, tenant, tmp_path):
    file = tmp_path / "prices.json"
    file.write_text(
        json.dumps({"valid_from": "2026-09-01", "terms": [{"plan": "premium", "unit_amount": "60.00"}]})
    )
    assert "premium" in terminal.run("plans", "apply", tenant, str(file))
    assert len(terminal.read("plans", "list")) == 8


def test_a_yearly_subscription_replaces_the_monthly_one(terminal, tenant):
    words = ("--interval", "year", "--starts-on", "2026-10-01", "--json")
    made = terminal.read("subscription", "create", tenant, *words)["id"]
    assert [each["id"] for each in terminal.read("subscription", "show", tenant)][-1] == made


def test_a_quote_needs_no_database(terminal, tmp_path):
    file = tmp_path / "quote.json"
    quote = {
        "currency": "USD",
        "period": {"start": "2026-01-01", "end": "2026-02-01"},
        "terms": [{"plan": "standard", "unit_amount": "39.00"}],
        "seats": [{"person": "ada", "plan": "standard", "start": "2026-01-15T00:00:00Z", "end": None}],
    }
    file.write_text(json.dumps(quote))
    assert terminal.read("quote", str(file))["invoices"][0]["total"] == "21.39"
    file.write_text(json.dumps(quote | {"currency": "XYZ"}))
    terminal.run("quote", str(file))
    assert terminal.code == 2
    assert terminal.err.startswith("/currency: ")


def test_a_refused_quote_is_one_line_whatever_its_names_are(terminal, tmp_path):
    file = tmp_path / "quote.json"
    file.write_text(json.dumps({"colour\nof\x1b[31m": "red"}))
    terminal.run("quote", str(file))
    assert terminal.code == 2
    assert terminal.err.startswith("/colour\\nof\\x1b[31m: ")
    assert len(terminal.err.splitlines()) == 1


def test_the_tables_are_up_to_date_and_the_settings_documented(terminal):
    assert "up to date" in terminal.run("database", "upgrade")
    assert "0 differences" in terminal.run("database", "check")
    assert "BRIDGE_DATABASE_URL" in terminal.run("settings")


def test_help_lists_every_command(terminal):
    assert "reconcile" in terminal.run("--help")
    assert terminal.code == 0
