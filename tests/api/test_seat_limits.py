"""Limits of seats over the API: set, previewed, shown with who waits, lifted, refused where wrong."""

from datetime import timedelta

import pytest

from bridge.seats.due import take_due
from tests.api.customers import OCTOBER, add_customer, group, rules, user


@pytest.fixture
def crowded(running):
    """A customer with two seats of standard, both held, and three people who wait."""
    customer = add_customer(running, "Crowded")
    running.set_clock(OCTOBER)
    limit = {"plan": "standard", "seats": 2}
    assert running.api(customer, "POST", "/seat-limits", limit).json["applied"] is True
    ids = [running.scim(customer, "POST", "/Users", user(f"p{each}")).json["id"] for each in range(5)]
    staff = running.scim(customer, "POST", "/Groups", group("Staff", *ids)).json["id"]
    running.api(customer, "POST", "/rule-sets", rules(staff))
    running.set_clock(OCTOBER + timedelta(hours=1))
    work(running, customer)
    customer.ids["people"] = sorted(ids)
    return customer


def work(running, customer):
    now = OCTOBER + timedelta(hours=1)
    while take_due(
        running.database, customer.tenant_id, now=now, limit=50, closed_until=lambda _session: None
    ):
        pass


def test_who_waits_is_listed_page_by_page_and_told_by_entitlements_and_explanation(running, crowded):
    (line,) = running.api(crowded, "GET", "/seat-limits").json["items"]
    assert (line["plan"], line["held"], line["waiting"]) == ("standard", 2, 3)
    assert (line["limit"]["seats"], line["limit"]["access"], line["limit"]["until"]) == (2, "none", None)
    page = running.api(crowded, "GET", "/seat-limits/queue?plan=standard&limit=2").json
    path = f"/seat-limits/queue?plan=standard&cursor={page['next_cursor']}"
    rest = running.api(crowded, "GET", path).json
    queue = page["items"] + rest["items"]
    assert [each["number"] for each in queue] == [1, 2, 3]
    assert [each["person_id"] for each in queue] == crowded.ids["people"][2:]
    assert rest["next_cursor"] is None
    person = queue[1]["person_id"]
    entitled = running.api(crowded, "GET", f"/people/{person}/entitlements").json
    assert (entitled["plan"], entitled["waiting"]["number"]) == ("none", 2)
    explained = running.api(crowded, "GET", f"/people/{person}/explanation").json
    assert "2 of 2 are held; number 2 in the queue" in explained["because"]
    assert explained["span"]["waits_for"] == "standard"
    waiting = running.api(crowded, "GET", "/seats?plan=none").json["items"]
    assert [seat["waits_for"] for seat in waiting] == ["standard"] * 3
    [alert] = running.api(crowded, "GET", "/alerts?open=true").json["items"]
    assert (alert["kind"], alert["cause"]) == ("seats_used_up", "standard")


def test_a_limit_is_previewed_raised_and_lifted(running, crowded):
    raised = {"plan": "standard", "seats": 4, "access": "roles"}
    preview = running.api(crowded, "POST", "/seat-limits/preview", raised).json
    assert (preview["people"]["gains"], preview["waiting"][0]["people"]) == (2, 1)
    assert running.api(crowded, "GET", "/seat-limits").json["items"][0]["waiting"] == 3
    assert running.api(crowded, "POST", "/seat-limits", raised).json["seats"] == 4
    assert running.api(crowded, "POST", "/seat-limits", raised).json["applied"] is False
    work(running, crowded)
    assert running.api(crowded, "GET", "/seat-limits").json["items"][0]["waiting"] == 1
    later = {"plan": "standard", "seats": None, "effective_from": "2026-11-01T00:00:00Z"}
    assert running.api(crowded, "POST", "/seat-limits", later).json["seats"] is None
    work(running, crowded)
    (line,) = running.api(crowded, "GET", "/seat-limits?at=2026-11-02T00:00:00Z").json["items"]
    assert (line["held"], line["waiting"], line["limit"]["seats"]) == (5, 0, None)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"plan": "gold"}, "/plan"),
        ({"seats": -1}, "/seats"),
        ({"seats": "two"}, "/seats"),
        ({"seats": 1_000_001}, "/seats"),
        ({"access": "all"}, "/access"),
        ({"effective_from": "soon"}, "/effective_from"),
        ({"effective_from": 5}, "/effective_from"),
    ],
)
def test_a_wrong_limit_is_refused_where_it_is_wrong(running, crowded, wrong, pointer):
    for path in ("/seat-limits", "/seat-limits/preview"):
        refused = running.api(crowded, "POST", path, {"plan": "standard", "seats": 1, **wrong})
        assert (refused.status_code, refused.json["pointer"]) == (422, pointer)
    assert running.api(crowded, "GET", "/seat-limits").json["items"][0]["limit"]["seats"] == 2


def test_a_queue_is_of_a_plan(running, crowded):
    refused = running.api(crowded, "GET", "/seat-limits/queue")
    assert (refused.status_code, refused.json["pointer"]) == (422, "/plan")
    assert running.api(crowded, "GET", "/seat-limits/queue?plan=premium").json["items"] == []
