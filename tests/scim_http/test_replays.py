"""Failed requests that are sent again from the log: as they were, once with success, never with more."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from bridge.database.sessions import Database
from bridge.directory.tables import Person
from bridge.journal.record import Subject, record
from bridge.journal.tables import JournalEntry
from bridge.provisioning.forget_requests import forget_requests
from bridge.provisioning.tables import ReplayClaim, RequestRecord
from tests.database.opened import CAUSE
from tests.scim_http.replaying import kept, key_of, record_of, replay
from tests.scim_http.speaking import PATCH_OP, USER, Speaker, add_speaker, application

NAME = "wanja@lindqvist.example"


@pytest.fixture(scope="module")
def app(shared_database_url: str) -> Iterator[Flask]:
    with application(shared_database_url) as app:
        yield app


def post(idp: Speaker, **attributes: object) -> TestResponse:
    return idp.ask("POST", "/Users", {"schemas": [USER], "userName": NAME, **attributes})


def refused(idp: Speaker) -> tuple[str, str]:
    """Return a request that failed since somebody has the name, and who has it."""
    holder = idp.create(userName=NAME, externalId="holder")
    answer = post(idp, externalId="newcomer", password="hunter2")
    assert answer.status_code == 409
    return kept(idp, answer), holder


def test_a_request_is_replayed_after_its_cause_is_gone_and_never_again(idp: Speaker):
    request_id, holder = refused(idp)
    idp.ask("DELETE", f"/Users/{holder}")
    key = key_of(idp, "log:replay")
    first = replay(idp, request_id, key)
    assert (first.status_code, first.json["status"]) == (200, 201)
    before = idp.everything()
    second = replay(idp, request_id, key)
    assert second.status_code == 409
    for told in (first.json["actor_id"], first.json["replay_id"], "already replayed", "201"):
        assert told in second.json["detail"]
    assert idp.everything() == before
    [person] = idp.rows(Person, Person.external_id == "newcomer")
    assert person.user_name == NAME


def test_a_replay_has_its_own_row_and_the_journal_names_who_did_it(idp: Speaker):
    request_id, holder = refused(idp)
    idp.ask("DELETE", f"/Users/{holder}")
    told = replay(idp, request_id).json
    original, again = record_of(idp, request_id), record_of(idp, told["replay_id"])
    assert (original.status, original.replay_of) == (409, None)
    assert (again.status, again.replay_of, again.route) == (201, request_id, "/scim/v2/Users")
    assert (again.connection_id, again.credential_id) == (idp.connection_id, told["actor_id"])
    entries = idp.rows(JournalEntry, JournalEntry.request_id == told["replay_id"])
    assert {entry.action for entry in entries} == {"scim:person:create", "provisioning:request:replay"}
    assert {(entry.actor_kind, entry.actor_id) for entry in entries} == {("api_key", told["actor_id"])}
    [noted] = [entry for entry in entries if entry.subject_kind == "request"]
    assert (noted.subject_id, noted.details) == (request_id, {"replay_id": told["replay_id"]})
    headers = {"Authorization": f"Bearer {key_of(idp, 'log:read')}"}
    shown = idp.app.test_client().get(f"/api/v1/requests/{request_id}", headers=headers).json
    assert shown["replayed"] == {name: told[name] for name in shown["replayed"]}


def test_a_replay_that_fails_again_may_be_tried_again(idp: Speaker):
    request_id, holder = refused(idp)
    key = key_of(idp, "log:replay")
    before = idp.everything()
    answer = replay(idp, request_id, key)
    assert answer.status_code == 409
    assert "refused with 409" in answer.json["detail"]
    assert "userName" in answer.json["detail"]
    assert idp.everything() == before
    assert idp.rows(ReplayClaim) == []
    idp.ask("DELETE", f"/Users/{holder}")
    assert replay(idp, request_id).status_code == 200


def test_of_many_replays_at_once_one_succeeds(idp: Speaker):
    request_id, holder = refused(idp)
    idp.ask("DELETE", f"/Users/{holder}")
    key = key_of(idp, "log:replay")
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(replay(idp, request_id, key).status_code))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409, 409, 409, 409]
    assert len(idp.rows(Person, Person.external_id == "newcomer")) == 1
    assert len(idp.rows(ReplayClaim)) == 1


def test_members_that_were_unknown_are_added_by_the_replay(app: Flask):
    idp = add_speaker(app)
    person_id = idp.create(userName=NAME, externalId="w")
    group_id = idp.create_group("Weavers")
    idp.ask("DELETE", f"/Users/{person_id}")
    failed = idp.patch(
        f"/Groups/{group_id}", {"op": "add", "path": "members", "value": [{"value": person_id}]}
    )
    assert failed.status_code == 400
    assert post(idp, externalId="w").json["id"] == person_id
    assert replay(idp, kept(idp, failed)).status_code == 200
    assert idp.members(group_id) == {person_id}


def test_only_failed_writes_of_identity_providers_are_replayed(idp: Speaker):
    person_id = idp.create(userName=NAME)
    key = key_of(idp, "log:replay", "log:read")
    good = kept(idp, idp.patch(f"/Users/{person_id}", {"op": "replace", "path": "title", "value": "Dyer"}))
    read = kept(idp, idp.get("/Users/nobody"))
    own = kept(idp, replay(idp, "nothing", key))
    before = idp.everything()
    for request_id, words in (
        (good, "answered with 200"),
        (read, "only read"),
        (own, "no identity provider"),
    ):
        answer = replay(idp, request_id, key)
        assert answer.status_code == 409
        assert words in answer.json["detail"]
    assert replay(idp, "nothing", key).status_code == 404
    assert idp.everything() == before


def test_a_replay_is_not_replayed_itself(idp: Speaker):
    request_id, _ = refused(idp)
    key = key_of(idp, "log:replay")
    replay(idp, request_id, key)
    [again] = idp.rows(RequestRecord, RequestRecord.replay_of == request_id)
    answer = replay(idp, again.id, key)
    assert answer.status_code == 409
    assert f"replay {request_id}" in answer.json["detail"]


def test_it_takes_its_own_scope_and_its_own_tenant(app: Flask, idp: Speaker):
    request_id, holder = refused(idp)
    idp.ask("DELETE", f"/Users/{holder}")
    assert replay(idp, request_id, key_of(idp, "log:read", "connections:write")).status_code == 403
    assert replay(idp, request_id, idp.token).status_code == 401
    assert replay(idp, request_id, key_of(add_speaker(app), "admin")).status_code == 404
    assert len(idp.rows(Person)) == 1


def test_a_condition_is_sent_again_with_the_request(idp: Speaker):
    person_id = idp.create(userName=NAME)
    stale = idp.patch(
        f"/Users/{person_id}", {"op": "replace", "path": "title", "value": "Dyer"},
        headers={"If-Match": 'W/"7"'},
    )  # fmt: skip
    assert stale.status_code == 412
    answer = replay(idp, kept(idp, stale))
    assert (answer.status_code, "refused with 412" in answer.json["detail"]) == (409, True)
    assert "title" not in idp.person(person_id).resource


OFF = {"op": "replace", "path": "active", "value": False}
RENAMED = {"op": "replace", "path": "displayName", "value": "Spinners"}
DYER = {"op": "replace", "path": "title", "value": "Dyer"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_late_replay_does_not_undo_what_came_after(idp: Speaker, method: str):
    person_id = idp.create(userName=NAME)
    bodies = {
        "PUT": {"schemas": [USER], "userName": NAME, "active": False},
        "PATCH": {"schemas": [PATCH_OP], "Operations": [OFF]},
        "DELETE": None,
    }
    failed = kept(idp, idp.ask(method, f"/Users/{person_id}", bodies[method], headers={"If-Match": 'W/"2"'}))
    later = kept(idp, idp.patch(f"/Users/{person_id}", DYER))
    key = key_of(idp, "log:replay")
    before = idp.everything()
    answer = replay(idp, failed, key)
    assert answer.status_code == 409
    for told in (person_id, f"after request {failed}", f"by request {later}", "even_if_changed"):
        assert told in answer.json["detail"]
    assert replay(idp, failed, key, {"even_if_changed": False}).status_code == 409
    assert idp.everything() == before
    assert replay(idp, failed, key, {"even_if_changed": True}).status_code == 200
    assert not idp.person(person_id).active
    assert replay(idp, failed, key, {"even_if_changed": True}).status_code == 409


def test_a_group_that_was_changed_since_is_not_renamed_by_a_replay(idp: Speaker):
    group_id, person_id = idp.create_group("Weavers"), idp.create(userName=NAME)
    stale = {"If-Match": 'W/"2"'}
    failed = kept(idp, idp.patch(f"/Groups/{group_id}", RENAMED, headers=stale))
    idp.patch(f"/Groups/{group_id}", {"op": "add", "path": "members", "value": [{"value": person_id}]})
    answer = replay(idp, failed)
    assert (answer.status_code, group_id in answer.json["detail"]) == (409, True)
    assert replay(idp, failed, body={"even_if_changed": True}).status_code == 200
    assert idp.get(f"/Groups/{group_id}").json["displayName"] == "Spinners"


def test_what_happened_before_or_elsewhere_hinders_no_replay(idp: Speaker, app: Flask):
    person_id, other_id = idp.create(userName=NAME), idp.create(userName="taken@lindqvist.example")
    idp.patch(f"/Users/{person_id}", DYER)
    rename = {"op": "replace", "path": "userName", "value": "taken@lindqvist.example"}
    failed = kept(idp, idp.patch(f"/Users/{person_id}", rename))
    idp.patch(f"/Users/{person_id}", DYER)  # which changes nothing
    with app.extensions["bridge"].database.write(idp.tenant_id) as session:
        at = idp.person(person_id).changed_at + timedelta(days=1)
        record(session, "seat:person:hold", Subject("person", person_id), cause=CAUSE, at=at)
    idp.ask("DELETE", f"/Users/{other_id}")
    assert replay(idp, failed).status_code == 200
    assert idp.person(person_id).user_name == "taken@lindqvist.example"


def test_a_replay_takes_no_other_words(idp: Speaker):
    request_id, _ = refused(idp)
    for body in ({"even_if_changed": "yes"}, {"anyway": True}, []):
        assert replay(idp, request_id, body=body).status_code in (400, 422)


def test_what_was_not_kept_whole_is_not_replayed(idp: Speaker):
    holder = {"Content-Type": "application/scim+json"}
    empty = idp.ask("POST", "/Users", headers=holder)
    broken = idp.ask("POST", "/Users", headers=holder, data=b'{"userName": "\xff"}')
    words = {kept(idp, empty): "not kept", kept(idp, broken): "not all text"}
    for request_id, expected in words.items():
        answer = replay(idp, request_id)
        assert (answer.status_code, expected in answer.json["detail"]) == (409, True)


def test_a_password_in_a_failed_request_hinders_no_replay(idp: Speaker):
    person_id = idp.create(userName=NAME)
    body = {
        "schemas": [PATCH_OP],
        "Operations": [
            {"op": "replace", "path": "password", "value": "hunter2"},
            {"op": "replace", "path": "userName", "value": "taken@lindqvist.example"},
        ],
    }
    holder = idp.create(userName="taken@lindqvist.example")
    failed = idp.ask("PATCH", f"/Users/{person_id}", body)
    assert failed.status_code == 409
    idp.ask("DELETE", f"/Users/{holder}")
    assert replay(idp, kept(idp, failed)).status_code == 200
    assert idp.person(person_id).user_name == "taken@lindqvist.example"


def test_no_header_makes_a_request_a_replay(idp: Speaker):
    request_id, _ = refused(idp)
    headers = {"bridge.replay": request_id, "Bridge-Replay": request_id, "Authorization": ""}
    answer = idp.app.test_client().get("/scim/v2/Users", headers=headers)
    assert answer.status_code == 401


def test_the_claim_is_forgotten_no_sooner_than_the_request(idp: Speaker):
    request_id, holder = refused(idp)
    idp.ask("DELETE", f"/Users/{holder}")
    claim_at = replay(idp, request_id) and idp.rows(ReplayClaim)[0].at
    database: Database = idp.app.extensions["bridge"].database
    forget_requests(database, idp.tenant_id, days=1, now=claim_at)
    assert len(idp.rows(ReplayClaim)) == 1
    with database.read(idp.tenant_id) as session:
        assert session.scalar(select(RequestRecord.id).where(RequestRecord.id == request_id))
