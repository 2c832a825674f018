import pytest

from bridge.errors import InvalidInput, InvalidSyntax, InvalidValue, TooMany
from bridge.scim.canonical import canonical_resource
from bridge.scim.dialects import DIALECTS
from bridge.scim.reading import Limits
from bridge.scim.schemas import (
    ENTERPRISE_USER_URN,
    GROUP_RESOURCE,
    GROUP_URN,
    USER,
    USER_RESOURCE,
    USER_URN,
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


def test_names_take_the_spelling_of_the_schema():
    assert part(
        {"DISPLAYNAME": "Ada", "Name": {"GIVENname": "Ada"}, "emails": [{"VALUE": "a@b.example"}]}
    ) == {
        "displayName": "Ada",
        "name": {"givenName": "Ada"},
        "emails": [{"value": "a@b.example"}],
    }


def test_what_the_bridge_says_itself_is_left_out_and_named():
    found = read(
        {"id": "7", "meta": {"version": "x"}, "groups": [{"value": "g"}], "password": "s3cret"}, STRICT
    )
    assert found.resource == {"userName": "ada@lovelace.example", "schemas": [USER_URN]}
    assert found.discarded == ("id", "meta", "groups", "password")
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize("key", ["PASSWORD", "ID", "Groups", f"{USER_URN}:password"])
def test_other_spellings_of_them_are_left_out_too(key):
    assert part({key: "x"}) == {}


def test_null_and_empty_lists_are_absent():
    assert part({"title": None, "roles": [], "emails": [None], "name": {"givenName": None}}, STRICT) == {}


def test_the_schemas_are_those_in_use():
    assert read({}, STRICT).resource["schemas"] == [USER_URN]
    with_department = read({ENTERPRISE_USER_URN.upper(): {"department": "Engines"}}, STRICT)
    assert with_department.resource["schemas"] == [USER_URN, ENTERPRISE_USER_URN]
    assert with_department.resource[ENTERPRISE_USER_URN] == {"department": "Engines"}
    assert part({ENTERPRISE_USER_URN: {"department": None}}) == {}
    assert part({ENTERPRISE_USER_URN: None}) == {}


def test_an_unknown_attribute_is_refused_when_strict_and_noted_otherwise():
    with pytest.raises(InvalidValue, match="'shoeSize' is no attribute"):
        read({"shoeSize": 41}, STRICT)
    found = read({"shoeSize": 41, "emails": [{"value": "a", "colour": "red"}], "a.b": 1})
    assert found.tolerances == ("unknown_attributes",)
    assert found.discarded == ("shoeSize", "emails.colour", "a.b")


def test_an_unknown_attribute_of_an_extension_is_refused_when_strict():
    with pytest.raises(InvalidValue, match="shoeSize"):
        read({ENTERPRISE_USER_URN: {"shoeSize": 41}}, STRICT)
    assert part({ENTERPRISE_USER_URN: {"shoeSize": 41}}) == {}


def test_a_foreign_schema_is_refused_when_strict_and_noted_otherwise():
    raw = {"schemas": [USER_URN, "urn:example:other"], "urn:example:other": {"x": 1}, "userName": "ada"}
    with pytest.raises(InvalidValue, match="urn:example:other"):
        canonical_resource(raw, USER_RESOURCE, STRICT)
    found = canonical_resource(raw, USER_RESOURCE, GENERIC)
    assert found.resource == {"userName": "ada", "schemas": [USER_URN]}
    assert found.tolerances == ("unknown_schemas", "unknown_attributes")


@pytest.mark.parametrize("schemas", [None, [], [GROUP_URN], [ENTERPRISE_USER_URN], "x", [1], {}, [[]]])
def test_a_strict_body_names_its_schema(schemas):
    with pytest.raises(InvalidInput, match="schemas"):
        canonical_resource({"schemas": schemas, "userName": "ada"}, USER_RESOURCE, STRICT)


def test_schemas_may_be_spelled_in_another_case():
    raw = {"Schemas": [USER_URN.lower()], "userName": "ada"}
    assert canonical_resource(raw, USER_RESOURCE, STRICT).resource["schemas"] == [USER_URN]


def test_schemas_may_be_one_text_or_missing_where_tolerated():
    one = canonical_resource({"schemas": USER_URN, "userName": "ada"}, USER_RESOURCE, GENERIC)
    assert one.tolerances == ("multi_as_object",)
    assert canonical_resource({"userName": "ada"}, USER_RESOURCE, GENERIC).tolerances == ("missing_schemas",)


def test_too_many_schemas_are_refused():
    with pytest.raises(TooMany):
        canonical_resource(
            {"schemas": ["urn:x:y"] * 6, "userName": "a"}, USER_RESOURCE, GENERIC, Limits(elements=5)
        )


def test_the_urns_of_the_drafts_are_understood_where_tolerated():
    old = {
        "schemas": ["urn:scim:schemas:core:1.0", "urn:scim:schemas:extension:enterprise:1.0"],
        "userName": "ada",
        "urn:scim:schemas:extension:enterprise:1.0": {"department": "Engines"},
        "urn:scim:schemas:core:1.0:title": "Countess",
    }
    found = canonical_resource(old, USER_RESOURCE, GENERIC)
    assert found.resource[ENTERPRISE_USER_URN] == {"department": "Engines"}
    assert found.resource["title"] == "Countess"
    assert "pre_ietf_urn" in found.tolerances


def test_an_attribute_of_an_extension_may_lack_its_urn_or_its_last_colon_where_tolerated():
    assert part({"department": "Engines"}) == {ENTERPRISE_USER_URN: {"department": "Engines"}}
    assert part({f"{ENTERPRISE_USER_URN}.division": "x"}) == {ENTERPRISE_USER_URN: {"division": "x"}}
    assert part({f"{ENTERPRISE_USER_URN}division": "x"}) == {ENTERPRISE_USER_URN: {"division": "x"}}
    assert part({"department": None}) == {}
    with pytest.raises(InvalidValue, match="department"):
        read({"department": "Engines"}, STRICT)


@pytest.mark.parametrize(
    "body",
    [
        {"USERNAME": "eve"},
        {"username": "eve"},
        {f"{USER_URN}:userName": "eve"},
        {"emails": [{"value": "a", "VALUE": "b"}]},
        {ENTERPRISE_USER_URN: {"department": "a", "Department": "b"}},
        {"department": "a", ENTERPRISE_USER_URN: {"department": "b"}},
    ],
)
def test_an_attribute_given_twice_in_two_spellings_is_refused(body):
    with pytest.raises(InvalidValue, match="twice"):
        read(body)


@pytest.mark.parametrize(
    ("manager", "value"),
    [
        ("271", {"value": "271"}),
        ({"value": "271", "displayName": "read-only"}, {"value": "271"}),
        (
            [{"value": "271", "$ref": "https://x.example/Users/271"}],
            {"value": "271", "$ref": "https://x.example/Users/271"},
        ),
        (["271"], {"value": "271"}),
        ('{"value": "271"}', {"value": "271"}),
        ('[{"value": "271"}]', {"value": "271"}),
        ("", None),
        ({"value": ""}, None),
        ([None], None),
        ({}, None),
    ],
)
def test_a_manager_is_understood_as_clients_send_it(manager, value):
    expected = {} if value is None else {ENTERPRISE_USER_URN: {"manager": value}}
    assert part({ENTERPRISE_USER_URN: {"manager": manager}}) == expected


@pytest.mark.parametrize("manager", ["271", ["271"], [{"value": "271"}], "", 5, True])
def test_a_strict_manager_is_an_object(manager):
    with pytest.raises(InvalidValue, match="manager must be an object"):
        read({ENTERPRISE_USER_URN: {"manager": manager}}, STRICT)


@pytest.mark.parametrize("manager", [["a", "b"], 5, [[{"value": "271"}]], [[]], [5]])
def test_a_manager_that_means_nothing_is_refused_everywhere(manager):
    with pytest.raises(InvalidValue, match="manager"):
        read({ENTERPRISE_USER_URN: {"manager": manager}})


def test_a_strict_empty_manager_stays_as_it_was_sent():
    assert part({ENTERPRISE_USER_URN: {"manager": {"value": ""}}}, STRICT) == {
        ENTERPRISE_USER_URN: {"manager": {"value": ""}}
    }


@pytest.mark.parametrize(
    ("value", "active"),
    [(True, True), ("False", False), ("TRUE", True), (["true"], True), ([{"value": "False"}], False)],
)
def test_booleans_are_understood_as_clients_send_them(value, active):
    assert part({"active": value}) == {"active": active}
    assert part({"emails": [{"value": "a", "primary": value}]})["emails"][0]["primary"] is active


@pytest.mark.parametrize("value", ["yes", 1, 0, "", {}, [True, False], [[True]], {"value": {"value": True}}])
def test_what_is_no_boolean_is_refused(value):
    with pytest.raises(InvalidValue, match="active must be true or false"):
        read({"active": value})


@pytest.mark.parametrize("value", ["True", "false", [True]])
def test_a_strict_boolean_is_no_text(value):
    with pytest.raises(InvalidValue):
        read({"active": value}, STRICT)


def test_a_wrapped_null_is_absent():
    assert part({"active": [None], "title": {"value": None}}) == {}


def test_numbers_and_texts_stand_in_for_each_other_where_tolerated():
    assert badge({"number": "42", "weight": "1.5"}) == {BADGE_URN: {"number": 42, "weight": 1.5}}
    assert part({"title": 7}) == {"title": "7"}
    for wrong in (
        {"number": "4.5"},
        {"number": "x"},
        {"number": True},
        {"number": 2**63},
        {"weight": float("nan")},
    ):
        with pytest.raises(InvalidValue):
            badge(wrong)
    for wrong in ({"number": "42"}, {"weight": "1.5"}):
        with pytest.raises(InvalidValue):
            badge(wrong, STRICT)
    with pytest.raises(InvalidValue, match="title must be a text"):
        read({"title": 7}, STRICT)


def test_numbers_at_the_edge_of_64_bits_are_kept():
    assert badge({"number": 2**63 - 1, "weight": -(2**63)}, STRICT) == {
        BADGE_URN: {"number": 2**63 - 1, "weight": -(2**63)}
    }


def test_simple_lists_and_instants_and_read_only_parts_of_an_extension():
    given = {"tags": ["a", None, "b"], "issued": "2026-02-28T09:30:00Z", "printed": True, "serial": "x"}
    found = read({BADGE_URN: given}, STRICT, BADGED)
    assert found.resource[BADGE_URN] == {
        "tags": ["a", "b"],
        "issued": "2026-02-28T09:30:00Z",
        "printed": True,
    }
    assert found.discarded == ("serial",)
    assert badge({"tags": []}) == {}


@pytest.mark.parametrize("issued", ["9999-12-31T23:59:59-14:00", "soon", 5, True])
def test_an_instant_that_is_none_is_refused(issued):
    with pytest.raises(InvalidValue, match="issued"):
        badge({"issued": issued})


def test_an_extension_is_an_object():
    with pytest.raises(InvalidValue, match="must be an object"):
        badge("x")


def test_certificates_are_base64():
    assert part({"x509Certificates": [{"value": "AAEC"}]}) == {"x509Certificates": [{"value": "AAEC"}]}
    for wrong in ("A", "é", "a b", 5):
        with pytest.raises(InvalidValue, match=r"x509Certificates\.value must be base64"):
            read({"x509Certificates": [{"value": wrong}]})


def test_emails_as_an_object_or_a_text_are_a_list_of_one_where_tolerated():
    assert part({"emails": {"value": "a"}}) == {"emails": [{"value": "a"}]}
    assert part({"emails": "a"}) == {"emails": [{"value": "a"}]}
    assert part({"emails": '[{"value": "a"}]'}) == {"emails": [{"value": "a"}]}
    with pytest.raises(InvalidValue, match="emails must be a list"):
        read({"emails": {"value": "a"}}, STRICT)
    with pytest.raises(InvalidValue, match="emails must be a list"):
        read({"emails": 5})


def test_of_two_primaries_the_first_is_kept_where_tolerated():
    two = {"emails": [{"value": "a", "primary": True}, {"value": "b", "primary": True}, {"value": "c"}]}
    assert [each.get("primary") for each in part(two)["emails"]] == [True, False, None]
    assert "two_primaries" in read(two).tolerances
    with pytest.raises(InvalidValue, match="primary"):
        read(two, STRICT)


def test_an_app_role_spelled_as_json_is_its_value():
    role = '{"id": "1", "value": "Admin", "displayName": "Administrator"}'
    assert part({"roles": [{"value": role, "primary": "True"}]}) == {
        "roles": [{"value": "Admin", "display": "Administrator", "primary": True}]
    }
    for text in ("{", '{"id": 1}', "[1]", "{}" * 5000):
        assert part({"roles": [{"value": text}]}) == {"roles": [{"value": text}]}


def test_a_group_member_needs_its_value():
    group = {"schemas": [GROUP_URN], "displayName": "Sales"}
    members = [{"value": "a", "$ref": None, "display": "Ada", "type": "User"}]
    found = canonical_resource({**group, "members": members}, GROUP_RESOURCE, GENERIC)
    assert found.resource["members"] == [{"value": "a", "type": "User"}]
    for wrong in ([{"value": "a"}, {}], [{"value": None}], [{"value": ""}], [{"display": "Ada"}]):
        with pytest.raises(InvalidValue, match="without value"):
            canonical_resource({**group, "members": wrong}, GROUP_RESOURCE, GENERIC)


@pytest.mark.parametrize("name", [None, "", "missing"])
def test_what_is_required_must_be_there(name):
    for schema, attribute in ((USER_RESOURCE, "userName"), (GROUP_RESOURCE, "displayName")):
        body = {"schemas": [schema.core.id], **({} if name == "missing" else {attribute: name})}
        with pytest.raises(InvalidValue, match=f"{attribute} is required"):
            canonical_resource(body, schema, GENERIC)


@pytest.mark.parametrize("raw", [None, [], "x", 5])
def test_a_body_is_an_object(raw):
    with pytest.raises(InvalidSyntax):
        canonical_resource(raw, USER_RESOURCE, GENERIC)
