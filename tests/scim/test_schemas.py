import pytest

from bridge.scim.schemas import (
    ENTERPRISE_USER_URN,
    GROUP,
    GROUP_RESOURCE,
    USER,
    USER_RESOURCE,
    USER_URN,
    Attribute,
    ResourceSchema,
    Schema,
    resolve,
    schema_document,
)

BADGE = Schema(
    "urn:example:params:scim:schemas:extension:badge:1.0:User",
    "Badge",
    "Badges",
    (Attribute("number", "integer"), Attribute("issued", "dateTime")),
)


@pytest.mark.parametrize(
    ("name", "schema", "attribute", "sub"),
    [
        ("USERNAME", None, "userName", None),
        ("Emails.VALUE", None, "emails", "value"),
        (f"{USER_URN.upper()}:name.givenname", None, "name", "givenName"),
        (f"{ENTERPRISE_USER_URN}:Department", ENTERPRISE_USER_URN, "department", None),
        (f"{ENTERPRISE_USER_URN.lower()}:manager.$REF", ENTERPRISE_USER_URN, "manager", "$ref"),
        ("meta.lastmodified", None, "meta", "lastModified"),
        ("groups.display", None, "groups", "display"),
    ],
)
def test_an_attribute_is_found_in_any_case_with_or_without_its_urn(name, schema, attribute, sub):
    found = resolve(USER_RESOURCE, name)
    assert (found.schema, found.attribute.name, found.sub and found.sub.name) == (schema, attribute, sub)
    assert found.target.name == (sub or attribute)


@pytest.mark.parametrize(
    "name",
    [
        "nosuch",
        "emails.nosuch",
        "userName.value",
        "department",
        "urn:nobody:User:x",
        f"{ENTERPRISE_USER_URN}:userName",
        "",
        "emails.",
        "members",
    ],
)
def test_what_no_schema_has_is_not_found(name):
    assert resolve(USER_RESOURCE, name) is None


def test_a_tenant_adds_a_schema_of_its_own():
    resource = ResourceSchema(USER, (BADGE,))
    assert resolve(resource, f"{BADGE.id}:NUMBER").attribute.type == "integer"
    assert resource.extension(BADGE.id.upper()) is BADGE
    assert resource.extension(ENTERPRISE_USER_URN) is None


def test_names_compare_without_case_and_ids_with_it():
    assert not resolve(USER_RESOURCE, "userName").attribute.case_exact
    assert not resolve(GROUP_RESOURCE, "displayName").attribute.case_exact
    for resource in (USER_RESOURCE, GROUP_RESOURCE):
        assert resolve(resource, "id").attribute.case_exact
        assert resolve(resource, "externalId").attribute.case_exact


def test_a_schema_document_has_every_characteristic_of_rfc_7643_section_7():
    document = schema_document(GROUP)
    assert document["id"] == GROUP.id
    members = next(each for each in document["attributes"] if each["name"] == "members")
    assert members["type"] == "complex"
    assert members["multiValued"] is True
    value = next(each for each in members["subAttributes"] if each["name"] == "value")
    assert value["mutability"] == "immutable"
    assert value["caseExact"] is True
    reference = next(each for each in members["subAttributes"] if each["name"] == "$ref")
    assert reference["referenceTypes"] == ["User", "Group"]
    kind = next(each for each in members["subAttributes"] if each["name"] == "type")
    assert kind["canonicalValues"] == ["User", "Group"]


def test_common_attributes_stand_in_no_schema_document():
    names = {each["name"] for each in schema_document(USER)["attributes"]}
    assert "userName" in names
    assert names.isdisjoint({"id", "externalId", "meta", "schemas"})
