"""Filters whose meaning is easily lost between JSON and SQL."""

import pytest

from bridge.scim.schemas import ENTITLEMENT_RESOURCE, GROUP_RESOURCE, ROLE_RESOURCE, USER_RESOURCE
from tests.scim_http.speaking import ENTERPRISE, Speaker


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ('userName eq "STRASSE@l.example"', {"straße"}),
        ('userName co "%"', {"percent"}),
        ('userName co "_"', set()),
        ('userName sw "PER"', {"percent"}),
        ('userName ew ""', {"straße", "percent"}),
        ('externalId eq "p-1"', {"percent"}),
        ('externalId eq "P-1"', set()),
        ('not (externalId eq "P-1")', {"straße", "percent"}),
        ('externalId ne "p-1"', {"straße"}),
        ("externalId eq null", {"straße"}),
        ('name[not (givenName eq "x")]', {"percent"}),
        ("name pr", set()),
        ('emails[type eq "work" and value co "two"]', set()),
        ('emails.type eq "work" and emails.value co "two"', {"straße"}),
        ('emails[type eq "home"].value eq "two@l.example"', {"straße"}),
        ('emails.value ne "two@l.example"', {"percent"}),
        ("emails.primary eq true", {"straße"}),
        ("emails.primary eq null", {"straße", "percent"}),
        (f'{ENTERPRISE}:manager.value eq "9"', {"percent"}),
        ('userName sw "a" or userName sw "p" and active eq false', set()),
        ('meta.created lt "9999-12-31T23:59:59Z" and active eq "True"', {"straße", "percent"}),
        ('userName gt "\U0010ffff"', set()),
        ('userName sw "\U0010ffff"', set()),
    ],
)
def test_a_filter_selects_what_it_says(idp: Speaker, text: str, selected: set[str]):
    names = {
        idp.create(
            userName="straße@l.example",
            emails=[
                {"type": "work", "value": "one@l.example", "primary": True},
                {"type": "home", "value": "two@l.example"},
            ],
        ): "straße",
        idp.create(
            userName="per%cent",
            externalId="p-1",
            name={"givenName": ""},
            **{ENTERPRISE: {"manager": {"value": "9"}}},
        ): "percent",
    }
    found = idp.get("/Users", query_string={"filter": text}).json
    assert {names[each["id"]] for each in found["Resources"]} == selected
    assert found["totalResults"] == len(selected)


def test_the_search_knows_every_type_that_the_schemas_have():
    kinds = {
        sub.type
        for each in (USER_RESOURCE, GROUP_RESOURCE, ROLE_RESOURCE, ENTITLEMENT_RESOURCE)
        for schema in (each.core, *each.extensions)
        for attribute in schema.attributes
        for sub in (attribute, *attribute.sub_attributes)
    }
    assert kinds == {"string", "boolean", "reference", "complex", "binary"}
