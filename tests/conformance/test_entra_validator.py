"""What Microsoft's SCIM validator sends, oddities included, and what it wants to see come of it.

Source: learn.microsoft.com, "Tutorial: Validate a SCIM endpoint" and the entries of its users' bug reports.
"""

from typing import Any
from uuid import uuid4

import pytest

from tests.conformance.live import Client, Live
from tests.scim_http.crowd import add_crowd
from tests.scim_http.speaking import ENTERPRISE, GROUP, USER

DIALECTS = ["entra", "entra-2020"]
#: The base URL with Entra's feature flag, as administrators are told to write it.
FLAG = "/?aadOptscim062020"


@pytest.fixture(params=DIALECTS)
def entra(live: Live, request: pytest.FixtureRequest) -> Client:
    return live.client(request.param)


def person(**more: object) -> dict[str, Any]:
    """Describe a person in random words, as the validator does: no value is checked for sense."""
    word = uuid4().hex
    return {
        "schemas": [USER, ENTERPRISE],
        "userName": f"{word}@okonkwo.example",
        "externalId": str(uuid4()),
        "displayName": "QWCTNZRMDLXK",
        "title": "GVCOLLQRTRPR",
        "profileUrl": "IAPZOVPKPCNY",
        "timezone": "Africa/Nairobi",
        "locale": "sw-KE",
        "preferredLanguage": "nl-BE",
        "userType": "RPBFKJOBJWQN",
        "nickName": "DTEWTDBGVEZJ",
        "active": True,
        "name": {"formatted": "Elouise", "familyName": "Kale", "givenName": "Lonny", "middleName": "Ray"},
        "emails": [{"type": "work", "value": f"{word}@okonkwo.example", "primary": True}],
        "phoneNumbers": [
            {"type": "work", "value": "14-345", "primary": True},
            {"type": "fax", "value": "1"},
        ],
        "addresses": [{"type": "work", "formatted": "MKSZ", "streetAddress": "61 Oda Isle", "primary": True}],
        "roles": [{"primary": "True", "display": "UQCOYNSBKXCM", "value": "FWDKEPJKTGAQ", "type": "PAQ"}],
        ENTERPRISE: {"employeeNumber": "COLQ", "department": "OLGM", "division": "CFXC"},
        **more,
    }


def filtered(client: Client, path: str, attribute: str, value: str) -> list[Any]:
    answer = client.ask("GET", f'{path}?filter={attribute} eq "{value}"')
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["Resources"]
    return found


def test_a_person_in_random_words_is_stored_word_for_word(entra: Client):
    body = person()
    made = entra.ask("POST", "/Users", body)
    assert made.status_code == 201, made.text
    told = made.json()
    assert told["roles"] == [{**body["roles"][0], "primary": True}]
    for name in body.keys() - {"roles", "schemas"}:
        assert told[name] == body[name], name
    assert entra.ask("GET", f"/Users/{told['id']}").json() == told


def test_the_same_person_again_is_a_conflict(entra: Client):
    body = person()
    entra.created("/Users", body)
    again = entra.ask("POST", "/Users", body)
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")


def test_people_are_found_by_each_attribute_that_entra_matches_with(entra: Client):
    body = person()
    made = entra.created("/Users", body)
    work = 'emails[type eq "work"].value'
    asked = {
        "userName": body["userName"].upper(),
        "externalId": body["externalId"],
        work: body["emails"][0]["value"],
        "id": made,
    }
    for attribute, value in asked.items():
        assert [each["id"] for each in filtered(entra, "/Users", attribute, value)] == [made], attribute
    assert filtered(entra, "/Users", "userName", str(uuid4())) == []


def test_every_attribute_is_replaced_by_one_patch_of_many_operations(entra: Client):
    made = entra.created("/Users", person())
    paths = {
        "displayName": "BXUS", "title": "WKVP", "profileUrl": "LGDU", "nickName": "SSXK", "userType": "OAZJ",
        "timezone": "Asia/Baku", "locale": "az-AZ", "preferredLanguage": "hy", "name.givenName": "Ozella",
        "name.familyName": "Bahringer", "name.formatted": "Ozella Bahringer", "name.middleName": "Q",
        'emails[type eq "work"].value': "ozella@okonkwo.example", 'emails[type eq "work"].primary': "True",
        'phoneNumbers[type eq "work"].value': "81-225", 'phoneNumbers[type eq "mobile"].value': "81-226",
        'addresses[type eq "work"].locality': "Baku", 'roles[primary eq "True"].display': "BOSUN",
        'roles[primary eq "True"].value': "bosun", f"{ENTERPRISE}:department": "Deck",
        f"{ENTERPRISE}:employeeNumber": "77", f"{ENTERPRISE}:costCenter": "9",
    }  # fmt: skip
    operations = [{"op": "replace", "path": path, "value": value} for path, value in paths.items()]
    answer = entra.patch(f"/Users/{made}", *operations)
    assert answer.status_code == 200, answer.text
    told = entra.ask("GET", f"/Users/{made}").json()
    for name in ("displayName", "title", "profileUrl", "nickName", "userType", "timezone", "locale"):
        assert told[name] == paths[name]
    assert (told["name"]["givenName"], told["name"]["middleName"]) == ("Ozella", "Q")
    assert told["emails"] == [{"type": "work", "value": "ozella@okonkwo.example", "primary": True}]
    phones = {each["type"]: each["value"] for each in told["phoneNumbers"]}
    assert phones == {"work": "81-225", "fax": "1", "mobile": "81-226"}
    assert told["addresses"][0]["locality"] == "Baku"
    [role] = told["roles"]
    assert (role["display"], role["value"], role["primary"], role["type"]) == ("BOSUN", "bosun", True, "PAQ")
    assert told[ENTERPRISE]["department"] == "Deck"
    assert (told[ENTERPRISE]["costCenter"], told[ENTERPRISE]["division"]) == ("9", "CFXC")


