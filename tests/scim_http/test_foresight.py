"""What is asked ahead of routes: for the callers of a moment ago alone, never for a hostile filter."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from bridge.directory.tables import Person
from bridge.tenants.tables import Credential
from bridge.web.bodies import holds_no_filter
from tests.database.opened import NOW
from tests.scim_http.speaking import PATCH_OP, USER, Speaker, statements_of

OFF = {"op": "replace", "path": "active", "value": False}
HOSTILE = {"op": "remove", "path": "emails[" + "(" * 200 + 'type eq "work"' + ")" * 200 + "]"}

TEXTS = st.text('[]"\\ab\0é\u2028', max_size=6)
BODIES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def texts_of(value):
    match value:
        case str():
            return [value]
        case list():
            return [text for each in value for text in texts_of(each)]
        case dict():
            return [text for pair in value.items() for each in pair for text in texts_of(each)]
    return []


@given(BODIES, st.booleans())
def test_a_body_that_is_said_to_hold_no_filter_has_no_text_with_a_bracket(body, is_ascii):
    said = holds_no_filter(json.dumps(body, ensure_ascii=is_ascii).encode())
    assert not (said and any("[" in text for text in texts_of(body)))


def test_a_usual_deactivation_is_seen_to_hold_no_filter():
    body = {"schemas": [PATCH_OP], "Operations": [OFF, {"op": "add", "value": {"title": "Lead"}}]}
    assert holds_no_filter(json.dumps(body).encode())


@pytest.fixture
def ada(idp: Speaker) -> str:
    """Let the entrance know the caller."""
    return idp.create(userName="ada", externalId="7")


def test_nobody_is_looked_for_on_behalf_of_a_hostile_filter(idp: Speaker, ada: str):
    for body in ({"Operations": [HOSTILE]}, {"Operations": [OFF, HOSTILE]}):
        with statements_of(idp) as sent:
            answer = idp.ask("PATCH", f"/Users/{ada}", {"schemas": [PATCH_OP], **body})
        assert answer.status_code == 400
        assert not [each for each in sent if "people" in each]


def test_what_is_asked_ahead_is_asked_once(idp: Speaker, ada: str):
    with statements_of(idp) as sent:
        assert idp.patch(f"/Users/{ada}", OFF).status_code == 200
        assert idp.ask("POST", "/Users", {"schemas": [USER], "userName": "bo"}).status_code == 201
    assert len([each for each in sent if "SELECT" in each and "user_name_key" in each]) == 2


def test_a_token_that_was_revoked_a_moment_ago_changes_nobody(idp: Speaker, ada: str):
    with idp.app.extensions["bridge"].database.write(idp.tenant_id) as session:
        session.execute(
            update(Credential).where(Credential.connection_id == idp.connection_id).values(revoked_at=NOW)
        )
    assert idp.patch(f"/Users/{ada}", OFF).status_code == 401
    assert idp.ask("POST", "/Users", {"schemas": [USER], "userName": "bo"}).status_code == 401
    assert [(each.user_name, each.active) for each in idp.rows(Person)] == [("ada", True)]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"userName": {}}',
        b'{"userName": "a\\u0000b"}',
        b'{"userName": "bo", "externalId": "\\u0000"}',
        json.dumps({"userName": "b" * 5_000}).encode(),
    ],
)
def test_a_person_that_cannot_be_is_refused_by_the_route(idp: Speaker, ada: str, body: bytes):
    answer = idp.ask("POST", "/Users", data=body, headers={"Content-Type": "application/scim+json"})
    assert answer.status_code == 400
    assert [each.id for each in idp.rows(Person)] == [ada]


def test_names_are_looked_for_however_they_are_written(idp: Speaker, ada: str):
    for body in (
        {"userName": "ADA"},
        {"USERNAME": "Ada"},
        {"userName": "ada", "filler": "x" * 20_000},
        {"userName": "bo", "externalId": "7"},
        {"userName": "bo", "externalid": "7"},
    ):
        answer = idp.ask("POST", "/Users", {"schemas": [USER], **body})
        assert answer.status_code in (400, 409), body
    assert [each.id for each in idp.rows(Person)] == [ada]
    for body in ({"userName": "bo", "externalId": ""}, {"userName": 7}, {"userName": "cy", "externalId": 8}):
        assert idp.ask("POST", "/Users", {"schemas": [USER], **body}).status_code == 201, body
