"""Reading and changing of people."""

from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import update

from bridge.directory.tables import Person, PersonVersion
from bridge.journal.tables import JournalEntry
from bridge.provisioning.tables import RequestRecord
from tests.scim_http.speaking import ENTERPRISE, USER, Speaker, add_speaker, application

NAME = "priya@lindqvist.example"


@pytest.fixture
def priya(idp: Speaker) -> str:
    return idp.create(
        userName=NAME,
        externalId="p-1",
        title="Planner",
        emails=[{"value": "second@l.example"}, {"value": "Priya@l.example", "primary": True}],
        **{ENTERPRISE: {"department": "Freight"}},
    )


def put(idp: Speaker, person_id: str, **attributes: object):
    return idp.ask("PUT", f"/Users/{person_id}", {"schemas": [USER], "userName": NAME, **attributes})


def test_a_created_person_is_a_row_a_fact_an_entry_and_due(idp: Speaker, priya: str):
    row, [version] = idp.person(priya), idp.versions(priya)
    [entry] = idp.rows(JournalEntry, JournalEntry.subject_id == priya)
    assert (row.active, row.email_key, row.display_name_key) == (True, "priya@l.example", None)
    assert (version.start, version.end, version.resource) == (row.created_at, None, row.resource)
    assert (entry.action, entry.id, entry.at) == ("scim:person:create", version.started_by, row.created_at)
    assert (entry.actor_kind, entry.actor_id, entry.details) == ("connection", idp.connection_id, {})
    assert ("person", priya) in idp.due()


def test_a_person_is_shown_with_meta_location_and_version(idp: Speaker, priya: str):
    answer = idp.get(f"/Users/{priya}")
    location = f"http://localhost/scim/v2/Users/{priya}"
    assert answer.json["meta"]["location"] == location
    assert answer.json["meta"]["created"].endswith("Z")
    assert (answer.headers["ETag"], answer.json["meta"]["version"]) == ('W/"1"', 'W/"1"')
    assert answer.json["schemas"] == [USER, ENTERPRISE]
    assert "password" not in answer.json


def test_a_created_person_is_told_with_the_location(idp: Speaker):
    answer = idp.ask("POST", "/Users/", {"schemas": [USER], "userName": NAME, "active": False})
    assert answer.headers["Location"] == f"http://localhost/scim/v2/Users/{answer.json['id']}"
    assert not idp.person(answer.json["id"]).active


def test_locations_are_told_under_the_public_address(shared_database_url: str):
    with application(shared_database_url, public_url="https://bridge.example/") as app:
        idp = add_speaker(app)
        person_id = idp.create(userName=NAME)
        location = f"https://bridge.example/scim/v2/Users/{person_id}"
        assert idp.get(f"/Users/{person_id}").json["meta"]["location"] == location
        found = idp.get("/Users", query_string={"filter": f'meta.location eq "{location}"'})
        assert found.json["totalResults"] == 1


def test_a_replacement_clears_what_it_does_not_name_but_neither_active_nor_the_external_id(
    idp: Speaker, priya: str
):
    idp.patch(f"/Users/{priya}", {"op": "replace", "path": "active", "value": False})
    assert put(idp, priya, meta={"version": 'W/"77"'}).status_code == 200
    row = idp.person(priya)
    assert (row.active, row.external_id, row.email_key) == (False, "p-1", None)
    assert row.resource == {"schemas": [USER], "userName": NAME, "active": False, "externalId": "p-1"}
    assert put(idp, priya, externalId="").status_code == 200
    assert idp.person(priya).external_id is None


def test_the_strict_dialect_clears_the_external_id_too(app: Flask):
    idp = add_speaker(app, dialect="strict")
    person_id = idp.create(userName=NAME, externalId="p-1")
    assert put(idp, person_id).status_code == 200
    assert idp.person(person_id).external_id is None


