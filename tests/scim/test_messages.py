import pytest

from bridge.scim.dialects import DIALECTS
from bridge.scim.messages import (
    RESOURCE_TYPES,
    ServiceFeatures,
    error_message,
    list_response,
    project,
    resource_type_document,
    service_provider_config,
    version_tag,
)
from bridge.scim.schemas import (
    ENTERPRISE_USER_URN,
    ENTITLEMENT_URN,
    GROUP_RESOURCE,
    ROLE_URN,
    USER,
    USER_RESOURCE,
    USER_URN,
    Attribute,
    ResourceSchema,
    Schema,
)

ADA = {
    "schemas": [USER_URN, ENTERPRISE_USER_URN],
    "id": "u1",
    "userName": "ada",
    "password": "s3cret",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"type": "work", "value": "a"}, {"display": "b"}],
    "meta": {"resourceType": "User"},
    ENTERPRISE_USER_URN: {"department": "Engines", "manager": {"value": "9"}},
    "internal": 1,
}
ALWAYS = {"schemas": ADA["schemas"], "id": "u1"}


def shown(attributes=(), excluded=()):
    found = project(ADA, attributes, excluded, USER_RESOURCE)
    assert {name: found.pop(name) for name in ALWAYS} == ALWAYS
    return found


def test_without_a_question_all_is_shown_but_secrets_and_unknowns():
    assert shown() == {
        name: value for name, value in ADA.items() if name not in ("schemas", "id", "password", "internal")
    }


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (["USERNAME"], {"userName": "ada"}),
        ([f"{USER_URN}:userName", " "], {"userName": "ada"}),
        (["name.GIVENNAME"], {"name": {"givenName": "Ada"}}),
        (["name", "name.givenName"], {"name": ADA["name"]}),
        (["emails.value"], {"emails": [{"value": "a"}]}),
        (["emails.nosuch"], {}),
        (["userName.nosuch"], {}),
        (["nosuch", "password", "internal", "id"], {}),
        ([ENTERPRISE_USER_URN.upper()], {ENTERPRISE_USER_URN: ADA[ENTERPRISE_USER_URN]}),
        ([f"{ENTERPRISE_USER_URN}:manager.value"], {ENTERPRISE_USER_URN: {"manager": {"value": "9"}}}),
        (["department"], {}),
    ],
)
def test_only_what_is_asked_for_is_shown(attributes, expected):
    assert shown(attributes) == expected


@pytest.mark.parametrize(
    ("excluded", "gone"),
    [
        (["EMAILS"], ["emails"]),
        (["id", "schemas"], []),
        ([ENTERPRISE_USER_URN], [ENTERPRISE_USER_URN]),
        ([f"{USER_URN}:name"], ["name"]),
        (["userName.nosuch"], []),
    ],
)
def test_what_is_excluded_is_not_shown(excluded, gone):
    everything = shown()
    assert shown((), excluded) == {name: value for name, value in everything.items() if name not in gone}


def test_a_part_may_be_excluded():
    assert shown(["name"], ["name.familyName"]) == {"name": {"givenName": "Ada"}}
    assert shown((), [f"{ENTERPRISE_USER_URN}:department"])[ENTERPRISE_USER_URN] == {
        "manager": {"value": "9"}
    }


def test_members_of_a_group_can_be_left_out():
    group = {"schemas": [], "id": "g", "displayName": "Sales", "members": [{"value": "a"}]}
    assert "members" not in project(group, (), ["members"], GROUP_RESOURCE)
    assert project({**group, "members": []}, (), (), GROUP_RESOURCE)["members"] == []


def test_what_is_returned_on_request_is_shown_only_when_named():
    urn = "urn:example:params:scim:schemas:extension:badge:1.0:User"
    badge = Schema(urn, "Badge", "", (Attribute("photo", returned="request"),))
    resource = {"id": "u1", urn: {"photo": "x"}}
    badged = ResourceSchema(USER, (badge,))
    assert project(resource, (), (), badged) == {"id": "u1"}
    assert project(resource, [f"{urn}:photo"], (), badged) == resource


def test_a_list_and_an_error_are_as_the_rfc_shows_them():
    page = list_response([{"id": "a"}], 41, 11, 1)
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"], page["Resources"]) == (
        41,
        11,
        1,
        [{"id": "a"}],
    )
    assert error_message(409, "taken", "uniqueness") == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409",
        "scimType": "uniqueness",
        "detail": "taken",
    }
    assert "scimType" not in error_message(404, "no such person")
    assert version_tag(7) == 'W/"7"'


def test_the_configuration_says_what_is_offered_and_how_strict_the_dialect_is():
    strict = service_provider_config("https://x.example/scim/v2", DIALECTS["strict"], ServiceFeatures())
    assert strict["bulk"] == {"supported": False, "maxOperations": 0, "maxPayloadSize": 0}
    assert "draft-zollner" in strict["authenticationSchemes"][0]["description"]
    assert "documentationUri" not in strict
    okta = service_provider_config(
        "https://x.example/scim/v2",
        DIALECTS["okta"],
        ServiceFeatures(bulk_operations=1_000, bulk_payload_bytes=1_000_000),
        documentation_url="https://x.example/docs",
    )
    assert okta["bulk"]["supported"] is True
    assert okta["documentationUri"] == "https://x.example/docs"
    assert "okta" in okta["authenticationSchemes"][0]["description"]


def test_resource_types_say_where_people_groups_roles_and_licences_are():
    documents = {
        each["id"]: each for each in (resource_type_document(x, "https://x.example") for x in RESOURCE_TYPES)
    }
    assert documents["User"]["schemaExtensions"] == [{"schema": ENTERPRISE_USER_URN, "required": False}]
    assert (documents["Role"]["endpoint"], documents["Role"]["schema"]) == ("/Roles", ROLE_URN)
    assert (documents["License"]["endpoint"], documents["License"]["schema"]) == (
        "/Licenses",
        ENTITLEMENT_URN,
    )
    assert "schemaExtensions" not in documents["Group"]
    assert documents["User"]["meta"]["location"] == "https://x.example/ResourceTypes/User"
