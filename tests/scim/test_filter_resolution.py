from decimal import Decimal

import pytest

from bridge.errors import InvalidFilter
from bridge.scim.filters import (
    And,
    AttrPath,
    Comparison,
    Not,
    Or,
    Present,
    ValuePath,
    parse_filter,
    resolve_filter,
)
from bridge.scim.schemas import (
    ENTERPRISE_USER_URN,
    GROUP_RESOURCE,
    USER,
    USER_RESOURCE,
    USER_URN,
    Attribute,
    ResourceSchema,
    Schema,
)

BADGE_URN = "urn:example:params:scim:schemas:extension:badge:1.0:User"
BADGED = ResourceSchema(
    USER,
    (Schema(BADGE_URN, "Badge", "", (Attribute("number", "integer"), Attribute("weight", "decimal"))),),
)


def a(name, sub=None, schema=None):
    return AttrPath(schema, name, sub)


def is_(name, value, op="eq"):
    return Comparison(a(name), op, value)


def resolved(text, schema=USER_RESOURCE, *, tolerant=False):
    return resolve_filter(parse_filter(text, tolerate_bare_words=tolerant), schema, tolerant=tolerant)


def test_paths_take_the_spelling_of_the_schema():
    assert resolved('USERNAME eq "x" and meta.LASTMODIFIED pr') == And(
        (is_("userName", "x"), Present(a("meta", "lastModified")))
    )
    assert resolved(f'{ENTERPRISE_USER_URN.upper()}:DEPARTMENT eq "x"').path == AttrPath(
        ENTERPRISE_USER_URN, "department"
    )
    assert resolved(f'{USER_URN}:title eq "x"').path == a("title")
    assert resolved('EMAILS[TYPE eq "work" or not (PRIMARY eq true)]') == ValuePath(
        a("emails"), Or((is_("type", "work"), Not(is_("primary", True))))
    )


def test_mapping_rules_may_ask_for_groups_roles_and_entitlements():
    for text in (
        'groups.value eq "g"',
        'groups[display sw "Sales"]',
        'roles.value eq "x"',
        'entitlements eq "x"',
    ):
        assert resolved(text)


def test_an_attribute_with_values_is_compared_by_value():
    assert resolved('emails co "x"').path == a("emails", "value")
    assert resolved('groups eq "x"').path == a("groups", "value")
    assert resolved('members eq "x"', GROUP_RESOURCE).path == a("members", "value")
    assert resolved(f'{ENTERPRISE_USER_URN}:manager eq "x"').path.sub == "value"
    assert resolved("emails pr").path == a("emails")
    for text in ('name eq "x"', 'addresses eq "x"', 'meta gt "2026-01-01T00:00:00Z"'):
        with pytest.raises(InvalidFilter, match="name one"):
            resolved(text)


@pytest.mark.parametrize(
    "text",
    [
        'nosuch eq "x"',
        'title pr or nosuch eq "x"',
        "not (nosuch pr)",
        "emails.nosuch pr",
        'emails[nosuch eq "x"]',
        'emails[emails.type eq "x"]',
        'emails[urn:x:y:type eq "x"]',
        'emails[type[value eq "x"]]',
        'nosuch[type eq "x"]',
        'title[value eq "x"]',
        'emails.type[value eq "x"]',
        'schemas[value eq "x"]',
        'department eq "x"',
        'password eq "x"',
        "password pr",
    ],
)
def test_an_attribute_that_cannot_be_asked_for_is_refused_never_dropped(text):
    with pytest.raises(InvalidFilter):
        resolved(text)


def test_the_message_names_the_attribute():
    with pytest.raises(InvalidFilter, match="'nosuch' is no attribute of User"):
        resolved('nosuch eq "x"')


@pytest.mark.parametrize(
    "text",
    [
        "active gt true",
        "active le false",
        'active co "t"',
        'active eq "true"',
        "active eq 1",
        "userName eq true",
        "userName eq 10",
        "userName co 1.5",
        "userName gt null",
        "title co null",
        'meta.created eq "yesterday"',
        "meta.created gt 5",
        'meta.created sw "2026"',
        'meta.created gt "9999-12-31T23:59:59-14:00"',
        'x509Certificates.value gt "AAEC"',
    ],
)
def test_a_comparison_its_type_does_not_know_is_refused(text):
    with pytest.raises(InvalidFilter):
        resolved(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('active eq "True"', True),
        ('active ne "false"', False),
        ("externalId eq 41", "41"),
        ("externalId eq 1.50", "1.50"),
        ("externalId eq True", "true"),
        ("externalId eq jyoung", "jyoung"),
        ("active eq null", None),
    ],
)
def test_a_tolerant_comparison_reads_the_value_as_the_attribute_wants_it(text, value):
    assert resolved(text, tolerant=True).value == value


def test_a_tolerant_comparison_still_knows_nonsense():
    for text in ("active eq maybe", 'active gt "true"', "meta.created gt 5", "nosuch pr"):
        with pytest.raises(InvalidFilter):
            resolved(text, tolerant=True)


def test_numbers_compare_with_numbers():
    assert resolved(f"{BADGE_URN}:number ge 10", BADGED).value == 10
    assert resolved(f'{BADGE_URN}:weight lt "1.5"', BADGED, tolerant=True).value == Decimal("1.5")
    for text in ("number eq true", 'number eq "10"', 'number co "1"'):
        with pytest.raises(InvalidFilter):
            resolved(f"{BADGE_URN}:{text}", BADGED)
    for text in ('number eq "x"', 'number eq "NaN"'):
        with pytest.raises(InvalidFilter):
            resolved(f"{BADGE_URN}:{text}", BADGED, tolerant=True)


def test_a_tolerant_filter_finds_extension_attributes_without_their_urn():
    assert resolved('manager eq "x"', tolerant=True).path == AttrPath(ENTERPRISE_USER_URN, "manager", "value")
