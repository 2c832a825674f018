"""Groups in groups: plans reach the people in the inner ones, cycles and towers are refused."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.scim_http.seating import apply, held, seats
from tests.scim_http.speaking import GROUP, Speaker, add_speaker, application

LEVELS = 4


@pytest.fixture(scope="module")
def app(shared_database_url: str) -> Iterator[Flask]:
    with application(shared_database_url, group_levels=LEVELS) as app:
        yield app


def add(*ids: str) -> dict[str, Any]:
    return {"op": "add", "path": "members", "value": [{"value": each} for each in ids]}


def remove(group_id: str) -> dict[str, Any]:
    return {"op": "remove", "path": f'members[value eq "{group_id}"]'}


@pytest.fixture
def staff(idp: Speaker) -> tuple[str, str, str]:
    """A person in Drivers, Drivers in Road, and Road carries a plan."""
    person_id = idp.create(userName="ada")
    inner = idp.create_group("Drivers", person_id)
    outer = idp.create_group("Road", inner)
    apply(idp, {"when": f'groups.value eq "{outer}"', "plan": "premium"})
    return person_id, inner, outer


def test_a_plan_of_the_outer_group_reaches_who_is_in_the_inner_one(idp: Speaker, staff: tuple[str, str, str]):
    person_id, inner, outer = staff
    assert held(idp) == {person_id: "premium"}
    newcomer = idp.create(userName="grace")
    idp.patch(f"/Groups/{inner}", add(newcomer))
    assert held(idp) == {person_id: "premium", newcomer: "premium"}
    [member] = idp.get(f"/Groups/{outer}").json["members"]
    assert (member["value"], member["type"]) == (inner, "Group")
    assert member["$ref"].endswith(f"/Groups/{inner}")


def test_the_seat_ends_at_the_instant_at_which_the_inner_group_is_taken_out(
    idp: Speaker, staff: tuple[str, str, str]
):
    person_id, inner, outer = staff
    seats(idp)
    assert idp.patch(f"/Groups/{outer}", remove(inner)).status_code == 200
    [seat] = seats(idp)[person_id]
    changed = idp.get(f"/Groups/{outer}").json["meta"]["lastModified"]
    assert seat.end.isoformat().replace("+00:00", "Z") == changed
    assert idp.members(inner) == {person_id}


@pytest.mark.parametrize("gone", ["inner", "outer"])
def test_deleting_either_group_ends_the_seat(idp: Speaker, staff: tuple[str, str, str], gone: str):
    person_id, inner, outer = staff
    seats(idp)
    assert idp.ask("DELETE", f"/Groups/{inner if gone == 'inner' else outer}").status_code == 204
    assert seats(idp)[person_id][-1].end is not None
    assert idp.members(inner) == (set() if gone == "inner" else {person_id})


def test_two_ways_to_the_same_plan_are_one_seat(idp: Speaker, staff: tuple[str, str, str]):
    person_id, inner, outer = staff
    second = idp.create_group("Night", person_id)
    idp.patch(f"/Groups/{outer}", add(second))
    idp.patch(f"/Groups/{outer}", remove(inner))
    spans = seats(idp)[person_id]
    assert len(spans) == 1
    assert spans[0].end is None
    idp.patch(f"/Groups/{outer}", remove(second))
    assert held(idp) == {}


def test_a_cycle_is_refused_and_changes_nothing(idp: Speaker, staff: tuple[str, str, str]):
    _, inner, outer = staff
    before = idp.everything()
    for group_id, member_id in ((inner, outer), (inner, inner)):
        answer = idp.patch(f"/Groups/{group_id}", add(member_id))
        assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
        assert member_id in answer.json["detail"]
        body = {"schemas": [GROUP], "displayName": "Drivers", "members": [{"value": member_id}]}
        assert idp.ask("PUT", f"/Groups/{group_id}", body).status_code == 400
    assert idp.everything() == before


def test_of_two_that_would_make_a_cycle_at_once_one_is_refused(idp: Speaker):
    first, second = idp.create_group("First"), idp.create_group("Second")
    statuses: list[int] = []
    pairs = ((first, second), (second, first))
    threads = [
        threading.Thread(
            target=lambda pair=pair: statuses.append(
                idp.patch(f"/Groups/{pair[0]}", add(pair[1])).status_code
            )
        )
        for pair in pairs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 400]


def tower(idp: Speaker, height: int) -> list[str]:
    """Build groups from the inside out, each in the next."""
    groups = [idp.create_group("Level 1")]
    for level in range(2, height + 1):
        groups.append(idp.create_group(f"Level {level}", groups[-1]))
    return groups


def test_so_many_groups_in_a_row_and_no_more(idp: Speaker):
    groups = tower(idp, LEVELS)
    person_id = idp.create(userName="ada")
    idp.patch(f"/Groups/{groups[0]}", add(person_id))
    apply(idp, {"when": f'groups.value eq "{groups[-1]}"', "plan": "standard"})
    assert held(idp) == {person_id: "standard"}
    below, above = idp.create_group("Below"), idp.create_group("Above")
    before = idp.everything()
    body = {"schemas": [GROUP], "displayName": "Roof", "members": [{"value": groups[-1]}]}
    for answer in (
        idp.patch(f"/Groups/{groups[0]}", add(below)),
        idp.patch(f"/Groups/{above}", add(groups[-1])),
        idp.ask("PUT", f"/Groups/{above}", {**body, "displayName": "Above"}),
        idp.ask("POST", "/Groups", body),
    ):
        assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
        assert f"More than {LEVELS} groups" in answer.json["detail"]
    assert idp.everything() == before


def test_two_towers_are_not_put_on_each_other(idp: Speaker):
    lower, upper = tower(idp, 3), tower(idp, 2)
    assert idp.patch(f"/Groups/{upper[0]}", add(lower[-1])).status_code == 400
    assert idp.patch(f"/Groups/{upper[0]}", add(lower[1])).status_code == 200


def test_a_level_taken_away_makes_room_in_the_same_request(idp: Speaker):
    groups = tower(idp, LEVELS)
    other = tower(idp, LEVELS - 1)[-1]
    assert idp.patch(f"/Groups/{groups[-1]}", remove(groups[-2]), add(other)).status_code == 200


def test_a_group_of_another_connection_or_tenant_is_no_member(app: Flask, idp: Speaker):
    group_id = idp.create_group("Road")
    neighbour, stranger = add_speaker(app, tenant_id=idp.tenant_id), add_speaker(app)
    before = idp.everything()
    for other in (neighbour, stranger):
        foreign = other.create_group("Drivers")
        assert idp.patch(f"/Groups/{group_id}", add(foreign)).status_code == 400
    assert idp.members(group_id) == set()
    assert len(before) == len(idp.everything())