@pytest.mark.parametrize("again", ["PUT", "PATCH"])
def test_a_change_that_changes_nothing_leaves_no_trace(idp: Speaker, again: str):
    person_id = idp.create(userName=NAME, title="Planner")
    before = idp.everything()
    if again == "PUT":
        answer = put(idp, person_id, title="Planner")
    else:
        answer = idp.patch(f"/Users/{person_id}", {"op": "add", "path": "title", "value": "Planner"})
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"1"')
    assert idp.everything() == before


def test_a_patch_applies_all_of_it_or_nothing(idp: Speaker, priya: str):
    before = idp.everything()
    answer = idp.patch(
        f"/Users/{priya}",
        {"op": "replace", "path": "title", "value": "Head"},
        {"op": "remove", "path": "userName"},
    )
    assert (answer.status_code, answer.json["scimType"]) == (400, "mutability")
    assert idp.everything() == before


def test_facts_follow_each_other_without_a_gap_and_name_their_entries(idp: Speaker, priya: str):
    for value in (False, True, False):
        idp.patch(f"/Users/{priya}", {"op": "replace", "path": "active", "value": value})
    versions = idp.versions(priya)
    for one, next_one in pairwise(versions):
        assert (one.end, one.ended_by) == (next_one.start, next_one.started_by)
    entries = {row.id for row in idp.rows(JournalEntry, JournalEntry.subject_id == priya)}
    assert {each.started_by for each in versions} == entries
    assert idp.person(priya).changed_at == versions[-1].start


@pytest.mark.parametrize("active", [True, False])
def test_taking_active_away_leaves_it_unassigned_and_the_person_as_active_as_before(
    idp: Speaker, priya: str, *, active: bool
):
    idp.patch(f"/Users/{priya}", {"op": "replace", "path": "active", "value": active})
    answer = idp.patch(f"/Users/{priya}", {"op": "remove", "path": "active"})
    assert (answer.status_code, answer.json.get("active")) == (200, None)
    assert "active" not in idp.get(f"/Users/{priya}").json
    assert [idp.person(priya).active, idp.versions(priya)[-1].active] == [active, active]
    for written, total in [("active pr", 0), ("active eq true", 0), ("not (active pr)", 1)]:
        assert idp.get("/Users", query_string={"filter": written}).json["totalResults"] == total
    assert "scim:person:deactivate" not in idp.actions(priya)[-1:]
    idp.patch(f"/Users/{priya}", {"op": "replace", "path": "active", "value": not active})
    assert idp.person(priya).active is not active


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_of_an_older_version_is_refused(idp: Speaker, priya: str, method: str):
    idp.patch(f"/Users/{priya}", {"op": "replace", "path": "title", "value": "Head"})
    before, body = idp.everything(), {"schemas": [USER], "userName": NAME}
    if method == "PATCH":
        operations = [{"op": "remove", "path": "title"}]
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
    answer = idp.ask(method, f"/Users/{priya}", body, headers={"If-Match": 'W/"1"'})
    assert (answer.status_code, answer.json["status"]) == (412, "412")
    assert idp.everything() == before
    answer = idp.ask(method, f"/Users/{priya}", body, headers={"If-Match": 'W/"1", W/"2"'})
    assert answer.status_code in (200, 204)


def test_a_version_already_known_is_not_sent_again(idp: Speaker, priya: str):
    answer = idp.get(f"/Users/{priya}", headers={"If-None-Match": 'W/"1"'})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", 'W/"1"')
    idp.patch(f"/Users/{priya}", {"op": "replace", "path": "title", "value": "Head"})
    assert idp.get(f"/Users/{priya}", headers={"If-None-Match": 'W/"1"'}).status_code == 200


def test_a_client_may_do_without_the_body(idp: Speaker, priya: str):
    operation = {"op": "replace", "path": "title", "value": "Head"}
    answer = idp.patch(f"/Users/{priya}", operation, headers={"Prefer": "return=minimal"})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (204, b"", 'W/"2"')


