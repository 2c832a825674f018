"""Groups and who is in them."""

from typing import Any

import pytest
from flask import Flask

from bridge.directory.tables import GroupVersion, Membership
from bridge.journal.tables import JournalEntry
from tests.scim_http.crowd import add_crowd
from tests.scim_http.speaking import GROUP, Speaker, add_speaker, application, statements_of


def add(*ids: str) -> dict[str, Any]:
    return {"op": "add", "path": "members", "value": [{"value": each} for each in ids]}


def remove(*ids: str) -> dict[str, Any]:
    return {**add(*ids), "op": "remove"}


def replace(*ids: str) -> dict[str, Any]:
    return {**add(*ids), "op": "replace"}


@pytest.fixture
def trio(idp: Speaker) -> list[str]:
    return [idp.create(userName=f"{name}@lindqvist.example") for name in ("ada", "bo", "cleo")]


def history(idp: Speaker, group_id: str) -> list[Membership]:
    rows = idp.rows(Membership, Membership.group_id == group_id)
    return sorted(rows, key=lambda row: (row.member_id, row.start))


def test_a_group_is_created_with_its_members_dated_and_due(idp: Speaker, trio: list[str]):
    answer = idp.ask(
        "POST",
        "/Groups",
        {"schemas": [GROUP], "displayName": "Drivers", "members": [{"value": trio[0]}, {"value": trio[0]}]},
    )
    group_id = answer.json["id"]
    assert answer.json["members"] == [
        {"value": trio[0], "$ref": f"http://localhost/scim/v2/Users/{trio[0]}", "type": "User"}
    ]
    assert answer.headers["Location"] == answer.json["meta"]["location"]
    [version] = idp.rows(GroupVersion)
    [membership] = history(idp, group_id)
    [entry] = idp.rows(JournalEntry, JournalEntry.subject_id == group_id)
    assert version.started_by == membership.started_by == entry.id
    assert version.start == membership.start == entry.at
    assert (entry.action, entry.details) == ("scim:group:create", {"members": 1})
    assert ("person", trio[0]) in idp.due()
    assert idp.get(f"/Users/{trio[0]}").json["groups"] == [
        {
            "value": group_id,
            "$ref": f"http://localhost/scim/v2/Groups/{group_id}",
            "display": "Drivers",
            "type": "direct",
        }
    ]


def test_adding_who_is_in_and_removing_who_is_out_is_no_change(idp: Speaker, trio: list[str]):
    group_id = idp.create_group("Drivers", trio[0])
    before = idp.everything()
    for operation in (add(trio[0]), remove(trio[1]), remove("nobody"), replace(trio[0])):
        assert idp.patch(f"/Groups/{group_id}", operation).status_code == 200
    assert idp.patch(f"/Groups/{group_id}", remove(trio[0]), add(trio[0])).status_code == 200
    assert idp.everything() == before


def test_who_leaves_and_comes_back_has_two_memberships(idp: Speaker, trio: list[str]):
    group_id = idp.create_group("Drivers", trio[0])
    idp.patch(f"/Groups/{group_id}", remove(trio[0]))
    idp.patch(f"/Groups/{group_id}", add(trio[0]))
    first, second = history(idp, group_id)
    assert first.start < first.end < second.start
    assert second.end is None
    actions = [row for row in idp.rows(JournalEntry) if row.action == "scim:group:members"]
    assert [row.details for row in sorted(actions, key=lambda row: row.at)] == [
        {"added": 0, "removed": 1},
        {"added": 1, "removed": 0},
    ]
    assert [first.ended_by, second.started_by] == [row.id for row in sorted(actions, key=lambda row: row.at)]


def test_the_operations_of_one_request_follow_each_other(idp: Speaker, trio: list[str]):
    ada, bo, cleo = trio
    group_id = idp.create_group("Drivers", ada)
    everyone = {"op": "remove", "path": "members"}
    assert idp.patch(f"/Groups/{group_id}", add(bo), everyone, add(cleo)).status_code == 200
    assert idp.members(group_id) == {cleo}
    picked = {"op": "remove", "path": f'members[type eq "user" and not (value eq "{ada}")]'}
    assert idp.patch(f"/Groups/{group_id}", add(ada, bo), picked).status_code == 200
    assert idp.members(group_id) == {ada}
    assert idp.patch(f"/Groups/{group_id}", everyone).json.get("members") is None
    assert idp.members(group_id) == set()


