"""PATCH over HTTP at the sizes and from as many clients at once as identity providers send it."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier
from typing import Any

import requests

from bridge.directory.tables import Membership
from tests.conformance.live import Client, Live
from tests.scim_http.crowd import add_crowd
from tests.scim_http.speaking import ENTERPRISE, GROUP, USER

CLIENTS, ROUNDS, MOST_AT_ONCE = 20, 6, 5


def sixteen(manager: str) -> list[dict[str, Any]]:
    """Write operations with plain, dotted and URN-qualified names, as paths and as keys of a value."""
    work = 'emails[type eq "work"]'
    return [
        {"op": "replace", "path": "name.givenName", "value": "Tunde"},
        {"op": "add", "value": {"name.familyName": "Oyelaran", "displayName": "Tunde O."}},
        {"op": "Replace", "value": {f"{ENTERPRISE}:department": "Deck"}},
        {"op": "add", "value": {ENTERPRISE: {"costCenter": "7"}}},
        {"op": "replace", "path": f"{ENTERPRISE}:employeeNumber", "value": "41"},
        {"op": "add", "path": f"{ENTERPRISE}:manager.value", "value": manager},
        {"op": "replace", "path": f"{USER}:title", "value": "Bosun"},
        {"op": "replace", "value": {f"{USER}:locale": "yo-NG"}},
        {"op": "replace", "path": f"{work}.value", "value": "tunde@deck.example"},
        {"op": "add", "path": "emails", "value": [{"type": "home", "value": "t@home.example"}]},
        {"op": "add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+234 1"},
        {"op": "remove", "path": 'phoneNumbers[type eq "fax"]'},
        {"op": "remove", "path": "nickName"},
        {"op": "add", "path": "timezone", "value": "Africa/Lagos"},
        {"op": "replace", "path": "timezone", "value": "Africa/Accra"},
        {"op": "replace", "value": {f"{work}.display": "Tunde", "active": "False"}},
    ]


def test_sixteen_operations_of_one_request_are_applied_in_their_order(live: Live):
    client = live.client()
    manager = client.created("/Users", {"schemas": [USER], "userName": "manager"})
    made = client.created(
        "/Users",
        {
            "schemas": [USER],
            "userName": "oyelaran",
            "title": "Mate",
            "nickName": "Oye",
            "emails": [{"type": "work", "value": "o@deck.example", "primary": True}],
            "phoneNumbers": [{"type": "fax", "value": "1"}],
        },
    )
    answer = client.patch(f"/Users/{made}", *sixteen(manager))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["meta"]["version"] == 'W/"2"'
    assert {name: told.get(name) for name in ("displayName", "title", "nickName", "locale", "timezone")} == {
        "displayName": "Tunde O.",
        "title": "Bosun",
        "nickName": None,
        "locale": "yo-NG",
        "timezone": "Africa/Accra",
    }
    assert told["name"] == {"givenName": "Tunde", "familyName": "Oyelaran"}
    extension = told[ENTERPRISE]
    assert extension.pop("manager")["value"] == manager
    assert extension == {"department": "Deck", "costCenter": "7", "employeeNumber": "41"}
    assert told["emails"] == [
        {"type": "work", "value": "tunde@deck.example", "primary": True, "display": "Tunde"},
        {"type": "home", "value": "t@home.example"},
    ]
    assert told["phoneNumbers"] == [{"type": "mobile", "value": "+234 1"}]
    assert (told["active"], client.idp.person(made).active) == (False, False)


def test_one_of_sixteen_operations_that_fails_undoes_the_others(live: Live):
    client = live.client()
    made = client.created("/Users", {"schemas": [USER], "userName": "oyelaran"})
    before = client.idp.everything()
    good = [{"op": "add", "path": "title", "value": str(number)} for number in range(15)]
    answer = client.patch(f"/Users/{made}", *good, {"op": "replace", "path": "nosuch", "value": "x"})
    assert answer.status_code == 400
    assert "Operation 15:" in answer.json()["detail"]  # counted from 0
    assert client.idp.everything() == before


def test_a_thousand_members_come_and_go_in_one_patch_each(live: Live):
    client = live.client()
    crowd = add_crowd(client.idp, 1000)
    made = client.created("/Groups", {"schemas": [GROUP], "displayName": "Crew"})
    references = [{"value": each} for each in crowd]
    for _ in ("joined", "joined again, which changes nothing"):
        answer = client.patch(f"/Groups/{made}", {"op": "add", "path": "members", "value": references})
        assert (answer.status_code, answer.content) == (204, b"")
        assert client.idp.members(made) == set(crowd)
    gone = {"op": "remove", "path": "members", "value": references[:999]}
    assert client.patch(f"/Groups/{made}", gone).status_code in (200, 204)
    assert client.idp.members(made) == {crowd[999]}


def test_twenty_clients_at_once_leave_exactly_the_members_that_they_should(live: Live):
    """Each client has people of its own; together they want one group, in many small changes."""
    client = live.client()
    crowd = add_crowd(client.idp, CLIENTS * 10)
    shares = [crowd[number::CLIENTS] for number in range(CLIENTS)]
    first = [each for share in shares for each in share[:5]]
    group = {"schemas": [GROUP], "displayName": "Crew", "members": [{"value": each} for each in first]}
    made = client.created("/Groups", group)
    start = Barrier(CLIENTS)

    def play(number: int) -> tuple[set[str], set[int]]:
        random, inside, statuses = Random(number), set(shares[number][:5]), set()  # noqa: S311 (a game of chance)
        start.wait()
        with requests.Session() as session:
            for _ in range(ROUNDS):
                operations = _moves(random, shares[number], inside)
                answer = client.patch(f"/Groups/{made}", *operations, session=session)
                statuses.add(answer.status_code)
        return inside, statuses

    with ThreadPoolExecutor(CLIENTS) as pool:
        played = list(pool.map(play, range(CLIENTS)))
    assert {status for _, statuses in played for status in statuses} <= {200, 204}
    assert client.idp.members(made) == {each for inside, _ in played for each in inside}
    held = client.idp.rows(Membership, Membership.group_id == made)
    overlapping = [
        (one, other)
        for one in held
        for other in held
        if one is not other
        and one.member_id == other.member_id
        and one.start <= other.start
        and (one.end is None or other.start < one.end)
    ]
    assert overlapping == []


def _moves(random: Random, people: list[str], inside: set[str]) -> list[dict[str, Any]]:
    """Choose who comes and who goes, in each shape that is sent, and keep account of it in ``inside``."""
    come = random.sample(people, random.randint(1, MOST_AT_ONCE))
    go = random.sample(people, random.randint(1, MOST_AT_ONCE))
    inside.update(come)
    inside.difference_update(go)
    removals: list[dict[str, Any]] = [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in go]
    if random.random() < 0.5:
        removals = [{"op": "Remove", "path": "members", "value": [{"value": each} for each in go]}]
    return [{"op": "Add", "path": "members", "value": [{"value": each} for each in come]}, *removals]


def test_a_client_that_repeats_itself_changes_nothing(live: Live):
    client: Client = live.client()
    [sailor] = add_crowd(client.idp, 1)
    made = client.created("/Groups", {"schemas": [GROUP], "displayName": "Crew"})
    joined = {"op": "add", "path": "members", "value": [{"value": sailor}]}
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda _: client.patch(f"/Groups/{made}", joined), range(CLIENTS)))
    assert {each.status_code for each in answers} == {200}
    assert len(client.idp.rows(Membership, Membership.group_id == made)) == 1
