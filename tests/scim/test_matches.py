import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, ScimFilter, User

from bridge.errors import InvalidFilter
from bridge.scim.filters import parse_filter, resolve_filter
from bridge.scim.matches import matches
from bridge.scim.schemas import (
    ENTERPRISE_USER_URN,
    USER,
    USER_RESOURCE,
    USER_URN,
    Attribute,
    ResourceSchema,
    Schema,
)
from tests.scim.random_filters import FILTERS, PEOPLE, WORDS, written

#: Filters and people of each example, so that an ordinary run of 100 examples compares 2,500 pairs.
EACH = 5

ADA = {
    "schemas": [USER_URN, ENTERPRISE_USER_URN],
    "id": "2819c223",
    "externalId": "Ada-1",
    "userName": "Ada@Lovelace.example",
    "displayName": "Ada STRAẞE",
    "title": "",
    "active": False,
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [
        {"type": "work", "value": "ada@work.example", "primary": True},
        {"type": "home", "value": "ada@home.example"},
    ],
    "x509Certificates": [{"value": "AAEC"}],
    "groups": [{"value": "g1", "display": "Sales"}, {"value": "g2", "display": "Support"}],
    "roles": [{"value": "admin"}],
    "meta": {"created": "2026-02-28T09:30:00Z", "lastModified": "2026-03-01T00:00:00+02:00"},
    ENTERPRISE_USER_URN: {"department": "Engines", "manager": {"value": "Babbage"}},
}


def holds(text, person=ADA):
    return matches(resolve_filter(parse_filter(text), USER_RESOURCE), person, USER_RESOURCE)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ada@lovelace.EXAMPLE"',
        'userName sw "ADA@" and userName ew ".Example" and userName co "LOVE"',
        'displayName eq "ada strasse"',
        'externalId eq "Ada-1"',
        'not (externalId eq "ada-1")',
        'id eq "2819c223"',
        "active eq false",
        "active ne true",
        "active pr",
        "not (title pr)",
        'title eq ""',
        "nickName eq null",
        'nickName ne "x"',
        'not (nickName eq "x")',
        'not (nickName co "")',
        "not (nickName pr)",
        "userName ne null",
        "name pr and name.givenName pr",
        "emails pr and emails.primary pr",
        'emails eq "ada@home.example"',
        'emails.type eq "home"',
        'emails[type eq "work" and value ew "work.example"]',
        'not (emails[type eq "home" and value ew "work.example"])',
        'emails[type eq "home" and not (primary pr)]',
        'emails.value ne "eve@home.example"',
        'not (emails.type ne "work")',
        'emails[type ne "work"]',
        "not (addresses pr)",
        'not (addresses[country eq "GB"])',
        'addresses.country ne "GB"',
        "addresses.country eq null",
        'groups.value eq "g2" and groups.display eq "SALES"',
        'not (groups.value eq "G2")',
        'roles.value eq "ADMIN"',
        'x509Certificates.value eq "AAEC" and x509Certificates.value ne "aaec"',
        'meta.created eq "2026-02-28T10:30:00+01:00"',
        'meta.lastModified lt "2026-02-28T23:00:00Z"',
        'meta.lastModified ge "2026-02-28T22:00:00Z" and meta.lastModified le "2026-02-28T22:00:00.000Z"',
        'meta.created gt "2026-02-28T09:29:59Z"',
        'userName gt "ABC" and userName lt "b"',
        f'{ENTERPRISE_USER_URN}:department eq "engines"',
        f'{ENTERPRISE_USER_URN}:manager eq "Babbage"',
        f"{ENTERPRISE_USER_URN}:costCenter eq null",
        f'schemas eq "{ENTERPRISE_USER_URN}"',
    ],
)
def test_ada_is_found_by(text):
    assert holds(text)
    assert not holds(f"not ({text})")


def test_a_person_without_the_extension_has_none_of_its_values():
    eve = {"userName": "eve", "schemas": [USER_URN]}
    assert not holds(f'{ENTERPRISE_USER_URN}:department eq "x"', eve)
    assert holds(f'{ENTERPRISE_USER_URN}:department ne "x"', eve)
    assert not holds(f"{ENTERPRISE_USER_URN}:manager.value pr", eve)


def test_numbers_compare_as_numbers():
    urn = "urn:example:params:scim:schemas:extension:badge:1.0:User"
    badged = ResourceSchema(USER, (Schema(urn, "Badge", "", (Attribute("number", "integer"),)),))
    parsed = resolve_filter(parse_filter(f"{urn}:number ge 9.5"), badged)
    assert matches(parsed, {urn: {"number": 10}}, badged)
    assert not matches(parsed, {urn: {"number": 9}}, badged)


def test_a_filter_that_was_not_resolved_is_refused():
    for text in ("nosuch pr", "emails[nosuch pr]"):
        with pytest.raises(InvalidFilter):
            matches(parse_filter(text), ADA, USER_RESOURCE)


@given(
    st.lists(FILTERS, min_size=EACH, max_size=EACH),
    st.lists(PEOPLE, min_size=EACH, max_size=EACH),
)
def test_we_agree_with_the_evaluator_of_scim2_models(trees, people):
    raw = [{"schemas": [USER_URN, ENTERPRISE_USER_URN], "userName": "x", **person} for person in people]
    theirs = [User[EnterpriseUser].model_validate(person) for person in raw]
    for text in map(written, trees):
        judge = ScimFilter[User[EnterpriseUser]](text)
        assert [holds(text, each) for each in raw] == [judge.match(each) for each in theirs], text


@given(FILTERS, PEOPLE)
def test_a_filter_holds_or_its_opposite_does(tree, person):
    text = written(tree)
    assert holds(text, person) is not holds(f"not ({text})", person)


@given(PEOPLE, WORDS, st.sampled_from(["userName", "roles.value", "name.givenName", "entitlements"]))
def test_ne_is_the_opposite_of_eq(person, word, name):
    quoted = json.dumps(word)
    assert holds(f"{name} eq {quoted}", person) is not holds(f"{name} ne {quoted}", person)