def test_an_unknown_member_spoils_the_whole_request(idp: Speaker, trio: list[str]):
    group_id = idp.create_group("Drivers", trio[0])
    gone = idp.create(userName="gone@lindqvist.example")
    idp.ask("DELETE", f"/Users/{gone}")
    before = idp.everything()
    for operation in (add(trio[1], gone), replace(gone), add(trio[1], group_id[:-1])):
        answer = idp.patch(
            f"/Groups/{group_id}", {"op": "replace", "path": "displayName", "value": "x"}, operation
        )
        assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
    broken = {"op": "add", "path": "members", "value": [{"value": trio[1]}, {}]}
    assert idp.patch(f"/Groups/{group_id}", broken).status_code == 400
    assert idp.everything() == before


def test_a_rename_is_a_dated_fact_and_concerns_the_group(idp: Speaker, trio: list[str]):
    group_id = idp.create_group("Drivers", trio[0])
    rename = {"op": "replace", "path": "displayName", "value": "Pilots"}
    assert idp.patch(f"/Groups/{group_id}", rename, add(trio[1])).status_code == 200
    old, new = sorted(idp.rows(GroupVersion), key=lambda row: row.start)
    assert (old.display_name, old.end, new.display_name, new.end) == ("Drivers", new.start, "Pilots", None)
    assert sorted(idp.actions(group_id)[1:]) == ["scim:group:members", "scim:group:rename"]
    assert ("group", group_id) in idp.due()


def test_an_external_id_alone_is_no_rename(idp: Speaker):
    group_id = idp.create_group("Drivers")
    idp.patch(f"/Groups/{group_id}", {"op": "add", "path": "externalId", "value": "g-1"})
    assert idp.actions(group_id) == ["scim:group:create", "scim:group:change"]
    assert len(idp.rows(GroupVersion)) == 1
    found = idp.get("/Groups", query_string={"filter": 'externalId eq "g-1"'}).json
    assert found["totalResults"] == 1
    body = {"schemas": [GROUP], "displayName": "Others", "externalId": "g-1"}
    assert idp.ask("POST", "/Groups", body).status_code == 409


def test_a_replacement_sets_name_and_members(idp: Speaker, trio: list[str]):
    group_id = idp.create_group("Drivers", trio[0], trio[1])
    body = {"schemas": [GROUP], "displayName": "Pilots", "members": [{"value": each} for each in trio[1:]]}
    answer = idp.ask("PUT", f"/Groups/{group_id}", body)
    assert {each["value"] for each in answer.json["members"]} == set(trio[1:]) == idp.members(group_id)
    stale = idp.ask("PUT", f"/Groups/{group_id}", body, headers={"If-Match": 'W/"1"'})
    assert stale.status_code == 412
    minimal = idp.ask("PUT", f"/Groups/{group_id}", body, headers={"Prefer": "return=minimal"})
    assert (minimal.status_code, minimal.headers["ETag"]) == (204, 'W/"2"')


def test_groups_may_be_members_but_never_of_themselves(idp: Speaker, trio: list[str]):
    inner = idp.create_group("Inner", trio[0])
    middle = idp.create_group("Middle", inner)
    outer = idp.create_group("Outer", middle)
    assert ("group", middle) in idp.due()
    before = idp.everything()
    for closing in (outer, middle, inner):
        answer = idp.patch(f"/Groups/{inner}", add(closing))
        assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
        assert closing in answer.json["detail"]
    assert idp.everything() == before
    assert idp.patch(f"/Groups/{outer}", add(inner)).status_code == 200
    assert idp.get(f"/Groups/{middle}").json["members"][0]["type"] == "Group"
    found = idp.get("/Groups", query_string={"filter": 'members[type eq "group"]'}).json
    assert {each["id"] for each in found["Resources"]} == {middle, outer}


