"""Bulk requests, and what is stored after them."""

import threading
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.directory.tables import Group, Person
from bridge.provisioning.tables import RequestRecord
from tests.scim_http.bulk_operations import BULK, group, ids_of, patch, user
from tests.scim_http.speaking import ENTERPRISE, USER, Speaker, add_speaker, application, statements_of


def bulk(idp: Speaker, *operations: dict[str, Any], **more: object) -> list[dict[str, Any]]:
    answer = idp.ask("POST", "/Bulk", {"schemas": [BULK], "Operations": list(operations), **more})
    assert answer.status_code == 200, answer.json
    assert answer.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]
    return list(answer.json["Operations"])


def statuses(outcomes: list[dict[str, Any]]) -> list[str]:
    return [each["status"] for each in outcomes]


def names(idp: Speaker) -> set[str]:
    return {row.user_name for row in idp.rows(Person, Person.deleted_at.is_(None))}


def test_people_and_their_group_are_made_in_one_request_whatever_comes_first(idp: Speaker):
    outcomes = bulk(idp, group("Drivers", "bulkId:ada", "bulkId:bo"), user("ada"), user("bo"))
    ids = ids_of(outcomes)
    assert statuses(outcomes) == ["201", "201", "201"]
    assert [each["method"] for each in outcomes] == ["POST"] * 3
    assert {each["version"] for each in outcomes} == {'W/"1"'}
    assert idp.members(ids["Drivers"]) == {ids["ada"], ids["bo"]}
    assert idp.actions(ids["ada"]) == ["scim:person:create"]
    assert idp.due() >= {("person", ids["ada"]), ("person", ids["bo"])}
    shown = idp.get(outcomes[1]["location"].partition("/v2")[2]).json
    assert (shown["userName"], shown["meta"]["version"]) == ("ada", outcomes[1]["version"])


def test_people_who_manage_each_other_are_made_with_each_other(idp: Speaker):
    outcomes = bulk(idp, user("ada", manager="bo"), user("bo", manager="cy"), user("cy", manager="ada"),
                    user("dee", manager="dee"))  # fmt: skip
    ids = ids_of(outcomes)
    assert statuses(outcomes) == ["201"] * 4
    for name, manager in (("ada", "bo"), ("bo", "cy"), ("cy", "ada"), ("dee", "dee")):
        row = idp.person(ids[name])
        assert row.resource[ENTERPRISE]["manager"]["value"] == ids[manager]
        assert (
            idp.get(f"/Users/{row.id}").json["meta"]["version"] == outcomes[list(ids).index(name)]["version"]
        )


def test_one_of_a_circle_that_fails_takes_the_others_with_it_and_nobody_else(idp: Speaker):
    idp.create(userName="bo")
    before = names(idp)
    outcomes = bulk(
        idp, user("ada", manager="bo"), user("bo", manager="ada"), user("cy"), user("d", manager="ada")
    )
    assert statuses(outcomes) == ["409", "409", "201", "409"]
    assert outcomes[1]["response"]["scimType"] == "uniqueness"
    assert "operation 1" in outcomes[0]["response"]["detail"]
    assert "'ada', which failed" in outcomes[3]["response"]["detail"]
    assert "location" not in outcomes[0]
    assert names(idp) == before | {"cy"}


def test_groups_in_each_other_are_refused_and_leave_nothing(idp: Speaker):
    outcomes = bulk(
        idp,
        group("North", "bulkId:South"),
        group("South", "bulkId:North"),
        group("East", "bulkId:East"),
        group("Outer", "bulkId:Inner"),
        group("Inner"),
    )
    assert statuses(outcomes)[2:] == ["400", "201", "201"]
    assert sorted(statuses(outcomes)[:2]) == ["400", "409"]
    assert {row.display_name for row in idp.rows(Group)} == {"Outer", "Inner"}


