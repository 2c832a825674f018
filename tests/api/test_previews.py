"""A change of rules, previewed and applied as it was shown."""

from datetime import timedelta

import pytest

from tests.api.customers import OCTOBER, SEPTEMBER, add_customer, group, rules, user


@pytest.fixture
def company(running):
    running.set_clock(SEPTEMBER)
    customer = add_customer(running, "Moreau Glass")
    ids = customer.ids
    for name in ("ada", "grace", "joan"):
        ids[name] = running.scim(customer, "POST", "/Users", user(name)).json["id"]
    made = running.scim(customer, "POST", "/Groups", group("Lab", ids["ada"], ids["grace"]))
    ids["lab"] = made.json["id"]
    assert running.api(customer, "POST", "/rule-sets", rules(ids["lab"])).status_code == 201
    return customer


def better(company):
    document = rules(company.ids["lab"])
    document["rules"][0]["plan"] = "premium"
    return document


def test_what_is_previewed_is_applied_or_refused_as_stale(running, company):
    found = running.api(company, "POST", "/rule-sets/preview", better(company)).json
    assert (found["people"]["affected"], found["people"]["moves"]) == (2, 2)
    assert float(found["invoice"]["difference"]) > 0
    assert found["unmatched"]["first"] == [company.ids["joan"]]
    again = running.api(company, "GET", f"/previews/{found['id']}").json
    assert again["groups"] == found["groups"]
    page = running.api(company, "GET", f"/previews/{found['id']}/people").json
    assert page["person_ids"] == sorted([company.ids["ada"], company.ids["grace"]])
    assert page["next_page"] is None
    assert running.api(company, "GET", f"/previews/{found['id']}/people?page=7").json["person_ids"] == []

    running.set_clock(SEPTEMBER + timedelta(minutes=1))
    assert running.scim(company, "DELETE", f"/Users/{company.ids['grace']}").status_code == 204
    running.set_clock(SEPTEMBER + timedelta(minutes=2))
    stale = running.api(company, "POST", f"/rule-sets?preview_id={found['id']}", better(company))
    assert (stale.status_code, stale.json["pointer"]) == (409, "/preview_id")
    assert company.ids["grace"] in stale.json["detail"]
    found = running.api(company, "POST", "/rule-sets/preview", better(company)).json
    applied = running.api(company, "POST", f"/rule-sets?preview_id={found['id']}", better(company))
    assert (applied.status_code, applied.json["applied"]) == (201, True)
    running.set_clock(OCTOBER)
    closed = running.api(company, "POST", "/invoices", {}).json
    assert running.api(company, "GET", f"/invoices/{closed['id']}").json["total"] == found["invoice"]["after"]
    assert running.api(company, "GET", "/reconciliation").json["findings"] == []


def test_a_past_month_is_asked_about_or_a_later_date_but_not_both(running, company):
    path = "/rule-sets/preview?as_of=2026-09-01T06:00:00Z"
    found = running.api(company, "POST", path, better(company)).json
    assert (found["id"], found["as_of"]) == (None, "2026-09-01T06:00:00+00:00")
    refused = running.api(company, "POST", f"{path}&effective_from=2026-10-01T00:00:00Z", better(company))
    assert refused.status_code == 422
    assert running.api(company, "GET", "/previews/unknown").status_code == 404


def test_a_connection_is_previewed_before_it_is_live(running, company):
    made = running.api(company, "POST", "/connections", {"name": "Entra", "kind": "entra"}).json["id"]
    found = running.api(company, "POST", f"/connections/{made}/live/preview", {})
    assert (found.status_code, found.json["people"]["affected"]) == (200, 0)
    live = running.api(company, "POST", f"/connections/{made}/live", {"preview_id": found.json["id"]})
    assert live.json["live_from"] is not None
    refused = running.api(company, "POST", f"/connections/{made}/live/preview", {})
    assert refused.status_code == 409
