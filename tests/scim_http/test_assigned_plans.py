"""Plans and roles that an identity provider discovers, assigns and takes away: from request to seat."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask

from bridge.oversight.explain import Explanation, explain_person
from tests.scim_http.seating import apply, held, seats
from tests.scim_http.speaking import Speaker, add_speaker

EVERYBODY = {"when": "active eq true", "plan": "standard", "roles": ["viewer"]}
ALLOWED: dict[str, Any] = {"plans": True, "roles": True}


def explained(idp: Speaker, person_id: str) -> Explanation:
    with idp.app.extensions["bridge"].database.read(idp.tenant_id) as session:
        return explain_person(session, person_id, at=datetime.now(tz=UTC))


def test_a_plan_is_discovered_assigned_and_explained(idp: Speaker):
    apply(idp, EVERYBODY, idp_assignments=ALLOWED)
    license_ = next(each for each in idp.get("/Licenses").json["Resources"] if each["id"] == "premium")
    role = next(each for each in idp.get("/Roles").json["Resources"] if each["id"] == "analyst")
    person_id = idp.create(
        userName="ada",
        entitlements=[{"value": license_["id"], "type": "License", "display": license_["displayName"]}],
        roles=[{"value": role["id"]}],
    )
    [seat] = seats(idp)[person_id]
    assert (seat.plan, seat.roles) == ("premium", ["analyst", "viewer"])
    why = explained(idp, person_id)
    assert why.because == "plan premium is assigned by the identity provider"
    assert [(each.rule, each.outcome) for each in why.considered] == [
        ("assigned by the identity provider: entitlement 'premium'", "won"),
        ("assigned by the identity provider: role 'analyst'", "adds roles"),
        ("rule 1", "lost: the identity provider assigns a plan"),
    ]


def test_what_is_taken_away_gives_way_to_the_rules(idp: Speaker):
    apply(idp, EVERYBODY, idp_assignments=ALLOWED)
    person_id = idp.create(userName="ada", entitlements=[{"value": "premium"}])
    seats(idp)
    path = 'entitlements[value eq "premium"]'
    assert idp.patch(f"/Users/{person_id}", {"op": "remove", "path": path}).status_code == 200
    first, second = seats(idp)[person_id]
    assert (first.plan, second.plan) == ("premium", "standard")
    assert first.end == second.start
    idp.patch(f"/Users/{person_id}", {"op": "add", "path": "entitlements", "value": [{"value": "read_only"}]})
    assert held(idp) == {person_id: "read_only"}
    idp.patch(f"/Users/{person_id}", {"op": "replace", "path": "active", "value": False})
    assert held(idp) == {}


def test_app_roles_of_entra_change_nothing_unless_the_rules_let_them(app: Flask):
    idp = add_speaker(app, dialect="entra")
    apply(idp, EVERYBODY)
    person_id = idp.create(
        userName="ada",
        roles=[{"primary": "True", "type": "WindowsAzureActiveDirectoryRole", "value": "admin"}],
        entitlements=[{"value": "premium"}],
    )
    [seat] = seats(idp)[person_id]
    assert (seat.plan, seat.roles) == ("standard", ["viewer"])
    apply(idp, EVERYBODY, idp_assignments={"roles": ["admin"]})
    [seat] = seats(idp)[person_id]
    assert (seat.plan, seat.roles) == ("standard", ["admin", "viewer"])


def test_what_names_no_plan_is_told_to_who_asks_why(idp: Speaker):
    apply(idp, EVERYBODY, idp_assignments=ALLOWED)
    person_id = idp.create(userName="ada", entitlements=[{"value": "gold"}])
    assert held(idp) == {person_id: "standard"}
    told = explained(idp, person_id).considered[0]
    assert told.rule.endswith("entitlement 'gold'")
    assert told.outcome == "names no plan that may be assigned"