def test_each_method_does_what_it_does_alone(idp: Speaker):
    ada, bo, drivers = idp.create(userName="ada"), idp.create(userName="bo"), idp.create_group("Drivers")
    outcomes = bulk(
        idp,
        patch(f"/Groups/{drivers}", {"op": "add", "path": "members", "value": [{"value": "bulkId:cy"}]}),
        {
            "method": "PUT",
            "path": f"/Users/{ada}",
            "data": {"schemas": [USER], "userName": "ada", "title": "Lead"},
        },
        {"method": "DELETE", "path": f"/Users/{bo}"},
        user("cy"),
        patch("/Users/bulkId:cy", {"op": "replace", "path": "active", "value": False}),
        group("Renamed", ada, path="/Groups/bulkId:new"),
        group("new"),
        {"method": "DELETE", "path": "/Groups/nowhere"},
        {"method": "DELETE", "path": f"/Users/{bo}"},
    )
    assert statuses(outcomes) == ["200", "200", "204", "201", "200", "200", "201", "404", "404"]
    assert idp.members(drivers) == {outcomes[3]["location"].rpartition("/")[2]}
    assert idp.person(ada).resource["title"] == "Lead"
    assert "version" not in outcomes[2]
    assert outcomes[2]["location"].endswith(bo)
    assert names(idp) == {"ada", "cy"}
    assert {row.display_name for row in idp.rows(Group)} == {"Drivers", "Renamed"}


def test_an_operation_holds_only_for_the_version_it_names(idp: Speaker):
    ada = idp.create(userName="ada")
    change = {"op": "replace", "path": "title", "value": "Lead"}
    stale = patch(f"/Users/{ada}", change, version='W/"7"')
    assert statuses(bulk(idp, stale, patch(f"/Users/{ada}", change, version='W/"1"'))) == ["412", "200"]
    assert statuses(bulk(idp, {"method": "DELETE", "path": f"/Users/{ada}", "version": 'W/"1"'})) == ["412"]


@pytest.mark.parametrize(("most", "made"), [(1, ["a"]), (2, ["a", "b"]), (None, ["a", "b", "c"])])
def test_after_as_many_errors_as_the_client_accepts_no_more_is_begun(
    idp: Speaker, most: int | None, made: list[str]
):
    outcomes = bulk(idp, user("a"), user("A"), user("b"), user("B"), user("c"), failOnErrors=most)
    assert names(idp) == set(made)
    assert len(outcomes) == {1: 2, 2: 4, None: 5}[most]
    assert statuses(outcomes)[1] == "409"


def test_what_fails_among_many_newcomers_fails_alone(idp: Speaker):
    gone = idp.create(userName="gone", externalId="x-1")
    idp.ask("DELETE", f"/Users/{gone}")
    inactive = idp.create(userName="idle", externalId="x-2", active=False)
    outcomes = bulk(
        idp, user("ada"), user(""), user("ADA"), user("bo", externalId="x-1"), user("idle", externalId="x-2"),
        user("cy", externalId="x-9"), user("dee", externalId="x-9"), user("e", displayName="x" * 2000),
        user("f"),
    )  # fmt: skip
    assert statuses(outcomes) == ["201", "400", "409", "201", "201", "201", "409", "400", "201"]
    assert (ids_of(outcomes)["bo"], ids_of(outcomes)["idle"]) == (gone, inactive)
    assert names(idp) == {"ada", "bo", "idle", "cy", "f"}


def test_a_reference_to_nothing_is_refused(idp: Speaker):
    outcomes = bulk(
        idp, group("Drivers", "bulkId:nobody"), {"method": "DELETE", "path": "/Users/bulkId:nobody"}
    )
    assert statuses(outcomes) == ["400", "400"]
    assert "no POST of this request has it" in outcomes[0]["response"]["detail"]
    assert (
        statuses(bulk(idp, {"method": "POST", "path": "/Users", "bulkId": "x"}, {"method": "GET"}))
        == ["400"] * 2
    )
    assert bulk(idp) == []


