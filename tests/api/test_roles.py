"""A tenant's own roles: applied, published over SCIM, given by a rule."""

from tests.api.customers import OCTOBER, rules

DISPATCHER = {"name": "Dispatcher", "description": "", "privileges": ["tours:write"]}


def test_own_roles_are_published_and_given_by_rules(running, lindqvist, okonkwo):
    running.set_clock(OCTOBER)
    document = {"dispatcher": DISPATCHER}
    (told,) = running.api(lindqvist, "POST", "/roles/preview", document).json["items"]
    assert told == {"role": "dispatcher", "gains": ["tours:write"], "loses": [], "people": 0}
    named = rules(lindqvist.ids["group"])
    named["rules"][0]["roles"] = ["dispatcher"]
    assert running.api(lindqvist, "POST", "/rule-sets/preview", named).status_code == 422
    made = running.api(lindqvist, "POST", "/roles", document)
    assert (made.status_code, made.json["applied"], made.json["version"]) == (201, True, 1)
    assert [row["version"] for row in running.api(lindqvist, "GET", "/role-catalogues").json["items"]] == [1]
    own = [each["key"] for each in running.api(lindqvist, "GET", "/roles").json["items"] if each["own"]]
    assert own == ["dispatcher"]
    assert running.scim(lindqvist, "GET", "/Roles/dispatcher").json["displayName"] == "Dispatcher"
    assert running.scim(okonkwo, "GET", "/Roles/dispatcher").status_code == 404
    assert running.api(lindqvist, "POST", "/rule-sets", named).status_code == 201
    refused = running.api(lindqvist, "POST", "/roles", {})
    assert (refused.status_code, "version 2 of the rules" in refused.json["detail"]) == (409, True)
    wrong = running.api(lindqvist, "POST", "/roles", {"x": {"name": "X", "privileges": ["y"]}})
    assert (wrong.status_code, wrong.json["pointer"]) == (422, "/x/privileges/0")
