"""What the API answers: pages, parameters, bodies, problems."""

import base64
from datetime import timedelta
from typing import Any

import openapi_spec_validator
import orjson
import pytest
from werkzeug.test import TestResponse

from bridge.database.sessions import Database
from bridge.journal.seal import seal
from bridge.web.api.document import document
from bridge.web.context import Bridge
from tests.api.customers import OCTOBER, SEPTEMBER, Customer, Running, user

on_sqlite = pytest.mark.parametrize("running", ["sqlite"], indirect=True)


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """Return a problem, having seen that it is one (RFC 9457)."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    told: dict[str, Any] = answer.json
    assert told["status"] == status
    assert told["type"].startswith("urn:provisioning-bridge:problem:")
    assert told["instance"] == f"/api/v1/requests/{answer.headers['X-Request-Id']}"
    assert {"title", "detail"} <= set(told)
    return told


@on_sqlite
def test_the_document_is_openapi_3_1(running: Running):
    answer = running.ask("GET", "/api/v1/openapi.json", None)
    assert answer.json == orjson.loads(orjson.dumps(document()))
    assert answer.json["openapi"] == "3.1.0"
    openapi_spec_validator.validate(answer.json)


def test_names_of_operations_are_distinct():
    names = [each["operationId"] for item in document()["paths"].values() for each in item.values()]
    assert len(names) == len(set(names))


@on_sqlite
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/v2/people", 404),
        ("GET", "/api/v1/nosuch", 404),
        ("PUT", "/api/v1/people", 405),
    ],
)
def test_what_leads_nowhere_is_a_problem_too(running: Running, method: str, path: str, status: int):
    answer = running.ask(method, path, None)
    problem(answer, status)
    assert answer.headers.get("Allow") == ("GET, HEAD" if status == 405 else None)


@on_sqlite
def test_a_page_elsewhere_is_no_problem_of_the_api(running: Running):
    assert running.ask("GET", "/nosuch", None).content_type.startswith("text/html")
    assert running.ask("GET", "/api//v1/people", None).status_code == 308


@on_sqlite
def test_answers_stay_with_the_caller(running: Running, lindqvist: Customer):
    headers = running.api(lindqvist, "GET", "/tenant").headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_a_key_does_what_its_scopes_allow_and_no_more(running: Running, lindqvist: Customer):
    answer = running.api(lindqvist, "POST", "/api-keys", {"scopes": ["read"], "expires_in_days": 1})
    made = answer.json
    assert made["expires_at"] == (OCTOBER + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert running.ask("GET", "/api/v1/tenant", made["secret"]).json["name"] == "Lindqvist Freight"
    told = problem(running.ask("GET", "/api/v1/journal", made["secret"]), 403)
    assert told["detail"] == "this needs the scope journal:read; the API key has read"
    assert running.api(lindqvist, "DELETE", f"/api-keys/{made['id']}").status_code == 204
    refused = running.ask("GET", "/api/v1/tenant", made["secret"])
    problem(refused, 401)
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="bridge"'


def test_people_are_walked_page_by_page(running: Running, okonkwo: Customer):
    names = [f"person{number}" for number in range(5)]
    for name in names:
        running.scim(okonkwo, "POST", "/Users", user(name))
    seen, cursor = [], ""
    while cursor is not None:
        answer = running.api(okonkwo, "GET", f"/people?limit=2{cursor and f'&cursor={cursor}'}").json
        seen += [item["user_name"].partition("@")[0] for item in answer["items"]]
        cursor = answer["next_cursor"]
    assert sorted(seen) == names
    found = running.api(okonkwo, "GET", "/people?search=PERSON3%40&active=true").json["items"]
    assert [item["external_id"] for item in found] == ["ext-person3"]
    assert running.api(okonkwo, "GET", "/people?search=ext-person4").json["items"]
    assert running.api(okonkwo, "GET", "/people?search=%25").json["items"] == []
    assert running.api(okonkwo, "GET", "/people?active=false").json["items"] == []
    assert running.api(okonkwo, "GET", f"/people?connection_id={okonkwo.ids['token']}").json["items"] == []


def test_a_person_is_shown_with_their_groups(running: Running, lindqvist: Customer):
    shown = running.api(lindqvist, "GET", f"/people/{lindqvist.ids['person']}").json
    assert shown["groups"] == [{"id": lindqvist.ids["group"], "display_name": "Dispatchers"}]
    groups = running.api(lindqvist, "GET", "/groups?search=dispa").json["items"]
    assert [(group["id"], group["members"]) for group in groups] == [(lindqvist.ids["group"], 1)]
    connection = lindqvist.ids["connection"]
    assert (
        running.api(lindqvist, "GET", f"/groups?connection_id={connection}&limit=1").json["items"] == groups
    )
    assert running.api(lindqvist, "GET", "/groups?search=drivers").json["items"] == []


def test_seats_are_walked_at_one_instant(running: Running, lindqvist: Customer):
    first = running.api(lindqvist, "GET", "/seats?at=2026-09-15T02:00:00+02:00").json
    assert [seat["person_id"] for seat in first["items"]] == [lindqvist.ids["person"]]
    assert first["items"][0]["rule"] == "Dispatchers"
    assert running.api(lindqvist, "GET", "/seats?plan=premium").json["items"] == []
    cursor = base64.urlsafe_b64encode(b"2026-09-15T00:00:00+00:00 0").decode().rstrip("=")
    assert running.api(lindqvist, "GET", f"/seats?cursor={cursor}").json == first
    past = base64.urlsafe_b64encode(b"2026-09-15T00:00:00+00:00 z").decode().rstrip("=")
    assert running.api(lindqvist, "GET", f"/seats?cursor={past}").json["items"] == []
    assert running.api(lindqvist, "GET", "/seats?at=2026-08-01T00:00:00Z").json["items"] == []
    assert running.api(lindqvist, "GET", "/seats/counts").json["plans"] == {"standard": 1}


def test_an_invoice_is_read_exported_and_explained(running: Running, lindqvist: Customer):
    invoice = lindqvist.ids["invoice"]
    summary = running.api(lindqvist, "GET", "/invoices").json["items"][0]
    assert (summary["id"], summary["number"], summary["period"]["end"]) == (invoice, 1, "2026-10-01")
    assert running.api(lindqvist, "GET", "/invoices/1").json["total"] == summary["total"]
    people = running.api(lindqvist, "GET", f"/invoices/{invoice}/people?limit=1").json
    assert [(row["position"], row["person"]) for row in people["items"]] == [(1, lindqvist.ids["person"])]
    assert people["next_after"] is None
    assert running.api(lindqvist, "GET", f"/invoices/{invoice}/people?after=1").json["items"] == []
    export = running.api(lindqvist, "GET", f"/invoices/{invoice}.csv")
    assert export.content_type == "text/csv; charset=utf-8"
    assert lindqvist.ids["person"] in export.get_data(as_text=True).splitlines()[1]
    why = running.api(lindqvist, "GET", f"/invoices/{invoice}/people/{lindqvist.ids['person']}/explanation")
    assert why.json["items"][0]["spans"][0]["rule"] == "Dispatchers"
    assert running.api(lindqvist, "GET", "/reconciliation").json["findings"] == []
    again = running.api(lindqvist, "POST", "/invoices", {"period_start": "2026-09-01"}).json
    assert again == {"id": invoice, "number": 1, "already_closed": True}
    preview = running.api(lindqvist, "GET", "/invoices/preview?period_start=2026-10-01").json
    assert preview["period"] == {"start": "2026-10-01", "end": "2026-11-01"}
    problem(running.api(lindqvist, "POST", "/invoices", {}), 400)  # October has not ended
    problem(running.api(lindqvist, "GET", "/invoices/9.csv"), 404)


def test_a_connection_goes_live_with_everybody_in_it(running: Running, lindqvist: Customer):
    made = running.api(lindqvist, "POST", "/connections", {"name": "Observed", "kind": "google"}).json
    assert made["live_from"] is None
    path = f"/connections/{made['id']}/live"
    later = "2026-11-01T00:00:00Z"
    assert running.api(lindqvist, "POST", path, {"live_from": later}).json["live_from"] == later
    assert running.api(lindqvist, "POST", path, {}).json["live_from"] == later
    problem(running.api(lindqvist, "POST", path, {"live_from": "2026-12-01T00:00:00Z"}), 409)
    told = problem(running.api(lindqvist, "POST", path, {"live_from": "tomorrow"}), 422)
    assert told["pointer"] == "/live_from"
    problem(running.api(lindqvist, "POST", "/connections", {"name": "Observed", "kind": "google"}), 409)


def test_rules_are_applied_from_an_instant_on(running: Running, okonkwo: Customer):
    document_ = {"rules": [{"name": "All", "when": "active eq true", "plan": "standard"}]}
    path = "/rule-sets?effective_from=2026-11-01T00:00:00Z&note=from%20November"
    applied = running.api(okonkwo, "POST", path, document_)
    assert (applied.status_code, applied.json["version"], applied.json["applied"]) == (201, 1, True)
    assert running.api(okonkwo, "POST", path, document_).json["applied"] is False
    shown = running.api(okonkwo, "GET", f"/rule-sets/{applied.json['id']}").json
    assert (shown["document"], shown["note"]) == (document_, "from November")
    assert shown["effective_from"] == "2026-11-01T00:00:00Z"
    document_["rules"][0]["plan"] = "nosuch"
    assert problem(running.api(okonkwo, "POST", path, document_), 422)["pointer"] == "/rules/0/plan"


def test_a_request_is_found_in_the_log_with_its_body(running: Running, lindqvist: Customer):
    path = "/requests?method=POST&status=201&failed=false&limit=50"
    found = running.api(lindqvist, "GET", f"{path}&connection_id={lindqvist.ids['connection']}").json["items"]
    assert {item["route"] for item in found} == {"/scim/v2/Users", "/scim/v2/Groups"}
    shown = running.api(lindqvist, "GET", f"/requests/{lindqvist.ids['request']}").json
    assert shown["target"].startswith("/scim/v2/Users")
    assert "@lindqvist.example" in shown["body"]
    only = running.api(lindqvist, "GET", "/requests?route=/scim/v2/Groups&limit=1").json
    assert [item["route"] for item in only["items"]] == ["/scim/v2/Groups"]
    running.parts.request_log.flush()
    assert running.api(lindqvist, "GET", "/requests?limit=1").json["next_cursor"]
    refused = running.scim(lindqvist, "GET", "/Users/nosuch")
    running.parts.request_log.flush()
    failed = running.api(lindqvist, "GET", "/requests?failed=true&status=404&limit=50").json["items"]
    assert refused.headers["X-Request-Id"] in {item["id"] for item in failed}


def test_the_journal_is_read_both_ways_and_verified(running: Running, lindqvist: Customer):
    seal(running.database, lindqvist.tenant_id)
    told = running.api(lindqvist, "GET", f"/journal?subject_id={lindqvist.ids['person']}").json["items"]
    assert told[-1]["action"] == "scim:person:create"
    caused = running.api(lindqvist, "GET", f"/journal?request_id={told[-1]['request_id']}").json
    assert told[-1]["id"] in {entry["id"] for entry in caused["items"]}
    first = running.api(lindqvist, "GET", "/journal/sealed?limit=2").json["items"]
    assert [entry["position"] for entry in first] == [1, 2]
    rest = running.api(lindqvist, "GET", "/journal/sealed?after=2").json["items"]
    verified = running.api(lindqvist, "GET", "/journal/verification").json
    assert verified["sealed"] == len(rest) + 2
    assert (verified["head"], verified["unsealed"]) == (rest[-1]["hash"], 0)
    latest = running.api(lindqvist, "GET", "/journal?limit=1").json
    assert running.api(lindqvist, "GET", f"/journal?cursor={latest['next_cursor']}").json["items"]


@on_sqlite
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("people?nosuch=1", "there is no parameter 'nosuch' here"),
        ("tenant?x=1", "allowed: none"),
        ("people?search=a&search=b", "given 2 times"),
        ("people?search=", "1 to 256"),
        ("people?search=" + "x" * 257, "1 to 256"),
        ("people?search=%00", "printable"),
        ("people?active=yes", "allowed true or false"),
        ("people?limit=0", "from 1"),
        ("people?limit=51", "allowed 1 to 50"),
        ("people?limit=-1", "whole number"),
        ("people?limit=1e3", "whole number"),
        ("people?limit=%D9%A1", "whole number"),
        ("people?limit=" + "9" * 5000, "whole number"),
        ("people?cursor=nonsense", "no cursor of ours"),
        ("people?cursor=%F0%9F", "no cursor of ours"),
        ("people?cursor=OTk5OS0xMi0zMVQyMzo1OTo1OS0wMTowMCB4", "no cursor of ours"),
        ("seats?at=2026-09-15", "instant with an offset"),
        ("seats?at=2026-09-15T00:00:00", "instant with an offset"),
        ("seats?at=2026-02-29T00:00:00Z", "no calendar has"),
        ("seats?at=2026-09-15T24:00:00Z", "no calendar has"),
        ("seats?at=9999-12-31T23:59:59-01:00", "years from 1970 to 2200"),
        ("seats?at=0001-01-01T00:00:00%2B01:00", "years from 1970 to 2200"),
        ("invoices/preview?period_start=2026-9-1", "a date such as"),
        ("invoices/preview?period_start=2026-02-30", "no calendar has"),
        ("invoices/preview?period_start=9999-12-31", "years from 1970 to 2200"),
        ("requests?method=BREW", "allowed one of GET"),
        ("requests?status=99", "from 100 to 599"),
        ("journal/sealed?after=1000000001", "to 1000000000"),
    ],
)
def test_a_parameter_that_says_nothing_clear_is_refused(
    running: Running, lindqvist: Customer, query: str, told: str
):
    answer = problem(running.api(lindqvist, "GET", f"/{query}"), 400)
    assert told in answer["detail"]
    assert "pointer" not in answer


@on_sqlite
def test_a_leap_day_and_an_unescaped_plus_are_understood(running: Running, lindqvist: Customer):
    answer = running.api(lindqvist, "GET", "/seats/counts?at=2028-02-29T00:00:00+01:00")
    assert answer.json["at"] == "2028-02-28T23:00:00Z"


@on_sqlite
@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/connections", {"name": "A"}, (422, "")),
        ("/connections", {"name": "A", "kind": "ldap"}, (422, "/kind")),
        ("/connections", {"name": "", "kind": "okta"}, (422, "/name")),
        ("/connections", {"name": "x" * 201, "kind": "okta"}, (422, "/name")),
        ("/connections", {"name": "A\nB", "kind": "okta"}, (422, "/name")),
        ("/connections", {"name": "A", "kind": "okta", "live": "yes"}, (422, "/live")),
        ("/connections", {"name": "A", "kind": "okta", "a/b": 1}, (422, "")),
        ("/connections", {"name": "A\0", "kind": "okta"}, (400, None)),
        ("/connections", [], (400, None)),
        ("/connections", None, (400, None)),
        ("/api-keys", {"scopes": []}, (422, "/scopes")),
        ("/api-keys", {"scopes": ["read", "root"]}, (422, "/scopes/1")),
        ("/api-keys", {"scopes": ["read"], "expires_in_days": 0}, (422, "/expires_in_days")),
        ("/api-keys", {"scopes": ["read"], "expires_in_days": 3651}, (422, "/expires_in_days")),
        ("/invoices", {"period_start": "2026-02-30"}, (422, "/period_start")),
        ("/rule-sets", {"rules": [{"name": "A", "when": "x", "roles": ["admin"]}]}, (422, "/rules/0/when")),
        ("/quotes", {"currency": "EUR"}, (422, "/period")),
    ],
)  # fmt: skip
def test_a_body_that_is_refused_is_told_where(
    running: Running, lindqvist: Customer, path: str, body: object, expected: tuple[int, str | None]
):
    status, pointer = expected
    told = problem(running.api(lindqvist, "POST", path, body), status)
    assert told.get("pointer") == pointer


@on_sqlite
@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"\xff", 400), (b"[" * 40 + b"]" * 40, 400), (b" " * (32 * 1024 * 1024 + 1), 413)],
)
def test_a_body_that_is_no_json_or_too_large_is_refused(
    running: Running, lindqvist: Customer, body: bytes, status: int
):
    headers = {"Authorization": f"Bearer {lindqvist.key}"}
    problem(running.client.post("/api/v1/connections", data=body, headers=headers), status)


def test_ids_that_cannot_be_ids_are_not_looked_up(running: Running, lindqvist: Customer):
    for id_ in ("%00", "x" * 65, "a%20b", "%F0%9F%98%80"):
        problem(running.api(lindqvist, "GET", f"/people/{id_}"), 404)


@on_sqlite
def test_a_surprise_tells_the_request_id_alone(
    running: Running,
    lindqvist: Customer,
    capsys: pytest.CaptureFixture[str],
):
    kept = running.app.extensions["bridge"]
    answer = running.api(lindqvist, "GET", "/tenant")
    assert answer.status_code == 200
    running.app.extensions["bridge"] = _Broken(kept)
    try:
        answer = running.api(lindqvist, "GET", "/tenant")
    finally:
        running.app.extensions["bridge"] = kept
    told = problem(answer, 500)
    assert answer.headers["X-Request-Id"] in told["detail"]
    assert "wires crossed" not in answer.get_data(as_text=True) + capsys.readouterr().out


class _Broken:
    """A bridge whose database fails in a way nobody foresaw; its log still works."""

    def __init__(self, kept: Bridge) -> None:
        self.settings, self.seal, self.request_log = kept.settings, kept.seal, kept.request_log

    @property
    def database(self) -> Database:
        raise ZeroDivisionError("wires crossed")


def test_the_process_says_how_it_is(running: Running):
    assert running.ask("GET", "/healthz", None).json == {"status": "ok"}
    assert running.ask("GET", "/readyz", None).json == {"status": "ready"}
    assert "bridge_request_seconds" in running.ask("GET", "/metrics", None).get_data(as_text=True)


@on_sqlite
def test_the_clock_is_driven(running: Running, lindqvist: Customer):
    assert running.api(lindqvist, "GET", "/seats/counts").json["at"] == "2026-10-02T07:00:00Z"
    running.set_clock(SEPTEMBER)
    assert running.api(lindqvist, "GET", "/seats/counts").json["at"] == "2026-09-01T07:00:00Z"
    running.set_clock(OCTOBER)
