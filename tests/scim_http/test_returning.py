"""People who come back, and names that are given to somebody else: never a dead end, never a take-over."""

import pytest
from flask import Flask

from bridge.directory.tables import Person
from bridge.journal.tables import JournalEntry
from tests.scim_http.speaking import USER, Speaker, add_speaker

NAME = "noor@okonkwo.example"
OFF = {"op": "replace", "path": "active", "value": False}


def post(idp: Speaker, **attributes: object):
    return idp.ask("POST", "/Users", {"schemas": [USER], "userName": NAME, **attributes})


def deactivated(idp: Speaker, **attributes: object) -> str:
    person_id = idp.create(**{"userName": NAME, **attributes})
    assert idp.patch(f"/Users/{person_id}", OFF).status_code == 200
    return person_id


def test_an_inactive_person_with_the_same_external_id_comes_back_under_the_same_id(idp: Speaker):
    person_id = deactivated(idp, externalId="noor-7", title="Weaver")
    group_id = idp.create_group("Weavers", person_id)
    answer = post(idp, userName="noor.b@okonkwo.example", externalId="noor-7")
    assert (answer.status_code, answer.json["id"]) == (201, person_id)
    assert answer.json["groups"][0]["value"] == group_id
    assert (idp.person(person_id).active, idp.person(person_id).user_name) == (True, "noor.b@okonkwo.example")
    assert "title" not in idp.person(person_id).resource
    assert [each.active for each in idp.versions(person_id)] == [True, False, True]
    assert idp.actions(person_id)[-1] == "scim:person:restore"


def test_an_inactive_person_known_by_name_alone_comes_back_when_neither_has_an_external_id(idp: Speaker):
    person_id = deactivated(idp)
    answer = post(idp, userName=NAME.upper())
    assert (answer.status_code, answer.json["id"]) == (201, person_id)
    [entry] = idp.rows(JournalEntry, JournalEntry.action == "scim:person:restore")
    assert entry.details == {"known_by": "userName"}


@pytest.mark.parametrize(("old", "new"), [("noor-7", "noor-8"), ("noor-7", None), (None, "noor-8")])
def test_a_recycled_name_makes_a_new_person_and_is_released_by_the_inactive_one(
    idp: Speaker, old: str | None, new: str | None
):
    before = deactivated(idp, **({"externalId": old} if old else {}))
    answer = post(idp, **({"externalId": new} if new else {}))
    assert answer.status_code == 201
    assert answer.json["id"] != before
    assert idp.person(before).user_name == f"{NAME}#{before}"
    assert not idp.person(before).active
    found = idp.get("/Users", query_string={"filter": f'userName eq "{NAME}"'}).json
    assert [each["id"] for each in found["Resources"]] == [answer.json["id"]]


def test_who_returns_under_a_name_that_an_inactive_person_has_takes_the_name_over_nothing_else(idp: Speaker):
    returner = deactivated(idp, externalId="noor-7")
    holder = deactivated(idp, userName="noor.b@okonkwo.example", externalId="noor-8")
    answer = post(idp, userName="noor.b@okonkwo.example", externalId="noor-7")
    assert (answer.status_code, answer.json["id"]) == (201, returner)
    assert idp.person(holder).external_id == "noor-8"


@pytest.mark.parametrize(
    ("taken", "attribute"),
    [
        ({"userName": NAME.upper(), "externalId": "another"}, "userName"),
        ({"userName": NAME}, "userName"),
        ({"userName": "else@okonkwo.example", "externalId": "noor-7"}, "externalId"),
    ],
)
def test_nobody_takes_over_an_active_person(idp: Speaker, taken: dict[str, str], attribute: str):
    idp.create(userName=NAME, externalId="noor-7")
    before = idp.everything()
    answer = post(idp, **taken)
    assert (answer.status_code, answer.json["scimType"]) == (409, "uniqueness")
    assert attribute in answer.json["detail"]
    assert idp.everything() == before


def test_a_name_of_an_active_person_is_refused_even_to_one_who_returns(idp: Speaker):
    deactivated(idp, externalId="noor-7")
    idp.create(userName="noor.b@okonkwo.example")
    before = idp.everything()
    assert post(idp, userName="noor.b@okonkwo.example", externalId="noor-7").status_code == 409
    assert idp.everything() == before


def test_external_ids_compare_with_case_and_user_names_without(idp: Speaker):
    first = idp.create(userName=NAME, externalId="noor-7")
    second = idp.create(userName="other@okonkwo.example", externalId="NOOR-7")
    assert first != second
    assert post(idp, userName="NOOR@OKONKWO.EXAMPLE", externalId="third").status_code == 409


def test_a_deleted_person_comes_back_under_the_old_id_without_groups(idp: Speaker):
    person_id = idp.create(userName=NAME, externalId="noor-7")
    group_id = idp.create_group("Weavers", person_id)
    assert idp.ask("DELETE", f"/Users/{person_id}").status_code == 204
    answer = post(idp, externalId="noor-7")
    assert (answer.status_code, answer.json["id"]) == (201, person_id)
    assert answer.json["meta"]["version"] == 'W/"3"'
    assert idp.members(group_id) == set()
    first, second = idp.versions(person_id)
    assert first.end is not None
    assert first.end < second.start
    assert second.end is None


def test_a_deleted_name_without_an_external_id_is_free_for_anybody(idp: Speaker):
    person_id = idp.create(userName=NAME)
    idp.ask("DELETE", f"/Users/{person_id}")
    assert idp.person(person_id).external_digest is None
    assert post(idp).json["id"] != person_id


def test_a_tombstone_of_another_connection_is_nobody(app: Flask, idp: Speaker):
    person_id = idp.create(userName=NAME, externalId="noor-7")
    idp.ask("DELETE", f"/Users/{person_id}")
    neighbour = add_speaker(app, tenant_id=idp.tenant_id)
    assert neighbour.create(userName=NAME, externalId="noor-7") != person_id


def test_the_strict_dialect_restores_nobody_who_is_inactive(app: Flask):
    idp = add_speaker(app, dialect="strict")
    person_id = idp.create(userName=NAME, externalId="noor-7")
    idp.patch(f"/Users/{person_id}", OFF)
    assert post(idp, externalId="noor-7").status_code == 409
    assert len(idp.rows(Person)) == 1