@pytest.mark.usefixtures("priya")
def test_a_name_that_another_has_is_refused_on_change(idp: Speaker):
    other = idp.create(userName="omar@lindqvist.example")
    before = idp.everything()
    answer = put(idp, other)
    assert (answer.status_code, answer.json["scimType"]) == (409, "uniqueness")
    assert NAME in answer.json["detail"]
    assert put(idp, other, userName="omar@lindqvist.example", externalId="p-1").status_code == 409
    assert idp.everything() == before


def test_one_name_may_be_used_on_two_connections(app: Flask, idp: Speaker, priya: str):
    neighbour = add_speaker(app, tenant_id=idp.tenant_id)
    assert neighbour.create(userName=NAME, externalId="p-1") != priya


def test_deletion_ends_all_facts_at_one_instant_and_frees_the_names(idp: Speaker, priya: str):
    group_id = idp.create_group("Planners", priya)
    assert idp.ask("DELETE", f"/Users/{priya}").status_code == 204
    assert idp.ask("DELETE", f"/Users/{priya}").status_code == 404
    [version], row = idp.versions(priya), idp.person(priya)
    assert (version.end, row.changed_at, row.active) == (row.deleted_at, row.deleted_at, False)
    assert idp.get(f"/Groups/{group_id}").headers["ETag"] == 'W/"2"'
    assert idp.get("/Users").json["totalResults"] == 0
    assert idp.actions(priya)[-1] == "scim:person:delete"
    idp.create(userName=NAME, externalId="p-2")


def test_the_attributes_asked_for_are_shown(idp: Speaker, priya: str):
    idp.create_group("Planners", priya)
    assert idp.get(f"/Users/{priya}?attributes=userName").json.keys() == {"schemas", "id", "userName"}
    assert "groups" in idp.get(f"/Users/{priya}?attributes=groups.value").json
    less = idp.get(f"/Users/{priya}?excludedAttributes=groups,emails.primary").json
    assert "groups" not in less
    assert less["emails"] == [{"value": "second@l.example"}, {"value": "Priya@l.example"}]


@pytest.mark.parametrize("attribute", ["userName", "externalId", "displayName"])
def test_a_name_is_at_most_as_long_as_an_index_takes(idp: Speaker, attribute: str):
    body = {"schemas": [USER], "userName": "x"}
    assert idp.ask("POST", "/Users", {**body, attribute: "ä" * 512}).status_code == 201
    answer = idp.ask("POST", "/Users", {**body, "userName": "y", attribute: "ä" * 513})
    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")


def test_an_address_too_long_for_an_index_is_stored_all_the_same(idp: Speaker):
    person_id = idp.create(userName="x", emails=[{"value": "e" * 2000}])
    assert idp.person(person_id).email_key is None


def test_facts_stay_in_order_when_a_clock_runs_behind(idp: Speaker, priya: str):
    database = idp.app.extensions["bridge"].database
    later = idp.person(priya).changed_at + timedelta(hours=1)
    with database.write(idp.tenant_id) as session:
        for table in (Person, PersonVersion):
            column = "changed_at" if table is Person else "start"
            session.execute(update(table).values({column: later}))
    idp.patch(f"/Users/{priya}", {"op": "replace", "path": "active", "value": False})
    before, after = idp.versions(priya)
    assert before.start < before.end == after.start == later + timedelta(microseconds=1)


def test_what_was_tolerated_is_kept_with_the_request(idp: Speaker, priya: str):
    idp.patch(f"/Users/{priya}", {"op": "Replace", "path": "active", "value": "False"})
    idp.app.extensions["bridge"].request_log.flush()
    kept = {row.method: row for row in idp.rows(RequestRecord)}
    assert kept["PATCH"].tolerances == ["operation_name_case", "boolean_as_text"]
    assert (kept["PATCH"].subject_id, kept["PATCH"].status) == (priya, 200)
    assert kept["POST"].subject_id == priya
