import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidInput, InvalidValue, TooMany
from bridge.scim.canonical import canonical_resource
from bridge.scim.dialects import DIALECTS
from bridge.scim.reading import Limits
from bridge.scim.schemas import (
    ENTERPRISE_USER_URN,
    USER,
    USER_RESOURCE,
    Attribute,
    ResourceSchema,
    Schema,
)

STRICT, GENERIC = DIALECTS["strict"], DIALECTS["generic"]
BADGE_URN = "urn:example:params:scim:schemas:extension:badge:1.0:User"
BADGE = Schema(
    BADGE_URN,
    "Badge",
    "Badges",
    (
        Attribute("number", "integer"),
        Attribute("weight", "decimal"),
        Attribute("issued", "dateTime"),
        Attribute("tags", multi_valued=True),
        Attribute("printed", "boolean"),
        Attribute("serial", mutability="readOnly"),
    ),
)
BADGED = ResourceSchema(USER, (BADGE,))


def read(body, dialect=GENERIC, schema=USER_RESOURCE, **limits):
    raw = {"schemas": [schema.core.id], "userName": "ada@lovelace.example", **body}
    return canonical_resource(raw, schema, dialect, Limits(**limits))


def part(body, dialect=GENERIC, schema=USER_RESOURCE):
    read_resource = dict(read(body, dialect, schema).resource)
    del read_resource["schemas"], read_resource["userName"]
    return read_resource


def badge(value, dialect=GENERIC):
    return part({BADGE_URN: value}, dialect, BADGED)


def test_limits_hold_at_the_limit_and_one_past_it():
    assert read({"title": "x" * 300}, text_characters=300)
    with pytest.raises(InvalidValue, match="title has 301"):
        read({"title": "x" * 301}, text_characters=300)
    assert read({"emails": [{"value": "a"}] * 5}, elements=5)
    with pytest.raises(TooMany, match="emails has 6"):
        read({"emails": [{"value": "a"}] * 6}, elements=5)
    assert read({}, attributes=2)
    with pytest.raises(TooMany, match="3 attributes"):
        read({"title": "x"}, attributes=2)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800", "\0" * 300])
def test_texts_that_cannot_be_stored_are_refused(text):
    with pytest.raises(InvalidValue, match="title"):
        read({"title": text})


def test_values_nested_a_thousand_deep_are_refused_without_recursion():
    deep = "x"
    for _ in range(2000):
        deep = {"value": [deep]}
    for name in ("title", "active", "emails", "manager"):
        with pytest.raises(InvalidValue):
            read({name: deep})
    with pytest.raises(InvalidValue):
        read({"manager": [[[["x"]]]]})
    with pytest.raises(InvalidValue):
        read({"name": {"givenName": deep}})
    assert read({"roles": [{"value": "[" * 5000}]})


@pytest.mark.parametrize("number", [10**5000, -(10**5000), 2**64, float("inf"), float("nan")], ids=range(5))
def test_numbers_no_text_or_number_can_hold_are_refused_and_can_be_told(number):
    for body in ({"title": number}, {"active": number}, {"userName": [number]}, {"emails": [[number]]}):
        with pytest.raises(InvalidValue):
            canonical_resource(body, USER_RESOURCE, GENERIC)
    for body in ({"number": number}, {"weight": number}):
        with pytest.raises(InvalidValue):
            badge(body)


def test_long_values_of_every_type_are_refused():
    for body in ({"active": "t" * 301}, {"x509Certificates": [{"value": "A" * 304}]}):
        with pytest.raises(InvalidValue, match="at most 300"):
            read(body, text_characters=300)


def test_the_name_of_what_is_left_out_can_be_stored():
    assert read({"a\0\ud800": 1}).discarded == ("a\\x00\\ud800",)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["true", '{"value": 1}']),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "type", "primary", "$ref", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "userName",
        "active",
        "emails",
        "name",
        "manager",
        "roles",
        "schemas",
        "x509Certificates",
        "groups",
        "title",
        ENTERPRISE_USER_URN,
        "department",
        "meta",
        "nosuch",
        "urn:x:y",
    ]
)


@given(st.dictionaries(NAMES, JSON, max_size=6), st.sampled_from(sorted(DIALECTS)))
def test_any_body_is_read_or_refused_and_reading_twice_changes_nothing(body, dialect):
    before = copy.deepcopy(body)
    try:
        found = canonical_resource(body, USER_RESOURCE, DIALECTS[dialect])
    except InvalidInput:
        found = None
    assert repr(body) == repr(before)
    if found is not None:
        again = canonical_resource(found.resource, USER_RESOURCE, DIALECTS[dialect])
        assert again.resource == found.resource
        assert again.tolerances == ()
