"""Storms over the API, from the provider's requests to the decision."""

from datetime import timedelta

import pytest

from bridge.seats.due import take_due
from tests.api.customers import OCTOBER, PATCH, add_customer, group, rules, user

NAMES = [f"p{number:02}" for number in range(14)]


@pytest.fixture
def struck(running):
    """A customer whose provider has deactivated eleven of fourteen people."""
    customer = add_customer(running, "Struck")
    running.set_clock(OCTOBER)
    ids = [running.scim(customer, "POST", "/Users", user(name)).json["id"] for name in NAMES]
    staff = running.scim(customer, "POST", "/Groups", group("Staff", *ids)).json["id"]
    running.api(customer, "POST", "/rule-sets", rules(staff))
    running.set_clock(OCTOBER + timedelta(days=1))
    off = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    for person_id in ids[:11]:
        assert running.scim(customer, "PATCH", f"/Users/{person_id}", off).status_code == 200
    customer.ids["people"] = ids
    work(running, customer)
    return customer


def work(running, customer):
    now = OCTOBER + timedelta(days=1, hours=1)
    while take_due(
        running.database, customer.tenant_id, now=now, limit=50, closed_until=lambda _session: None
    ):
        pass


def test_a_storm_is_listed_with_its_people_and_alert_and_its_seats_are_held(running, struck):
    [storm] = running.api(struck, "GET", "/storms?status=open").json["items"]
    assert (storm["people"], storm["status"], storm["decided_at"]) == (11, "open", None)
    assert running.api(struck, "GET", f"/storms/{storm['id']}").json == storm
    page = running.api(struck, "GET", f"/storms/{storm['id']}/people?limit=7").json
    rest = running.api(struck, "GET", f"/storms/{storm['id']}/people?cursor={page['next_cursor']}").json
    assert [row["person_id"] for row in page["items"] + rest["items"]] == sorted(struck.ids["people"][:11])
    [alert] = running.api(struck, "GET", "/alerts?open=true").json["items"]
    assert (alert["kind"], alert["cause"]) == ("fuse_blown", storm["id"])
    assert "confirm or undo" in alert["what_to_do"]
    seats = running.api(struck, "GET", "/seats?plan=standard").json["items"]
    assert len(seats) == 14
    assert {seat["storm_id"] for seat in seats if seat["held"]} == {storm["id"]}
    person = running.api(struck, "GET", f"/people/{struck.ids['people'][0]}").json
    assert person["active"] is False
    told = running.api(struck, "GET", f"/people/{struck.ids['people'][0]}/explanation").json
    assert told["span"]["storm"] == storm["id"]
    assert "access is off" in told["because"]


def test_a_storm_is_undone_once(running, struck):
    [storm] = running.api(struck, "GET", "/storms").json["items"]
    answer = running.api(struck, "POST", f"/storms/{storm['id']}/undo")
    assert answer.json == {
        "people": 11, "groups": 0, "memberships": 0, "left_people": 0, "left_memberships": 0, "undone": True,
    }  # fmt: skip
    assert running.api(struck, "POST", f"/storms/{storm['id']}/undo").json["undone"] is False
    assert running.api(struck, "POST", f"/storms/{storm['id']}/confirm").status_code == 409
    work(running, struck)
    running.set_clock(OCTOBER + timedelta(days=1, minutes=1))
    assert not any(seat["held"] for seat in running.api(struck, "GET", "/seats").json["items"])
    assert running.scim(struck, "GET", f"/Users/{struck.ids['people'][0]}").json["active"] is True
    assert running.api(struck, "GET", "/alerts?open=true").json["items"] == []
    assert len(running.api(struck, "GET", "/alerts").json["items"]) == 1


def test_a_provider_finds_a_group_that_an_undo_brought_back_and_goes_on_with_it(running, struck):
    [storm] = running.api(struck, "GET", "/storms").json["items"]
    running.api(struck, "POST", f"/storms/{storm['id']}/undo")
    asked = "/Groups?filter=displayName+eq+%22staff%22"
    [before] = running.scim(struck, "GET", asked).json["Resources"]
    running.set_clock(OCTOBER + timedelta(days=1, minutes=10))
    assert running.scim(struck, "DELETE", f"/Groups/{before['id']}").status_code == 204
    assert running.scim(struck, "GET", asked).json["totalResults"] == 0
    work(running, struck)
    [storm] = running.api(struck, "GET", "/storms?status=open").json["items"]
    undone = running.api(struck, "POST", f"/storms/{storm['id']}/undo").json
    assert (undone["groups"], undone["memberships"]) == (1, 14)
    [after] = running.scim(struck, "GET", asked).json["Resources"]
    assert (after["id"], after["meta"]["created"]) == (before["id"], before["meta"]["created"])
    assert {each["value"] for each in after["members"]} == {each["value"] for each in before["members"]}
    assert after["meta"]["version"] != before["meta"]["version"]
    assert running.scim(struck, "GET", "/Groups").json["totalResults"] == 1
    gone = {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "members"}]}
    assert running.scim(struck, "PATCH", f"/Groups/{after['id']}", gone).status_code in {200, 204}


def test_a_storm_is_confirmed_once(running, struck):
    [storm] = running.api(struck, "GET", "/storms").json["items"]
    assert running.api(struck, "POST", f"/storms/{storm['id']}/confirm").json == {"confirmed": True}
    assert running.api(struck, "POST", f"/storms/{storm['id']}/confirm").json == {"confirmed": False}
    assert running.api(struck, "GET", "/storms?status=confirmed").json["items"][0]["id"] == storm["id"]
    work(running, struck)
    assert len(running.api(struck, "GET", "/seats?plan=standard").json["items"]) == 3


def test_the_fuse_is_shown_and_changed_in_part_and_refused_with_a_pointer(running, struck):
    before = running.api(struck, "GET", "/fuse").json
    assert before == {"people": 10, "percent": 5, "group_people": 2}
    assert running.api(struck, "PATCH", "/fuse", {"percent": 7}).json == before | {"percent": 7}
    refused = running.api(struck, "PATCH", "/fuse", {"percent": 101})
    assert (refused.status_code, refused.json["pointer"]) == (422, "/percent")
    assert running.api(struck, "GET", "/fuse").json == before | {"percent": 7}


def test_an_unknown_storm_is_not_found(running, struck):
    for method, path in (("GET", ""), ("GET", "/people"), ("POST", "/confirm"), ("POST", "/undo")):
        assert running.api(struck, method, f"/storms/none{path}").status_code == 404