def test_a_deleted_group_leaves_and_is_left(idp: Speaker, trio: list[str]):
    inner = idp.create_group("Inner", trio[0])
    outer = idp.create_group("Outer", inner)
    for answer in (idp.ask("DELETE", f"/Groups/{inner}"), idp.ask("DELETE", f"/Groups/{outer}")):
        assert answer.status_code == 204
    assert idp.ask("DELETE", f"/Groups/{inner}").status_code == 404
    assert idp.members(inner) == idp.members(outer) == set()
    assert {row.end is None for row in idp.rows(GroupVersion)} == {False}
    assert idp.get("/Groups").json["totalResults"] == 0
    assert "groups" not in idp.get(f"/Users/{trio[0]}").json
    assert {("group", inner), ("group", outer), ("person", trio[0])} <= idp.due()
    assert idp.create_group("Inner", trio[0]) != inner


def test_a_group_that_lost_a_deleted_group_has_a_new_version(idp: Speaker):
    inner = idp.create_group("Inner")
    outer = idp.create_group("Outer", inner)
    idp.ask("DELETE", f"/Groups/{inner}")
    assert idp.get(f"/Groups/{outer}", headers={"If-None-Match": 'W/"1"'}).status_code == 200


@pytest.mark.parametrize(("dialect", "status"), [("entra", 409), ("entra-2020", 409), ("okta", 201)])
def test_two_groups_of_one_name_are_refused_where_names_find_groups(app: Flask, dialect: str, status: int):
    idp = add_speaker(app, dialect=dialect)
    first = idp.create_group("Drivers")
    answer = idp.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": "DRIVERS"})
    assert answer.status_code == status
    idp.ask("DELETE", f"/Groups/{first}")
    if status == 409:
        assert answer.json["scimType"] == "uniqueness"
        assert idp.create_group("drivers")


@pytest.mark.parametrize(
    ("dialect", "query", "headers", "status"),
    [
        ("generic", "", {}, 200),
        ("generic", "", {"Prefer": "return=minimal"}, 204),
        ("entra", "", {}, 204),
        ("entra", "?aadOptscim062020", {}, 204),
    ],
)
def test_a_patched_small_group_is_shown_unless_that_is_not_wanted(
    app: Flask, dialect: str, query: str, headers: dict[str, str], status: int
):
    idp = add_speaker(app, dialect=dialect)
    group_id = idp.create_group("Drivers")
    rename = {"op": "replace", "path": "displayName", "value": "Pilots"}
    answer = idp.patch(f"/Groups/{group_id}{query}", rename, headers=headers)
    assert (answer.status_code, answer.headers["ETag"]) == (status, 'W/"2"')
    assert bool(answer.data) == (status == 200)


def test_a_patched_large_group_is_shown_only_when_asked_for(idp: Speaker):
    crowd = add_crowd(idp, 101)
    group_id = idp.create_group("Drivers", *crowd[:99])
    assert len(idp.patch(f"/Groups/{group_id}", add(crowd[99])).json["members"]) == 100
    assert idp.patch(f"/Groups/{group_id}", add(crowd[100])).status_code == 204
    shown = idp.patch(f"/Groups/{group_id}?attributes=members", remove(crowd[0]), add(crowd[0]))
    assert len(shown.json["members"]) == 101
    without = idp.patch(f"/Groups/{group_id}?excludedAttributes=members", remove(crowd[0]))
    assert (without.status_code, "members" in without.json) == (200, False)


def test_a_thousand_members_in_one_request_take_as_many_statements_as_one(idp: Speaker):
    crowd = add_crowd(idp, 1001)
    one, many = idp.create_group("One"), idp.create_group("Many")
    ids = crowd[:1000]
    with statements_of(idp) as for_one:
        assert idp.patch(f"/Groups/{one}", add(crowd[0])).status_code == 200
    for operation in (add(*ids), remove(*ids)):
        with statements_of(idp) as for_many:
            assert idp.patch(f"/Groups/{many}?excludedAttributes=members", operation).status_code == 200
        assert len(for_many) <= len(for_one)
    assert idp.members(many) == set()
    assert len(history(idp, many)) == 1000
    assert {("person", each) for each in ids} <= idp.due()
    assert idp.patch(f"/Groups/{many}", replace(*crowd)).status_code == 204
    assert idp.members(many) == set(crowd)


def test_more_members_than_allowed_are_refused(shared_database_url: str):
    with application(shared_database_url, group_members=1000) as app:
        idp = add_speaker(app)
        group_id = idp.create_group("Drivers")
        answer = idp.patch(f"/Groups/{group_id}", add(*map(str, range(1001))))
        assert (answer.status_code, answer.json["scimType"]) == (400, "tooMany")
