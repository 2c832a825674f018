"""Attempts to become somebody else by being joined to them: refused, or of no effect."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from bridge.access.grant import grant_api_key
from bridge.directory.tables import Join
from bridge.tenants.extension_schemas import apply_extension
from tests.database.opened import CAUSE, NOW
from tests.scim_http.seating import apply, held, seats
from tests.scim_http.speaking import ENTERPRISE, PATCH_OP, USER, Speaker, add_speaker, statements_of

OFF = {"op": "replace", "path": "active", "value": False}
FLEET = "urn:own:fleet:User"


@dataclass(frozen=True)
class Company:
    """Noor administers in one connection; another one knows people too."""

    idp: Speaker
    other: Speaker
    noor: str
    group_id: str
    key: str

    def api(self, method: str, path: str, body: object = None, *, key: str | None = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return self.idp.app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)

    def join(self, account_id: str, person_id: str | None = None, *, key: str | None = None) -> TestResponse:
        body = {"account_id": account_id, "reason": "HR case 12"}
        return self.api("POST", f"/people/{person_id or self.noor}/accounts", body, key=key)

    def choose(self, attribute: str | None, *speakers: Speaker) -> TestResponse:
        connections = [each.connection_id for each in speakers or (self.idp, self.other)]
        return self.api("POST", "/join-attributes", {"attribute": attribute, "connections": connections})

    def proposals(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.api("GET", "/join-proposals").json["items"]
        return items

    def confirm(self, account_id: str, person_id: str | None = None) -> TestResponse:
        joins = [{"account_id": account_id, "person_id": person_id or self.noor}]
        return self.api("POST", "/join-proposals", {"joins": joins})

    def accounts(self, person_id: str | None = None) -> list[str]:
        items = self.api("GET", f"/people/{person_id or self.noor}/accounts").json["items"]
        return [each["account_id"] for each in items]

    def victim_is_untouched(self, *thieves: str) -> None:
        found = seats(self.idp)
        assert {seat.plan for seat in found[self.noor]} == {"admin"}
        assert [seat.roles for seat in found[self.noor] if seat.end is None] == [["admin"]]
        assert set(thieves) & set(found) == set()
        assert self.idp.members(self.group_id) == {self.noor}


def api_key(idp: Speaker, *scopes: str) -> str:
    parts = idp.app.extensions["bridge"]
    with parts.database.write(idp.tenant_id) as session:
        made = grant_api_key(session, scopes=scopes, seal=parts.seal, lifetime=None, cause=CAUSE, now=NOW)
    return made.secret


@pytest.fixture
def company(app: Flask, idp: Speaker) -> Company:
    other = add_speaker(app, tenant_id=idp.tenant_id, now=NOW + timedelta(hours=1))
    noor = idp.create(userName="noor", externalId="noor-7", **{ENTERPRISE: {"employeeNumber": "7"}})
    group_id = idp.create_group("Administrators", noor)
    apply(idp, {"when": f'groups.value eq "{group_id}"', "plan": "admin", "roles": ["admin"]})
    assert held(idp) == {noor: "admin"}
    return Company(idp, other, noor, group_id, api_key(idp, "read", "people:write"))


def numbered(speaker: Speaker, name: str, number: str = "7", **more: object) -> str:
    return speaker.create(userName=name, **{ENTERPRISE: {"employeeNumber": number}}, **more)


def test_an_equal_value_proposes_and_hands_out_nothing(company: Company):
    company.choose("employeeNumber")
    thief = numbered(company.other, "thief", externalId="noor-7")
    company.victim_is_untouched(thief)
    assert company.accounts() == []
    [proposed] = company.proposals()
    assert (proposed["person"]["id"], [each["id"] for each in proposed["accounts"]]) == (
        company.noor,
        [thief],
    )


@pytest.mark.parametrize("way", ["POST", "PATCH", "PUT", "bulk", "recycled"])
def test_no_way_of_giving_oneself_the_value_joins(company: Company, way: str):
    company.choose("employeeNumber")
    value = {ENTERPRISE: {"employeeNumber": "7"}}
    thief = company.other.create(userName="thief", externalId="thief-1")
    path = f"/Users/{thief}"
    if way == "POST":
        thief = numbered(company.other, "thief-2")
    elif way == "PATCH":
        company.other.patch(path, {"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": "7"})
    elif way == "PUT":
        company.other.ask("PUT", path, {"schemas": [USER, ENTERPRISE], "userName": "thief", **value})
    elif way == "bulk":
        operation = {"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": "7"}
        sent = {"method": "PATCH", "path": path, "data": {"schemas": [PATCH_OP], "Operations": [operation]}}
        bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [sent]}
        assert company.other.ask("POST", "/Bulk", bulk).json["Operations"][0]["status"] == "200"
    else:
        company.other.ask("DELETE", path)
        assert numbered(company.other, "thief", externalId="thief-1") == thief
    company.victim_is_untouched(thief)
    assert [each["person"]["id"] for each in company.proposals()] == [company.noor]
    assert company.idp.rows(Join) == []


def test_a_second_account_with_the_value_makes_both_unconfirmable(company: Company):
    company.choose("employeeNumber")
    rightful = numbered(company.other, "noor")
    thief = numbered(company.other, "thief")
    [told] = company.proposals()
    assert (told["person"], told["problem"]) == (None, "several accounts of one connection have the value")
    for account in (rightful, thief):
        assert company.confirm(account).status_code == 409
    company.other.ask("DELETE", f"/Users/{thief}")
    assert company.confirm(rightful).json == {"joined": 1}
    assert numbered(company.other, "thief-2") not in company.accounts()
    assert company.accounts() == [rightful]


def test_a_connection_that_the_tenant_does_not_trust_is_never_proposed(app: Flask, company: Company):
    careless = add_speaker(app, tenant_id=company.idp.tenant_id, now=NOW + timedelta(hours=2))
    company.choose("employeeNumber")
    thief = numbered(careless, "thief")
    assert company.proposals() == []
    assert company.confirm(thief).status_code == 409
    company.choose(None)
    assert company.proposals() == []


def test_a_confirmed_join_unites_seat_and_roles_until_the_value_is_another(company: Company):
    company.choose("employeeNumber")
    account = numbered(company.other, "noor")
    pilots = company.other.create_group("Pilots", account)
    apply(
        company.idp,
        {"when": f'groups.value eq "{company.group_id}"', "plan": "admin", "roles": ["admin"]},
        {"when": f'groups.value eq "{pilots}"', "plan": "standard", "roles": ["viewer"]},
    )
    assert held(company.idp) == {company.noor: "admin", account: "standard"}
    assert company.confirm(account).json == {"joined": 1}
    found = seats(company.idp)
    assert [seat.roles for seat in found[company.noor] if seat.end is None] == [["admin", "viewer"]]
    assert found[account][-1].end is not None
    company.other.patch(
        f"/Users/{account}", {"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": "8"}
    )
    found = seats(company.idp)
    assert [seat.roles for seat in found[company.noor] if seat.end is None] == [["admin"]]
    assert held(company.idp)[account] == "standard"
    assert company.accounts() == []
    company.other.patch(
        f"/Users/{account}", {"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": "7"}
    )
    assert held(company.idp)[account] == "standard"
    assert len(company.proposals()) == 1


def test_a_proposal_is_confirmed_as_it_is_and_no_other_way(company: Company):
    company.choose("employeeNumber")
    account = numbered(company.other, "noor")
    stranger = numbered(company.other, "somebody", "9")
    assert company.confirm(company.noor, account).status_code == 409
    refused = company.confirm(stranger)
    assert (refused.status_code, refused.json["pointer"]) == (409, "/joins/0")
    assert company.confirm("nobody").status_code == 404
    assert company.confirm(account).json == {"joined": 1}
    assert company.confirm(account).json == {"joined": 0}
    assert [row.made_by for row in company.idp.rows(Join)] == ["attribute"]


def test_values_compare_as_their_schema_says(company: Company):
    company.choose("employeeNumber")
    company.idp.patch(
        f"/Users/{company.noor}", {"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": "q-7"}
    )
    numbered(company.other, "noor", "Q-7")
    assert len(company.proposals()) == 1
    company.choose("externalId")
    company.other.create(userName="x", externalId="NOOR-7")
    assert company.proposals() == []
    company.other.create(userName="y", externalId="noor-7")
    assert [each["value"] for each in company.proposals()] == ["noor-7"]


def test_an_empty_value_agrees_with_nobody(company: Company):
    company.choose("employeeNumber")
    for speaker in (company.idp, company.other):
        for name, number in (("u", ""), ("v", "  ")):
            numbered(speaker, name, number)
        speaker.create(userName="w")
    assert company.proposals() == []


def test_an_attribute_of_the_tenants_own_schema_proposes_too(company: Company):
    document = {"id": FLEET, "name": "Fleet", "attributes": [{"name": "badge", "type": "string"}]}
    with company.idp.app.extensions["bridge"].database.write(company.idp.tenant_id) as session:
        apply_extension(session, document, author="mara", most=9, cause=CAUSE, now=NOW)
    assert company.choose(f"{FLEET}:badge").json["attribute"] == f"{FLEET}:badge"
    first = company.idp.create(userName="a", **{FLEET: {"badge": "q"}})
    second = company.other.create(userName="b", **{FLEET: {"badge": "q"}})
    assert company.confirm(second, first).json == {"joined": 1}


def test_the_observed_are_not_proposed_and_give_nothing_when_an_administrator_joins_them(
    app: Flask, company: Company
):
    observed = add_speaker(app, tenant_id=company.idp.tenant_id, live=False)
    company.choose("employeeNumber", company.idp, observed)
    account = numbered(observed, "noor")
    group_id = observed.create_group("Owners", account)
    apply(
        company.idp,
        {"when": f'groups.value eq "{group_id}"', "plan": "premium", "roles": ["analyst"]},
        {"when": f'groups.value eq "{company.group_id}"', "plan": "admin", "roles": ["admin"]},
    )
    assert company.proposals() == []
    assert company.join(account).json == {"joined": 1}
    company.victim_is_untouched(account)


@pytest.mark.parametrize("attribute", ["userName", "displayName", "emails", "emails.value", "phoneNumbers"])
def test_nobody_is_linked_by_what_is_recycled(company: Company, attribute: str):
    answer = company.choose(attribute)
    assert (answer.status_code, answer.json["pointer"]) == (422, "/attribute")
    assert "names and addresses are given to others" in answer.json["detail"]


def test_only_connections_of_the_tenant_are_trusted_and_never_one_alone(app: Flask, company: Company):
    stranger = add_speaker(app)
    answer = company.choose("employeeNumber", company.idp, stranger)
    assert (answer.status_code, answer.json["pointer"]) == (422, "/connections/1")
    assert company.choose("employeeNumber", company.idp, company.idp).status_code == 422


def test_people_of_another_tenant_do_not_exist_for_joins(app: Flask, company: Company):
    stranger = add_speaker(app)
    theirs = stranger.create(userName="thief")
    their_key = api_key(stranger, "admin")
    answers = [
        company.join(theirs),
        company.join(company.noor, theirs),
        company.join(theirs, key=their_key),
        company.join(company.noor, theirs, key=their_key),
        company.api("GET", f"/people/{company.noor}/accounts", key=their_key),
        company.api("DELETE", f"/people/{company.noor}/accounts/{theirs}", key=their_key),
    ]
    assert [each.status_code for each in answers] == [404] * 6
    assert company.idp.rows(Join) == stranger.rows(Join) == []


def test_only_who_has_the_scope_joins(company: Company):
    account = company.other.create(userName="noor")
    for scopes in (["read"], ["rules:write"], ["connections:write"]):
        assert company.join(account, key=api_key(company.idp, *scopes)).status_code == 403
    assert company.join(account).json == {"joined": 1}


def test_chains_and_joins_with_oneself_are_refused(company: Company):
    second, third = (company.other.create(userName=name) for name in ("b", "c"))
    assert company.join(second).json == {"joined": 1}
    refused = [company.join(company.noor), company.join(third, second), company.join(company.noor, third),
               company.join(second, third)]  # fmt: skip
    assert [each.status_code for each in refused] == [409] * 4
    assert company.accounts() == [second]


def test_who_comes_back_after_a_deletion_is_joined_by_nobody(company: Company):
    account = company.other.create(userName="noor", externalId="n-1")
    company.join(account)
    company.other.ask("DELETE", f"/Users/{account}")
    assert company.accounts() == []
    assert company.other.create(userName="somebody", externalId="n-1") == account
    assert company.accounts() == []
    company.victim_is_untouched(account)
    assert [row.end is None for row in company.idp.rows(Join)] == [False]


def test_a_recycled_user_name_of_a_joined_account_is_somebody_else(company: Company):
    account = company.other.create(userName="noor", externalId="n-1")
    company.join(account)
    company.other.patch(f"/Users/{account}", OFF)
    thief = company.other.create(userName="noor", externalId="n-2")
    assert thief != account
    assert company.accounts() == [account]
    company.victim_is_untouched(thief)


def test_what_another_connection_does_with_its_account_never_switches_the_victim_off(company: Company):
    account = company.other.create(userName="noor")
    company.join(account)
    company.other.patch(f"/Users/{account}", OFF)
    company.other.ask("DELETE", f"/Users/{account}")
    company.victim_is_untouched(account)
    assert company.idp.person(company.noor).active


def test_groups_and_roles_of_a_joined_account_are_not_shown_to_the_other_connection(company: Company):
    account = company.other.create(userName="noor")
    company.join(account)
    held(company.idp)
    shown = company.other.get(f"/Users/{account}").json
    assert "groups" not in shown
    assert company.other.get(f"/Users/{company.noor}").status_code == 404


def test_a_scim_write_pays_nothing_for_joins(company: Company):
    account = company.other.create(userName="noor")
    company.join(account)
    with statements_of(company.other) as sent:
        company.other.patch(f"/Users/{account}", {"op": "replace", "path": "title", "value": "Pilot"})
        company.other.ask("DELETE", f"/Users/{account}")
    assert not [statement for statement in sent if "joins" in statement]


def test_what_is_left_of_a_join_of_deleted_people_names_nobody(company: Company):
    account = company.other.create(userName="noor@okonkwo.example", externalId="n-1")
    company.join(account)
    company.other.ask("DELETE", f"/Users/{account}")
    seats(company.idp)
    [row] = company.idp.rows(Join)
    ids = {company.noor, account, row.started_by, row.ended_by, company.idp.tenant_id, None}
    texts = {getattr(row, column.key) for column in row.__mapper__.column_attrs}
    assert texts - ids - {row.start, row.end} == {"administrator", "HR case 12"}


def test_two_accounts_of_one_connection_are_joined_by_an_administrator_alone(company: Company):
    company.choose("employeeNumber")
    second = numbered(company.idp, "noor-admin")
    assert company.proposals() == []
    assert company.confirm(second).status_code == 409
    assert company.join(second).json == {"joined": 1}
    assert company.accounts() == [second]


def test_who_was_joined_is_told_at_each_instant(company: Company):
    account = company.other.create(userName="noor")
    before = datetime.now(tz=UTC).isoformat()
    company.join(account)
    company.api("DELETE", f"/people/{company.noor}/accounts/{account}")
    assert company.accounts() == company.accounts(account) == []
    path = f"/people/{account}/accounts"
    asked = company.api("GET", path, None).json["items"]
    assert asked == []
    [row] = company.idp.rows(Join)
    answers = [
        company.idp.app.test_client().get(
            f"/api/v1{path}", query_string={"at": at}, headers={"Authorization": f"Bearer {company.key}"}
        ).json["items"]
        for at in (before, row.start.isoformat())
    ]  # fmt: skip
    assert [len(each) for each in answers] == [0, 1]
    assert answers[1][0]["person_id"] == company.noor
