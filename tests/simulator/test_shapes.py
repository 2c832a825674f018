"""What the two clients put on the wire."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from bridge.simulator.company import larkspur
from bridge.simulator.events import Kind
from bridge.simulator.okta import okta_id
from bridge.simulator.play import play
from bridge.simulator.story import six_weeks
from bridge.simulator.wire import Connection, UnexpectedAnswer, Wire

STORY = six_weeks(larkspur(), datetime(2026, 9, 1, 7, tzinfo=UTC))
PEOPLE = {person.key: person for person in STORY.company.people}
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture
def said(played_sides):
    """For each source and kind the first event with its exchanges."""
    firsts = {}
    for played in played_sides[2]:
        firsts.setdefault((played.event.source, played.event.kind), (played.event, played.exchanges))
    return firsts


@pytest.fixture
def played_okta(played_sides):
    return played_sides[0]


@pytest.fixture
def played_entra(played_sides):
    return played_sides[1]


def operations(exchange):
    assert exchange.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    return exchange.body["Operations"]


def test_okta_probes_creates_and_updates_as_it_does(said):
    assert said["okta", Kind.PROBE][1][0].path == "/Users?startIndex=1&count=2"
    event, (lookup, created) = said["okta", Kind.HIRE]
    person = PEOPLE[event.person]
    quoted = f"userName%20eq%20%22{person.user_name.replace('@', '%40')}%22"
    assert lookup.path == f"/Users?filter={quoted}&startIndex=1&count=100"
    assert (created.method, created.path, created.status) == ("POST", "/Users", 201)
    assert created.body["externalId"] == okta_id(person)
    assert len(okta_id(person)) == 20
    assert okta_id(person).startswith("00u")
    assert created.body["groups"] == []
    assert created.body["active"] is True
    assert len(created.body["password"]) == 12
    event, (read, put) = said["okta", Kind.PROFILE]
    assert (read.method, put.method, read.path) == ("GET", "PUT", put.path)
    assert put.path == f"/Users/{put.body['id']}"
    assert put.body["title"] == "Team Lead"
    assert put.body[ENTERPRISE]["costCenter"] == "CC-4900"
    assert put.body[ENTERPRISE]["manager"] == {"displayName": PEOPLE[event.manager].display_name}
    assert put.body["active"] is True
    assert put.body["groups"] == []
    assert "password" not in put.body


def test_okta_deactivates_by_a_patch_without_path_and_by_a_full_put(played_okta, said):
    assert operations(said["okta", Kind.DEACTIVATE][1][-1]) == [{"op": "replace", "value": {"active": False}}]
    assert operations(said["okta", Kind.REACTIVATE][1][-1]) == [{"op": "replace", "value": {"active": True}}]
    by_put = [body for _, _, body, _ in played_okta.sent("PUT") if body["active"] is False]
    assert len(by_put) == 2
    assert by_put[0]["userName"]
    assert played_okta.sent("DELETE") == []


def test_okta_restores_by_creating_again(said):
    event, (lookup, restored) = said["okta", Kind.REPROVISION]
    assert lookup.method == "GET"
    assert (restored.method, restored.status) == ("POST", 201)
    assert restored.body["externalId"] == okta_id(PEOPLE[event.person])


def test_okta_pushes_groups_and_repeats_the_name_with_every_membership_change(played_okta, said):
    event, (lookup, created, filled) = said["okta", Kind.PUSH]
    assert "displayName%20eq%20%22Engineering%22" in lookup.path
    assert created.body["members"] == []
    (operation,) = operations(filled)
    assert (operation["op"], operation["path"], len(operation["value"])) == (
        "replace",
        "members",
        len(event.people),
    )
    assert operation["value"][0].keys() == {"value", "display"}
    _, (named, added) = said["okta", Kind.JOIN]
    group_id = named.path.removeprefix("/Groups/")
    assert operations(named) == [{"op": "replace", "value": {"id": group_id, "displayName": "Marketing"}}]
    assert (operations(added)[0]["op"], operations(added)[0]["path"]) == ("add", "members")
    _, (_, removed) = said["okta", Kind.LEAVE]
    (operation,) = operations(removed)
    assert operation.keys() == {"op", "path"}
    assert operation["path"].startswith('members[value eq "okta-')
    emptied = [
        body for _, _, body, _ in played_okta.sent("PATCH") if body["Operations"][0].get("value") == []
    ]
    assert len(emptied) == 1


def test_okta_says_the_new_name_after_a_rename(played_okta, said):
    _, (renamed,) = said["okta", Kind.RENAME]
    later = played_okta.log[[path for _, path, *_ in played_okta.log].index("/scim/v2" + renamed.path) :]
    names = [
        body["Operations"][0]["value"]["displayName"]
        for method, path, body, _ in later
        if method == "PATCH" and path.endswith(renamed.path) and "path" not in body["Operations"][0]
    ]
    assert names == sorted(names)
    assert names[-1] == "Sales and Partnerships"
    assert len(names) > 3


def test_entra_probes_for_nobody_and_creates(said):
    (probe,) = said["entra", Kind.PROBE][1]
    assert probe.path.startswith("/Users?filter=userName+eq+%22")
    assert len(unquote(probe.path)) == len('/Users?filter=userName+eq+""') + 36
    event, (by_name, by_id, created) = said["entra", Kind.HIRE]
    person = PEOPLE[event.person]
    assert unquote(by_name.path) == f'/Users?filter=userName+eq+"{person.user_name}"'
    assert unquote(by_id.path) == f'/Users?filter=externalId+eq+"{person.directory_id}"'
    assert created.body["externalId"] == person.directory_id
    assert created.body["roles"] == []
    assert created.body["active"] is True
    assert created.body["meta"] == {"resourceType": "User"}
    assert created.body["name"]["formatted"] == person.display_name


def test_entra_patches_several_attributes_at_once(played_entra, said):
    event, (read, patched) = said["entra", Kind.PROFILE]
    assert read.method == "GET"
    sent = {operation["path"]: operation for operation in operations(patched)}
    assert sent['emails[type eq "work"].value']["value"] == "brightwater@larkspur.example.com"
    assert sent["displayName"]["value"] == f"{PEOPLE[event.person].given_name} Brightwater"
    assert sent["name.familyName"]["op"] == "Replace"
    manager = sent[f"{ENTERPRISE}:manager"]
    assert manager["op"] == "Add"
    assert played_entra.users[manager["value"]]["userName"] == PEOPLE[event.manager].user_name
    paths = [
        operation["path"]
        for _, _, body, _ in played_entra.sent("PATCH", "/Users")
        for operation in body["Operations"]
    ]
    assert {f"{ENTERPRISE}:department", f"{ENTERPRISE}:costCenter"} <= set(paths)
    assert paths.count(f"{ENTERPRISE}:manager") > 10


def test_entra_writes_booleans_as_texts_and_deletes_later(played_entra, said):
    for kind, text in ((Kind.DEACTIVATE, "False"), (Kind.REACTIVATE, "True")):
        assert operations(said["entra", kind][1][-1]) == [{"op": "Replace", "path": "active", "value": text}]
    _, (read, deleted) = said["entra", Kind.DELETE]
    assert (read.status, deleted.method, deleted.status) == (200, "DELETE", 204)
    assert played_entra.sent("PUT") == []


def test_entra_looks_at_a_group_without_members_before_it_changes_it(said):
    _, (lookup, created, *_) = said["entra", Kind.PUSH]
    assert lookup.path == "/Groups?excludedAttributes=members&filter=displayName+eq+%22Support%22"
    assert len(created.body["schemas"]) == 2
    for kind, op in ((Kind.PUSH, "Add"), (Kind.JOIN, "Add"), (Kind.LEAVE, "Remove")):
        event, (*_, read, changed) = said["entra", kind]
        assert read.path == f"{changed.path}?excludedAttributes=members"
        (operation,) = operations(changed)
        assert (operation["op"], operation["path"], len(operation["value"])) == (
            op,
            "members",
            len(event.people),
        )
        assert all(
            member.keys() == {"$ref", "value"} and member["$ref"] is None for member in operation["value"]
        )
    _, (_, renamed) = said["entra", Kind.RENAME]
    assert operations(renamed) == [{"op": "Replace", "path": "displayName", "value": "Field Operations"}]


def test_the_headers_are_those_of_a_scim_client(played_okta):
    assert played_okta.log
    for method, _, body, headers in played_okta.log:
        assert headers["Authorization"] == "Bearer token-of-okta"
        assert headers["Accept"] == "application/scim+json"
        assert headers["User-Agent"].startswith("Okta")
        assert (headers.get("Content-Type") == "application/scim+json; charset=utf-8") is (
            body is not None
        ), method


@pytest.fixture
def wire(okta_side):
    with Wire("okta", okta_side.connection, lambda _: None, at=STORY.start, agent="test") as opened:
        yield opened


def listed(*ids, total=None):
    return {
        "totalResults": len(ids) if total is None else total,
        "Resources": [{"id": known} for known in ids],
    }


@pytest.mark.parametrize(
    "body",
    [{}, listed(total="0"), listed(total=True), listed("a", total=0), {"totalResults": 1, "Resources": {}}]
    + [{"totalResults": 1, "Resources": resources} for resources in (["a"], [{}], [{"id": 1}])],
)
def test_a_list_that_a_real_client_cannot_read_is_refused(okta_side, wire, body):
    okta_side.scripted.append((200, {}, body))
    answer = wire.ask("GET", "/Users")
    with pytest.raises(UnexpectedAnswer, match="wanted"):
        _ = answer.matches


def test_an_empty_list_may_leave_out_its_resources(okta_side, wire):
    okta_side.scripted.append((200, {}, {"totalResults": 0}))
    assert wire.ask("GET", "/Users").matches == ()


@pytest.mark.parametrize("body", [b"<html>", [1], None, {"id": ""}, {"id": 7}])
def test_a_resource_without_its_id_is_refused(okta_side, wire, body):
    okta_side.scripted.append((201, {}, body))
    with pytest.raises(UnexpectedAnswer):
        wire.create("/Users", {}, found_by="/Users")


def test_a_redirect_is_not_followed_with_the_token(okta_side, wire):
    okta_side.scripted.append((302, {"Location": "/elsewhere"}, None))
    with pytest.raises(UnexpectedAnswer, match=r"answered 302: \(empty body\)"):
        wire.ask("GET", "/Users")
    assert len(okta_side.log) == 1


@pytest.mark.parametrize(("known", "there"), [("a", ["b"]), ("a", []), (None, ["a", "b"]), (None, [])])
def test_a_conflict_must_be_with_the_one_that_is_known(okta_side, wire, known, there):
    okta_side.scripted += [(409, {}, {}), (200, {}, listed(*there))]
    with pytest.raises(UnexpectedAnswer, match="wanted just"):
        wire.create("/Users", {}, found_by="/Users", expect=(409,), known=known)


def test_a_person_restored_as_somebody_else_is_refused(okta_side, wire):
    okta_side.scripted.append((201, {}, {"id": "b"}))
    with pytest.raises(UnexpectedAnswer, match="wanted a restored"):
        wire.create("/Users", {}, found_by="/Users", known="a")


@pytest.mark.parametrize(("header", "seconds"), [("3", 3), ("3600", 60), ("soon", 1)])
def test_a_client_waits_as_long_as_it_is_asked_to_within_reason(okta_side, header, seconds):
    slept = []
    connection = replace(okta_side.connection, waits=2)
    okta_side.scripted += [(429, {"Retry-After": header}, None)] * 3
    with (
        Wire("okta", connection, lambda _: None, at=STORY.start, agent="test", sleep=slept.append) as patient,
        pytest.raises(UnexpectedAnswer, match="429"),
    ):
        patient.ask("GET", "/Users?startIndex=1&count=2")
    assert slept == [seconds] * 2


def test_a_limit_is_unexpected_where_no_waiting_was_asked_for(okta_side, wire):
    okta_side.scripted.append((429, {}, None))
    with pytest.raises(UnexpectedAnswer, match="429"):
        wire.ask("GET", "/Users")


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ([(200, {}, listed("somebody"))], "an empty list"),
        ([(404, {}, {})], "wanted 200"),
    ],
)
def test_entra_is_quarantined_by_anything_but_an_empty_list(entra_side, answers, wanted):
    entra_side.scripted += answers
    story = replace(STORY, events=tuple(event for event in STORY.events if event.source == "entra"))
    with pytest.raises(UnexpectedAnswer, match=wanted):
        play(story, {"entra": Connection(entra_side.url, entra_side.token)})


def test_entra_wants_no_members_where_it_excluded_them(entra_side):
    story = replace(STORY, events=tuple(event for event in STORY.events if event.source == "entra"))
    entra_side.shown = lambda resource, _: {
        key: list(value) if isinstance(value, set) else value for key, value in resource.items()
    }
    with pytest.raises(UnexpectedAnswer, match="without its members"):
        play(story, {"entra": entra_side.connection})


def test_entra_only_creates_a_group_that_has_no_members(entra_side):
    pushed = next(event for event in STORY.events if event.kind is Kind.PUSH and event.source == "entra")
    record = play(
        replace(STORY, events=(replace(pushed, people=()),)),
        {"entra": Connection(entra_side.url, entra_side.token)},
    )
    assert [exchange.method for exchange in record] == ["GET", "POST"]
    assert entra_side.state == ({}, {pushed.group: set()})
