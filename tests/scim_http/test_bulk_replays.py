"""Operations of bulk requests that failed: found in the log, done again, each once and on what was made."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from bridge.directory.tables import Group, Person
from bridge.journal.tables import JournalEntry
from bridge.provisioning.tables import ReplayClaim
from config.settings import Settings
from tests.access.stopped import stopped_rates
from tests.scim_http.bulk_operations import BULK, group, ids_of, patch, user
from tests.scim_http.replaying import kept, key_of, record_of, replay
from tests.scim_http.speaking import USER, Speaker, add_speaker

OFF = {"op": "replace", "path": "active", "value": False}
DYER = {"op": "replace", "path": "title", "value": "Dyer"}


def sent(idp: Speaker, *operations: dict[str, Any], **more: object) -> TestResponse:
    return idp.ask("POST", "/Bulk", {"schemas": [BULK], "Operations": list(operations), **more})


def statuses(answer: TestResponse) -> list[str]:
    return [each["status"] for each in answer.json["Operations"]]


def asked(idp: Speaker, path: str) -> Any:  # noqa: ANN401 (any JSON value)
    headers = {"Authorization": f"Bearer {key_of(idp, 'log:read')}"}
    answer = idp.app.test_client().get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == 200
    return answer.json


def members(idp: Speaker, name: str) -> set[str]:
    [row] = idp.rows(Group, Group.display_name == name)
    return {idp.person(each).user_name for each in idp.members(row.id)}


@pytest.fixture
def failed(idp: Speaker) -> tuple[str, str]:
    """A request of which the operations 1 and 3 failed, since somebody has a name; and who has it."""
    holder = idp.create(userName="bo", externalId="holder")
    answer = sent(idp, user("ada"), user("bo"), user("cy"), group("Drivers", "bulkId:ada", "bulkId:bo"))
    assert statuses(answer) == ["201", "409", "201", "409"]
    return kept(idp, answer), holder


def test_the_log_tells_which_operations_failed_and_finds_their_request(idp: Speaker, failed: tuple[str, str]):
    kept(idp, sent(idp, user("dee")))
    found = {
        wanted: [each["id"] for each in asked(idp, f"/requests?failed_operations={wanted}")["items"]]
        for wanted in ("true", "false")
    }
    assert found["true"] == [failed[0]]
    assert len(found["false"]) == 2
    shown = asked(idp, f"/requests/{failed[0]}")
    assert (shown["status"], shown["failed_operations"]) == (200, 2)
    assert [(each["index"], each["method"], each["status"]) for each in shown["failures"]] == [
        (1, "POST", 409), (3, "POST", 409),
    ]  # fmt: skip
    assert "userName" in shown["failures"][0]["detail"]
    assert {each["replay_id"] for each in shown["failures"]} == {None}


def test_no_name_of_who_failed_stands_open_in_the_log(idp: Speaker):
    idp.create(userName="secret-name@lindqvist.example")
    request_id = kept(idp, sent(idp, user("Secret-Name@lindqvist.example")))
    row = record_of(idp, request_id)
    shown = {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}
    assert "ecret" not in repr(shown)
    assert b"ecret" not in row.sealed


def test_only_what_failed_is_done_again_on_what_the_others_made(idp: Speaker, failed: tuple[str, str]):
    request_id, holder = failed
    idp.ask("DELETE", f"/Users/{holder}")
    told = replay(idp, request_id)
    assert (told.status_code, told.json["status"], told.json["failed_operations"]) == (200, 200, 0)
    assert members(idp, "Drivers") == {"ada", "bo"}
    living = {row.user_name for row in idp.rows(Person, Person.deleted_at.is_(None))}
    assert living == {"ada", "bo", "cy"}
    entries = idp.rows(JournalEntry, JournalEntry.request_id == told.json["replay_id"])
    [noted] = [entry for entry in entries if entry.subject_kind == "request"]
    assert noted.details == {"replay_id": told.json["replay_id"], "operations": 2}
    assert {entry.actor_kind for entry in entries} == {"api_key"}
    shown = asked(idp, f"/requests/{request_id}")
    assert {each["replay_id"] for each in shown["failures"]} == {told.json["replay_id"]}
    assert shown["replayed"]["replay_id"] == told.json["replay_id"]


def test_each_succeeds_once_and_what_fails_again_may_be_tried_again(idp: Speaker, failed: tuple[str, str]):
    request_id, holder = failed
    key = key_of(idp, "log:replay")
    before = idp.everything()
    again = replay(idp, request_id, key)
    assert again.status_code == 409
    assert "none of its operations succeeded" in again.json["detail"]
    assert "userName" in again.json["detail"]
    assert (idp.everything(), idp.rows(ReplayClaim)) == (before, [])
    idp.ask("DELETE", f"/Users/{holder}")
    assert replay(idp, request_id, key).status_code == 200
    before = idp.everything()
    last = replay(idp, request_id, key)
    assert last.status_code == 409
    assert "already replayed" in last.json["detail"]
    assert idp.everything() == before


def test_what_an_earlier_replay_made_is_known_to_the_next_one(idp: Speaker):
    bo, cy = (idp.create(userName=name, externalId=f"the-other-{name}") for name in ("bo", "cy"))
    answer = sent(idp, group("Drivers", "bulkId:bo", "bulkId:cy"), user("bo"), user("cy"))
    assert statuses(answer) == ["409"] * 3
    request_id = kept(idp, answer)
    idp.ask("DELETE", f"/Users/{bo}")
    first = replay(idp, request_id)
    assert (first.status_code, first.json["failed_operations"]) == (200, 2)
    again = record_of(idp, first.json["replay_id"])
    assert (again.failed_operations, again.replay_of) == (2, request_id)
    idp.ask("DELETE", f"/Users/{cy}")
    second = replay(idp, request_id)
    assert (second.status_code, second.json["failed_operations"]) == (200, 0)
    assert members(idp, "Drivers") == {"bo", "cy"}
    assert {row.operation: row.id for row in idp.rows(ReplayClaim)} == {
        0: second.json["replay_id"], 1: first.json["replay_id"], 2: second.json["replay_id"],
    }  # fmt: skip


def test_those_that_need_each_other_come_with_each_other(idp: Speaker):
    holder = idp.create(userName="bo", externalId="holder")
    answer = sent(idp, user("ada", manager="bo"), user("bo", manager="ada"))
    assert statuses(answer) == ["409", "409"]
    idp.ask("DELETE", f"/Users/{holder}")
    assert replay(idp, kept(idp, answer)).json["failed_operations"] == 0
    assert {row.user_name for row in idp.rows(Person, Person.deleted_at.is_(None))} == {"ada", "bo"}


def test_an_operation_whose_resource_was_changed_since_is_left_alone_and_the_others_are_done(idp: Speaker):
    ada, bo = idp.create(userName="ada"), idp.create(userName="bo")
    stale = {"version": 'W/"2"'}
    answer = sent(idp, patch(f"/Users/{ada}", OFF, **stale), patch(f"/Users/{bo}", OFF, **stale))
    assert statuses(answer) == ["412", "412"]
    request_id, later = kept(idp, answer), None
    for each in (ada, bo):  # the version that they ask for
        later = kept(idp, idp.patch(f"/Users/{each}", DYER))
    refused = replay(idp, request_id)
    assert refused.status_code == 409
    assert ada in refused.json["detail"]
    assert later not in (None, refused.json["detail"])
    assert {idp.person(each).active for each in (ada, bo)} == {True}
    assert replay(idp, request_id, body={"even_if_changed": True}).json["failed_operations"] == 0
    assert {idp.person(each).active for each in (ada, bo)} == {False}


def test_what_the_request_itself_has_changed_is_no_later_change(idp: Speaker):
    ada, holder = idp.create(userName="ada"), idp.create(userName="bo", externalId="holder")
    rename = {"op": "replace", "path": "userName", "value": "bo"}
    twice = [{**DYER, "value": "Weaver"}, DYER]
    answer = sent(idp, *(patch(f"/Users/{ada}", each) for each in (*twice, rename)))
    assert statuses(answer) == ["200", "200", "409"]
    request_id = kept(idp, answer)
    idp.ask("DELETE", f"/Users/{holder}")
    assert replay(idp, request_id).status_code == 200
    assert idp.person(ada).user_name == "bo"


def test_of_a_request_that_was_refused_whole_all_is_done_that_can_be(idp: Speaker, app: Flask):
    holder = idp.create(userName="bo", externalId="holder")
    before = app.extensions["bridge"]
    few = stopped_rates(Settings(scim_writes_per_second=1, scim_writes_burst=1))
    app.extensions["bridge"] = replace(before, rate_limits=few)
    idp.create(userName="the only one")
    refused = sent(idp, user("ada"), user("bo"))
    app.extensions["bridge"] = before
    assert refused.status_code == 429
    request_id = kept(idp, refused)
    shown = asked(idp, f"/requests/{request_id}")
    assert (shown["failed_operations"], shown["failures"]) == (0, [])
    assert replay(idp, request_id).json["failed_operations"] == 1
    idp.ask("DELETE", f"/Users/{holder}")
    assert replay(idp, request_id).json["failed_operations"] == 0
    assert {row.user_name for row in idp.rows(Person, Person.deleted_at.is_(None))} >= {"ada", "bo"}
    assert replay(idp, request_id).status_code == 409


def test_a_request_without_operations_leaves_nothing_to_do_again(idp: Speaker, app: Flask):
    before = app.extensions["bridge"]
    few = stopped_rates(Settings(scim_writes_per_second=1, scim_writes_burst=1))
    app.extensions["bridge"] = replace(before, rate_limits=few)
    idp.create(userName="the only one")
    refused = sent(idp)
    app.extensions["bridge"] = before
    assert refused.status_code == 429
    again = replay(idp, kept(idp, refused))
    assert (again.status_code, "no operations that failed" in again.json["detail"]) == (409, True)


def test_what_was_no_bulk_request_is_refused_again(idp: Speaker):
    request_id = kept(idp, sent(idp, user("ada"), failOnErrors="many"))
    again = replay(idp, request_id)
    assert (again.status_code, "refused with 400" in again.json["detail"]) == (409, True)


def test_what_a_client_wanted_to_stop_at_is_still_stopped_at(idp: Speaker):
    holder = idp.create(userName="bo", externalId="holder")
    answer = sent(idp, user("bo"), user("ada"), failOnErrors=1)
    assert statuses(answer) == ["409"]
    request_id = kept(idp, answer)
    idp.ask("DELETE", f"/Users/{holder}")
    assert replay(idp, request_id).status_code == 200
    living = {row.user_name for row in idp.rows(Person, Person.deleted_at.is_(None))}
    assert living == {"bo"}  # ada was never begun: the client knows, and has been told of no failure


def test_of_many_replays_at_once_each_operation_is_done_by_one(idp: Speaker, failed: tuple[str, str]):
    request_id, holder = failed
    idp.ask("DELETE", f"/Users/{holder}")
    key = key_of(idp, "log:replay")
    answers: list[TestResponse] = []
    threads = [
        threading.Thread(target=lambda: answers.append(replay(idp, request_id, key))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    assert len(idp.rows(ReplayClaim)) == 2
    assert len(idp.rows(Group, Group.display_name == "Drivers")) == 1


def test_a_bulk_request_of_which_all_succeeded_is_not_replayed(idp: Speaker):
    answer = replay(idp, kept(idp, sent(idp, user("ada"))))
    assert (answer.status_code, "only what failed" in answer.json["detail"]) == (409, True)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    taken=st.lists(st.booleans(), min_size=1, max_size=6),
    freed=st.lists(st.integers(0, 5), max_size=8),
    named=st.lists(st.integers(0, 5), max_size=3),
)
def test_however_names_become_free_everybody_is_made_once_and_the_group_with_all_it_names(
    app: Flask, taken: list[bool], freed: list[int], named: list[int]
):
    idp = add_speaker(app)
    holders = {
        number: idp.create(userName=f"p{number}", externalId=f"holder-{number}")
        for number, is_taken in enumerate(taken)
        if is_taken
    }
    needed = [number for number in named if number < len(taken)]
    answer = sent(
        idp,
        group("All", *(f"bulkId:p{number}" for number in needed)),
        *(user(f"p{number}", externalId=f"new-{number}") for number in range(len(taken))),
    )
    request_id, made = kept(idp, answer), ids_of(answer.json["Operations"])
    assert (answer.json["Operations"][0]["status"] == "201") == all(each not in holders for each in needed)
    key = key_of(idp, "log:replay")
    for number in [*freed, *holders]:
        if number in holders:
            idp.ask("DELETE", f"/Users/{holders[number]}")
        replay(idp, request_id, key)
    people = idp.rows(Person, Person.deleted_at.is_(None))
    assert sorted(row.external_id for row in people) == [f"new-{number}" for number in range(len(taken))]
    assert {row.user_name: row.id for row in people}.items() >= {
        name: made_id for name, made_id in made.items() if name != "All"
    }.items()
    assert members(idp, "All") == {f"p{number}" for number in needed}


def test_another_tenant_replays_nothing_of_it(idp: Speaker, failed: tuple[str, str], app: Flask):
    assert replay(idp, failed[0], key_of(add_speaker(app), "admin")).status_code == 404
    assert idp.ask("POST", "/Users", {"schemas": [USER], "userName": "BO"}).status_code == 409