def test_the_limits_hold_and_are_published(shared_database_url: str):
    with application(shared_database_url, bulk_operations=3, bulk_bytes=2000) as app:
        idp = add_speaker(app)
        told = idp.get("/ServiceProviderConfig").json["bulk"]
        assert told == {"supported": True, "maxOperations": 3, "maxPayloadSize": 2000}
        assert len(bulk(idp, *(user(name) for name in "abc"))) == 3
        many = idp.ask("POST", "/Bulk", {"schemas": [BULK], "Operations": [user(name) for name in "defg"]})
        assert (many.status_code, many.json["scimType"]) == (413, "tooMany")
        large = idp.ask("POST", "/Bulk", {"schemas": [BULK], "Operations": [user("d", title="x" * 2000)]})
        assert (large.status_code, "2000 bytes" in large.json["detail"]) == (413, True)
        assert names(idp) == {"a", "b", "c"}


def test_the_log_keeps_one_row_of_it_without_passwords(app: Flask, idp: Speaker):
    log = app.extensions["bridge"].request_log
    log.flush()
    before = len(idp.rows(RequestRecord))
    bulk(idp, user("ada", password="open sesame"), user("bo"))
    log.flush()
    rows = idp.rows(RequestRecord)
    assert len(rows) == before + 1
    last = max(rows, key=lambda row: row.at)
    assert last.route == "/scim/v2/Bulk"
    assert b"sesame" not in app.extensions["bridge"].seal.open(last.sealed)


def test_another_connection_is_neither_seen_nor_changed(app: Flask, idp: Speaker):
    other = add_speaker(app, tenant_id=idp.tenant_id)
    ada = other.create(userName="ada")
    outcomes = bulk(idp, {"method": "DELETE", "path": f"/Users/{ada}"}, group("Drivers", ada), user("ada"))
    assert statuses(outcomes) == ["404", "400", "201"]
    assert other.get(f"/Users/{ada}").status_code == 200


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(managers=st.lists(st.none() | st.integers(0, 6), min_size=1, max_size=7))
def test_whoever_names_whom_all_come_to_be_or_say_why(app: Flask, managers: list[int | None]):
    idp = add_speaker(app)
    count = len(managers)
    people = [
        user(f"p{number}", manager=None if each is None else f"p{each}")
        for number, each in enumerate(managers)
    ]
    outcomes = bulk(idp, *people)
    ids = ids_of(outcomes)

    def ends_well(number: int) -> bool:
        seen: set[int] = set()
        at: int | None = number
        while at is not None and at not in seen:
            if at >= count:
                return False
            seen.add(at)
            at = managers[at]
        return True

    for number, each in enumerate(managers):
        if not ends_well(number):
            assert outcomes[number]["status"] in ("400", "409")
            continue
        assert outcomes[number]["status"] == "201"
        stored = idp.person(ids[f"p{number}"]).resource.get(ENTERPRISE, {}).get("manager", {}).get("value")
        assert stored == (None if each is None else ids[f"p{each}"])
    assert names(idp) == {f"p{number}" for number in range(count) if ends_well(number)}


def test_a_hundred_people_at_once_take_fewer_statements_than_five_one_by_one(idp: Speaker):
    with statements_of(idp) as at_once:
        bulk(idp, *(user(f"many-{each}") for each in range(100)))
    with statements_of(idp) as singly:
        for each in range(5):
            idp.create(userName=f"one-{each}")
    assert len(at_once) < len(singly)


def test_two_requests_in_opposite_order_both_count(idp: Speaker):
    north, south = idp.create_group("North"), idp.create_group("South")
    people = [idp.create(userName=f"p{number}") for number in range(8)]
    wrong: list[object] = []

    def add(person_id: str, groups: list[str]) -> None:
        value = [{"value": person_id}]
        operations = [
            patch(f"/Groups/{each}", {"op": "add", "path": "members", "value": value}) for each in groups
        ]
        try:
            wrong.extend(each for each in bulk(idp, *operations) if each["status"] != "200")
        except AssertionError as error:
            wrong.append(error)

    threads = [
        threading.Thread(target=add, args=(each, [north, south][:: (-1) ** number]))
        for number, each in enumerate(people)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []
    assert idp.members(north) == idp.members(south) == set(people)
