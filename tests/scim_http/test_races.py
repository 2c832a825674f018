"""Requests at the same instant: the database decides, and nobody's change is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from werkzeug.test import TestResponse

from bridge.directory.tables import ChangeDue, Membership, Person
from tests.scim_http.crowd import add_crowd
from tests.scim_http.speaking import GROUP, USER, Speaker

AT_ONCE = 6


def at_once(*asks: Callable[[], TestResponse]) -> list[TestResponse]:
    start = Barrier(len(asks))

    def run(ask: Callable[[], TestResponse]) -> TestResponse:
        start.wait()
        return ask()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(run, asks))


@pytest.mark.parametrize("attribute", ["userName", "externalId"])
def test_of_many_who_want_a_name_at_once_one_gets_it(idp: Speaker, attribute: str):
    def ask(number: int) -> Callable[[], TestResponse]:
        names = {"userName": f"ada-{number}", "externalId": f"id-{number}", attribute: "wanted"}
        return lambda: idp.ask("POST", "/Users", {"schemas": [USER], **names})

    answers = at_once(*map(ask, range(AT_ONCE)))
    assert sorted(each.status_code for each in answers) == [201] + [409] * (AT_ONCE - 1)
    refused = next(each for each in answers if each.status_code == 409)
    assert attribute in refused.json["detail"]
    assert len(idp.rows(Person)) == len(idp.rows(ChangeDue)) == 1


def test_of_many_groups_of_one_external_id_one_is_made(idp: Speaker):
    body = {"schemas": [GROUP], "displayName": "Drivers", "externalId": "g"}
    answers = at_once(*[lambda: idp.ask("POST", "/Groups", body)] * AT_ONCE)
    assert sorted(each.status_code for each in answers) == [201] + [409] * (AT_ONCE - 1)


def test_a_deleted_person_comes_back_once(idp: Speaker):
    person_id = idp.create(userName="ada", externalId="a")
    idp.ask("DELETE", f"/Users/{person_id}")
    body = {"schemas": [USER], "userName": "ada", "externalId": "a"}
    answers = at_once(*[lambda: idp.ask("POST", "/Users", body)] * 3)
    assert sorted(each.status_code for each in answers) == [201, 409, 409]
    assert [row.id for row in idp.rows(Person)] == [person_id]


def test_patches_of_one_group_at_once_all_count(idp: Speaker):
    crowd = add_crowd(idp, 40)
    leaving, joining = crowd[:20], crowd[20:]
    group_id = idp.create_group("Drivers", *leaving)

    def ask(number: int) -> Callable[[], TestResponse]:
        gone, come = leaving[number::4], joining[number::4]
        return lambda: idp.patch(
            f"/Groups/{group_id}",
            {"op": "remove", "path": "members", "value": [{"value": each} for each in gone]},
            {"op": "add", "path": "members", "value": [{"value": each} for each in reversed(come)]},
        )

    answers = at_once(*map(ask, range(4)), *map(ask, range(2)))
    assert {each.status_code for each in answers} == {200}
    assert idp.members(group_id) == set(joining)
    assert len(idp.rows(Membership)) == 40


def test_patches_of_one_person_at_once_all_count(idp: Speaker):
    person_id = idp.create(userName="ada")

    def ask(attribute: str) -> Callable[[], TestResponse]:
        operation = {"op": "add", "path": attribute, "value": attribute}
        return lambda: idp.patch(f"/Users/{person_id}", operation)

    answers = at_once(*map(ask, ["title", "nickName", "locale", "userType"]))
    assert {each.status_code for each in answers} == {200}
    assert idp.person(person_id).version == len(idp.versions(person_id)) == 5
    assert {"title", "nickName", "locale", "userType"} <= idp.person(person_id).resource.keys()


def test_nobody_is_in_a_group_who_was_deleted_while_joining(idp: Speaker):
    for number in range(4):
        person_id = idp.create(userName=f"ada-{number}")
        group_id = idp.create_group("Drivers")
        join = {"op": "add", "path": "members", "value": [{"value": person_id}]}
        joined, deleted = at_once(
            lambda group_id=group_id, join=join: idp.patch(f"/Groups/{group_id}", join),
            lambda person_id=person_id: idp.ask("DELETE", f"/Users/{person_id}"),
        )
        assert (joined.status_code, deleted.status_code) in {(200, 204), (400, 204)}
        assert idp.members(group_id) == set()


def test_two_groups_never_come_to_be_in_each_other(idp: Speaker):
    for number in range(4):
        one, two = idp.create_group(f"One {number}"), idp.create_group(f"Two {number}")

        def ask(group_id: str, member_id: str) -> Callable[[], TestResponse]:
            join = {"op": "add", "path": "members", "value": [{"value": member_id}]}
            return lambda: idp.patch(f"/Groups/{group_id}", join)

        answers = at_once(ask(one, two), ask(two, one))
        assert sorted(each.status_code for each in answers) == [200, 400]
        assert len(idp.members(one)) + len(idp.members(two)) == 1