def test_a_role_that_is_not_there_yet_comes_by_its_path(entra: Client):
    made = entra.created("/Users", person(roles=[]))
    answer = entra.patch(
        f"/Users/{made}",
        {"op": "Add", "path": 'roles[primary eq "True"].display', "value": "Bosun"},
        {"op": "Add", "path": 'roles[primary eq "True"].value', "value": "bosun"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["roles"] == [{"primary": True, "display": "Bosun", "value": "bosun"}]


@pytest.mark.parametrize("nothing", [{"value": ""}, "", {"value": None}])
def test_a_manager_is_set_changed_and_removed(entra: Client, nothing: object):
    one, other, made = (entra.created("/Users", person()) for _ in range(3))
    path = f"{ENTERPRISE}:manager"
    for given, manager in ((one, one), ({"value": other}, other)):
        answer = entra.patch(f"/Users/{made}", {"op": "Add", "path": path, "value": given})
        assert (answer.status_code, answer.json()[ENTERPRISE]["manager"]["value"]) == (200, manager)
    answer = entra.patch(f"/Users/{made}", {"op": "Replace", "path": path, "value": nothing})
    assert answer.status_code == 200, answer.text
    assert "manager" not in entra.ask("GET", f"/Users/{made}").json()[ENTERPRISE]


@pytest.mark.parametrize("false", ["False", False, "false"])
def test_a_person_is_switched_off_and_still_shown(entra: Client, false: object):
    made = entra.created("/Users", person())
    answer = entra.patch(f"/Users/{made}", {"op": "Replace", "path": "active", "value": false})
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert entra.ask("GET", f"/Users/{made}").json()["active"] is False


def test_a_deleted_person_is_gone_and_the_name_free(entra: Client):
    body = person()
    made = entra.created("/Users", body)
    assert entra.ask("DELETE", f"/Users/{made}").status_code == 204
    assert entra.ask("GET", f"/Users/{made}").status_code == 404
    assert entra.ask("DELETE", f"/Users/{made}").status_code == 404
    assert filtered(entra, "/Users", "userName", body["userName"]) == []
    entra.created("/Users", person(userName=body["userName"]))


def test_a_second_group_of_the_same_name_is_a_conflict(entra: Client):
    made = entra.created("/Groups", {"schemas": [GROUP], "displayName": "Deck", "externalId": "g-1"})
    for name in ("Deck", "DECK"):
        again = entra.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": name, "externalId": "g-2"})
        assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    entra.created("/Groups", {"schemas": [GROUP], "displayName": "Engine"})
    taken = entra.patch(f"/Groups/{made}", {"op": "Replace", "path": "displayName", "value": "engine"})
    assert taken.status_code == 409


def test_a_group_is_shown_without_its_members_when_they_are_excluded(entra: Client):
    [sailor] = add_crowd(entra.idp, 1)
    made = entra.created(
        "/Groups", {"schemas": [GROUP], "displayName": "Deck", "members": [{"value": sailor}]}
    )
    assert "members" not in entra.ask("GET", f"/Groups/{made}?excludedAttributes=members").json()
    path = '/Groups?excludedAttributes=members&filter=displayName eq "DECK"'
    [found] = entra.ask("GET", path).json()["Resources"]
    assert (found["id"], "members" in found) == (made, False)
    assert entra.ask("GET", f"/Groups/{made}").json()["members"][0]["value"] == sailor


def test_members_come_and_go_in_each_of_the_shapes_that_are_sent(entra: Client):
    crowd = add_crowd(entra.idp, 4)
    made = entra.created("/Groups", {"schemas": [GROUP], "displayName": "Deck"})

    def patched(op: str, value: object, path: str = "members") -> set[str]:
        answer = entra.patch(f"/Groups/{made}", {"op": op, "path": path, "value": value})
        assert (answer.status_code, answer.content) == (204, b""), answer.text
        return entra.idp.members(made)

    assert patched("Add", [{"$ref": None, "value": crowd[0]}]) == {crowd[0]}
    assert patched("add", crowd[1]) == set(crowd[:2])
    assert patched("Add", {"value": crowd[2]}) == set(crowd[:3])
    assert patched("Remove", [{"$ref": None, "value": crowd[0]}]) == set(crowd[1:3])
    assert patched("Replace", [{"value": crowd[3]}]) == {crowd[3]}
    assert patched("Remove", None) == set()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_base_url_may_end_in_the_flag_of_2020(live: Live, dialect: str):
    """The validator appends the resource's path to whatever was typed in, so the flag lands in the query.

    Entra itself puts it behind the path; both ways lead to the same resources.
    """
    client = live.client(dialect)
    made = client.created(f"/Users{FLAG}", person())
    assert client.ask("GET", f"/Users/{made}{FLAG}").json()["id"] == made
    listed = client.ask("GET", f'/Users{FLAG}&filter=userName eq "nobody"')
    assert (listed.status_code, listed.json()["totalResults"]) == (200, 0)
    off = {"op": "Replace", "path": "active", "value": False}
    assert client.patch(f"/Users/{made}{FLAG}", off).json()["active"] is False
    assert client.ask("GET", f"/ServiceProviderConfig{FLAG}").status_code == 200
    assert client.ask("DELETE", f"/Users/{made}{FLAG}").status_code == 204


def test_a_patch_without_operations_is_refused_and_changes_nothing(entra: Client):
    made = entra.created("/Users", person())
    before = entra.idp.everything()
    answer = entra.patch(f"/Users/{made}")
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")
    assert entra.idp.everything() == before
