import copy
import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from bridge.errors import InvalidFilter
from bridge.scim.canonical import canonical_resource
from bridge.scim.dialects import DIALECTS, canonical_operations
from bridge.scim.filters import AttrPath, Comparison, parse_filter, resolve_filter
from bridge.scim.group_changes import AddMembers, RemoveMembers, ReplaceMembers, group_changes
from bridge.scim.patch import apply_patch
from bridge.scim.schemas import ENTERPRISE_USER_URN, GROUP_RESOURCE, USER_RESOURCE, USER_URN

REQUESTS = {
    each["id"]: each for each in json.loads((Path(__file__).parent / "recorded_requests.json").read_text())
}
PERSON = {
    "schemas": [USER_URN],
    "userName": "grace.hopper",
    "active": True,
    "name": {"givenName": "Grace"},
}


def dialect_of(request):
    words = request["idp"].split()
    if "(aadOptscim062020)" in words:
        return DIALECTS["entra-2020"]
    return DIALECTS[{"any": "generic", "pingfederate": "ping"}.get(words[0], words[0])]


def dialects_for(request):
    return (dialect_of(request), DIALECTS["generic"])


def after_patch(request, dialect, person=PERSON):
    operations, used = canonical_operations(request["body"], dialect, USER_RESOURCE, own_id="u1")
    return apply_patch(person, operations, USER_RESOURCE), used


PATCHED_PEOPLE = {
    "E07": {"active": False},
    "E08": {"active": False},
    "E10": {"nickName": "Babs"},
    "E11": {
        "displayName": "Pvlo",
        "emails": [{"type": "work", "value": "grace@mills.example"}],
        "name": {"givenName": "Gtfd", "familyName": "Pkqf"},
        "externalId": "Eqpj",
        ENTERPRISE_USER_URN: {"employeeNumber": "Eqpj"},
    },
    "E13": {ENTERPRISE_USER_URN: {"manager": {"value": "271"}}},
    "E14": {ENTERPRISE_USER_URN: {"manager": {"value": "00aa", "$ref": "http://x/scim/Users/00aa"}}},
    "O07": {"active": False},
    "O09": {"active": True},
    "J01": {"name": {"givenName": "John"}},
}


@pytest.mark.parametrize("key", PATCHED_PEOPLE)
def test_a_recorded_patch_of_a_person_does_what_its_client_means(key):
    request = REQUESTS[key]
    expected = {**PERSON, **PATCHED_PEOPLE[key]}
    if ENTERPRISE_USER_URN in expected:
        expected["schemas"] = [USER_URN, ENTERPRISE_USER_URN]
    for dialect in dialects_for(request):
        before = copy.deepcopy(request["body"])
        after, _ = after_patch(request, dialect)
        assert after == expected
        assert after_patch(request, dialect, after)[0] == after
        assert request["body"] == before


def test_a_reactivation_brings_back_who_was_inactive():
    after, _ = after_patch(REQUESTS["O09"], DIALECTS["okta"], {**PERSON, "active": False})
    assert after == PERSON


PATCHED_GROUPS = {
    "E22": (AddMembers(("f648f8d5",)), None),
    "E23": (RemoveMembers(("f648f8d5",)), None),
    "E24": (RemoveMembers(("7f4bc1a3",)), None),
    "E25": (None, "new"),
    "O11": (None, "Millers"),
    "O13": (ReplaceMembers(("23a3", "89bb")), None),
    "O14": (ReplaceMembers(()), None),
    "X03": (AddMembers(("ghost",)), None),
}


@pytest.mark.parametrize("key", PATCHED_GROUPS)
def test_a_recorded_patch_of_a_group_does_what_its_client_means(key):
    request = REQUESTS[key]
    operation, name = PATCHED_GROUPS[key]
    own_id = "abf4dd94-a4c0-4f67-89c9-76b03340cb9b"
    for dialect in dialects_for(request):
        operations, _ = canonical_operations(request["body"], dialect, GROUP_RESOURCE, own_id=own_id)
        found = group_changes(operations)
        assert found.members == (() if operation is None else (operation,))
        assert found.display_name == name


CREATED = {
    "E02": {
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "grace.hopper",
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": "grace.hopper@mills.example"}],
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
    },
    "E16": {
        "externalId": "alias",
        "userName": "alias@old-mills.example",
        "active": True,
        "roles": [{"primary": True, "type": "WindowsAzureActiveDirectoryRole", "value": "Admin"}],
    },
    "O03": {
        "userName": "alan.turing@mills.local",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": "alan.turing@mills.local", "type": "work"}],
        "displayName": "Alan Turing",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "active": True,
    },
    "O06": {
        "userName": "alan.turing@mills.local",
        "name": {"givenName": "Another", "middleName": "Excited", "familyName": "User"},
        "emails": [
            {
                "primary": True,
                "value": "alan.turing@mills.local",
                "type": "work",
                "display": "alan.turing@mills.local",
            }
        ],
        "active": True,
    },
}


@pytest.mark.parametrize("key", CREATED)
def test_a_recorded_person_is_stored_without_what_is_not_the_clients_to_say(key):
    request = REQUESTS[key]
    for dialect in (*dialects_for(request), DIALECTS["strict"]):
        found = canonical_resource(request["body"], USER_RESOURCE, dialect)
        assert found.resource == {**CREATED[key], "schemas": [USER_URN]}
        assert found.tolerances == ()
        assert "not-a-secret" not in repr(found)


def test_a_recorded_group_is_stored():
    found = canonical_resource(REQUESTS["O10"]["body"], GROUP_RESOURCE, DIALECTS["okta"])
    assert found.resource == {"displayName": "Millers", "schemas": REQUESTS["O10"]["body"]["schemas"]}


FILTERS = {
    "E01": ("userName", "<random guid>"),
    "E04": ("externalId", "jyoung"),
    "E20": ("displayName", "displayName"),
    "O02": ("userName", "alan.turing@mills.local"),
    "L01": ("userName", "edsger"),
}


@pytest.mark.parametrize("key", FILTERS)
def test_a_recorded_filter_asks_what_its_client_means(key):
    request = REQUESTS[key]
    name, value = FILTERS[key]
    asked = urlsplit(request["path"])
    text = dict(parse_qsl(asked.query))["filter"]
    schema = GROUP_RESOURCE if asked.path == "/Groups" else USER_RESOURCE
    for dialect in dialects_for(request):
        tolerant = "text_in_comparisons" in dialect.tolerances
        parsed = parse_filter(text, tolerate_bare_words="bare_words" in dialect.tolerances)
        resolved = resolve_filter(parsed, schema, tolerant=tolerant)
        assert resolved == Comparison(AttrPath(None, name), "eq", value)


def test_a_strict_connection_refuses_the_recorded_unquoted_value():
    with pytest.raises(InvalidFilter, match="jyoung"):
        parse_filter("externalId eq jyoung")


def test_every_recorded_request_with_a_body_or_filter_has_its_expected_effect():
    assert set(REQUESTS) == {*PATCHED_PEOPLE, *PATCHED_GROUPS, *CREATED, *FILTERS, "O10"}
