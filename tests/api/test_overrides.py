"""From an administrator's decision to the line of the invoice, and back."""

from datetime import UTC, datetime

import pytest

from tests.api.customers import OCTOBER, SEPTEMBER, add_customer, group, rules, user


@pytest.fixture
def company(running):
    running.set_clock(SEPTEMBER)
    customer = add_customer(running, "Havel Optics")
    ids = customer.ids
    for name in ("ada", "grace"):
        ids[name] = running.scim(customer, "POST", "/Users", user(name)).json["id"]
    made = running.scim(customer, "POST", "/Groups", group("Lab", ids["ada"], ids["grace"]))
    assert running.api(customer, "POST", "/rule-sets", rules(made.json["id"])).status_code == 201
    return customer


def test_an_override_is_billed_explained_and_ended(running, company):
    person = company.ids["ada"]
    wanted = {"plan": "premium", "roles": ["analyst"], "reason": "covers for a colleague",
              "start": "2026-09-11T00:00:00+02:00"}  # fmt: skip
    made = running.api(company, "POST", f"/people/{person}/overrides", wanted)
    assert made.status_code == 201, made.json
    assert (made.json["applied"], made.json["plan"], made.json["roles"]) == (True, "premium", ["analyst"])
    again = running.api(company, "POST", f"/people/{person}/overrides", wanted)
    assert (again.json["applied"], again.json["id"]) == (False, made.json["id"])
    running.set_clock(datetime(2026, 9, 20, 22, tzinfo=UTC))
    ended = running.api(company, "POST", f"/overrides/{made.json['id']}/end", {})
    assert ended.json["end"] == "2026-09-20T22:00:00Z"
    assert running.api(company, "GET", f"/overrides/{made.json['id']}").json == ended.json
    listed = running.api(company, "GET", "/overrides?at=2026-09-12T00:00:00Z").json
    assert listed["items"] == running.api(company, "GET", f"/people/{person}/overrides").json["items"]
    assert running.api(company, "GET", "/overrides?at=2026-10-01T00:00:00Z").json["items"] == []

    running.set_clock(OCTOBER)
    invoice = running.api(company, "POST", "/invoices", {}).json
    people = running.api(company, "GET", f"/invoices/{invoice['id']}/people").json["items"]
    assert {each["plan"] for each in people if each["person"] == person} == {"standard", "premium"}
    during = running.api(company, "GET", f"/people/{person}/explanation?at=2026-09-15T00:00:00Z").json
    assert during["because"].endswith("gives plan premium: covers for a colleague")
    assert during["override"]["id"] == during["span"]["override"]["id"] == made.json["id"]
    assert during["span"]["started_by"]["action"] == "mapping:override:set"
    assert during["span"]["ended_by"]["action"] == "mapping:override:end"
    assert during["rules"] == [
        {"rule": "override", "outcome": "won"},
        {"rule": "Dispatchers", "outcome": "lost: an override names the plan"},
    ]
    after = running.api(company, "GET", f"/people/{person}/explanation?at=2026-09-25T00:00:00Z").json
    assert (after["plan"], after["override"]) == ("standard", None)
    shares = running.api(company, "GET", f"/invoices/{invoice['id']}/people/{person}/explanation").json
    named = [span["override"] and span["override"]["id"] for span in shares["items"][0]["spans"]]
    assert named == [None, made.json["id"], None]
    assert running.api(company, "GET", "/reconciliation").json["findings"] == []


def test_an_override_in_the_past_is_adjusted_on_the_next_invoice(running, company):
    running.set_clock(OCTOBER)
    running.api(company, "POST", "/invoices", {})
    wanted = {"plan": "none", "reason": "was never here", "start": "2026-09-15T00:00:00Z"}
    assert (
        running.api(company, "POST", f"/people/{company.ids['grace']}/overrides", wanted).status_code == 201
    )
    running.set_clock(datetime(2026, 11, 2, 7, tzinfo=UTC))
    second = running.api(company, "POST", "/invoices", {}).json
    people = running.api(company, "GET", f"/invoices/{second['id']}/people").json["items"]
    late = [each for each in people if each["for_period_start"] == "2026-09-01"]
    assert [each["person"] for each in late] == [company.ids["grace"]]
    assert late[0]["amount"].startswith("-")


def test_an_override_to_no_seat_says_why_there_is_none(running, company):
    person = company.ids["ada"]
    wanted = {"plan": "none", "roles": [], "reason": "on leave", "start": "2026-09-10T00:00:00Z"}
    assert running.api(company, "POST", f"/people/{person}/overrides", wanted).status_code == 201
    running.set_clock(OCTOBER)
    running.api(company, "POST", "/invoices", {})
    during = running.api(company, "GET", f"/people/{person}/explanation?at=2026-09-15T00:00:00Z").json
    assert (during["plan"], during["span"]) == ("none", None)
    assert during["because"].endswith("gives no plan: on leave")
    assert running.scim(company, "DELETE", f"/Users/{person}").status_code == 204
    gone = running.api(company, "GET", f"/people/{person}/explanation?at=2026-10-03T00:00:00Z").json
    assert (gone["because"], gone["override"]) == ("the person is not known at that instant", None)


def test_a_refused_override_says_where_and_changes_nothing(running, company):
    path = f"/people/{company.ids['ada']}/overrides"
    refused = running.api(company, "POST", path, {"plan": "gold", "reason": "trial"})
    assert (refused.status_code, refused.json["pointer"]) == (422, "/plan")
    refused = running.api(company, "POST", path, {"plan": "premium", "reason": "trial", "start": "today"})
    assert refused.status_code == 422
    assert running.api(company, "GET", path).json["items"] == []
