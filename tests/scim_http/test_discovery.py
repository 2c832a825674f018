"""What a client discovers of the entrance before it sends anybody."""

import pytest
from flask import Flask

from config.catalogue import plans, roles
from tests.scim_http.speaking import ENTERPRISE, GROUP, USER, Speaker, add_speaker

ROOT = "http://localhost/scim/v2"


def test_the_features_are_those_there_are(app: Flask, idp: Speaker):
    told = idp.get("/ServiceProviderConfig").json
    supported = {name: each["supported"] for name, each in told.items() if "supported" in each}
    assert supported == {
        "patch": True, "bulk": True, "filter": True, "changePassword": False, "sort": True, "etag": True,
    }  # fmt: skip
    assert told["filter"]["maxResults"] == 1000
    assert (told["bulk"]["maxOperations"], told["bulk"]["maxPayloadSize"]) == (1000, 4 * 1024 * 1024)
    assert told["pagination"] == {
        "cursor": True, "index": True, "defaultPaginationMethod": "index", "defaultPageSize": 100,
        "maxPageSize": 1000, "cursorTimeout": 3600,
    }  # fmt: skip
    assert told["meta"]["location"] == f"{ROOT}/ServiceProviderConfig"
    strict = add_speaker(app, dialect="strict").get("/ServiceProviderConfig").json
    assert "strict" in strict["authenticationSchemes"][0]["description"]


def test_each_resource_type_and_schema_is_found_under_its_location(app: Flask):
    idp = add_speaker(app, dialect="okta")
    for path, count in (("/ResourceTypes", 4), ("/Schemas", 5)):
        listed = idp.get(path).json
        assert (listed["totalResults"], len(listed["Resources"])) == (count, count)
        for each in listed["Resources"]:
            location = each["meta"]["location"].removeprefix(ROOT)
            assert idp.get(location).json == each
    assert {each["id"] for each in idp.get("/Schemas").json["Resources"]} >= {USER, GROUP, ENTERPRISE}


def test_a_client_of_no_particular_provider_is_shown_the_types_that_it_may_create(app: Flask, idp: Speaker):
    for each in (idp, add_speaker(app, dialect="strict")):
        names = [listed["name"] for listed in each.get("/ResourceTypes").json["Resources"]]
        assert names == ["User", "Group"]
        assert each.get("/ResourceTypes/License").json["endpoint"] == "/Licenses"


def test_roles_and_plans_are_published_as_they_are_in_the_catalogue(idp: Speaker):
    for path, kind, things in (("/Roles", "Role", roles()), ("/Licenses", "License", plans())):
        listed = idp.get(path).json["Resources"]
        assert {each["id"]: each["displayName"] for each in listed} == {
            key: each.name for key, each in things.items()
        }
        for each in listed:
            assert each["type"] == each["meta"]["resourceType"] == kind
            assert idp.get(each["meta"]["location"].removeprefix(ROOT)).json == each


def test_roles_and_plans_are_filtered_paged_and_cut(idp: Speaker):
    found = idp.get("/Licenses", query_string={"filter": 'displayName eq "PREMIUM"'}).json
    assert [each["id"] for each in found["Resources"]] == ["premium"]
    page = idp.get("/Licenses?startIndex=2&count=1&attributes=displayName").json
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (len(plans()), 2, 1)
    assert page["Resources"][0].keys() == {"schemas", "id", "displayName"}


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_what_the_entrance_can_do_is_not_filtered(idp: Speaker, path: str):
    """RFC 7644 section 4: whoever asked for one and was given all would take the first for it."""
    answer = idp.get(path, query_string={"filter": 'name eq "User"'})
    assert (answer.status_code, answer.json["status"]) == (403, "403")
    assert answer.content_type == "application/scim+json"
    assert idp.get(f"{path}?filter=&startIndex=2&count=0&sortBy=id").json == idp.get(path).json
