"""Attempts to become somebody else, or to reach what is theirs: refused, or of no effect.

Each person here holds a seat through a group; whoever tries must end without it. Attempts by joins have a
file of their own.
"""

import threading
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from bridge.directory.tables import Membership, Person
from bridge.journal.tables import JournalEntry
from tests.scim_http.seating import apply, held
from tests.scim_http.speaking import GROUP, PATCH_OP, USER, Speaker, add_speaker

NAME = "noor@okonkwo.example"
OFF = {"op": "replace", "path": "active", "value": False}


@dataclass(frozen=True)
class Victim:
    """Somebody with an administrators' group and the seat that it gives."""

    idp: Speaker
    id: str
    group_id: str

    def leaves(self) -> None:
        assert self.idp.patch(f"/Users/{self.id}", OFF).status_code == 200
        assert held(self.idp) == {}

    def is_untouched_by(self, other_id: str) -> None:
        """Show that the other one is another person, in no group and without a seat."""
        assert other_id != self.id
        assert self.idp.rows(Membership, Membership.member_id == other_id) == []
        assert other_id not in held(self.idp)
        assert self.id in self.idp.members(self.group_id)


@pytest.fixture
def victim(idp: Speaker) -> Victim:
    person_id = idp.create(userName=NAME, externalId="noor-7", roles=[{"value": "admin"}])
    group_id = idp.create_group("Administrators", person_id)
    apply(idp, {"when": f'groups.value eq "{group_id}"', "plan": "admin", "roles": ["admin"]})
    assert held(idp) == {person_id: "admin"}
    return Victim(idp, person_id, group_id)


def post(idp: Speaker, **attributes: object) -> TestResponse:
    return idp.ask("POST", "/Users", {"schemas": [USER], "userName": NAME, **attributes})


@pytest.mark.parametrize(
    "given",
    [
        {"externalId": "noor-8"},
        {"externalId": "NOOR-7"},
        {"externalId": " noor-7"},
        {},
        {"externalId": ""},
        {"externalId": None},
        {"userName": NAME.upper(), "externalId": "noor-8"},
        {"userName": "\uff4e\uff4f\uff4f\uff52@okonkwo.example", "externalId": "noor-8"},
    ],
)
def test_a_recycled_user_name_gives_nothing_of_who_had_it(victim: Victim, given: dict[str, Any]):
    victim.leaves()
    answer = post(victim.idp, **given)
    assert answer.status_code == 201
    victim.is_untouched_by(answer.json["id"])
    assert "groups" not in answer.json
    assert "roles" not in answer.json
    old = victim.idp.person(victim.id)
    assert (old.active, old.external_id, old.resource["roles"]) == (False, "noor-7", [{"value": "admin"}])


def test_who_had_the_name_comes_back_as_themselves_when_it_is_free(victim: Victim):
    victim.leaves()
    recycled = post(victim.idp, externalId="noor-8").json["id"]
    back = post(victim.idp, userName="noor.b@okonkwo.example", externalId="noor-7")
    assert (back.status_code, back.json["id"]) == (201, victim.id)
    assert held(victim.idp) == {victim.id: "admin"}
    victim.is_untouched_by(recycled)


@pytest.mark.parametrize("same_tenant", [True, False])
def test_an_external_id_of_another_connection_is_nobody(app: Flask, victim: Victim, *, same_tenant: bool):
    thief = add_speaker(app, tenant_id=victim.idp.tenant_id if same_tenant else None)
    for _ in ("while active", "while inactive", "when deleted"):
        before = victim.idp.person(victim.id)
        answer = post(thief, externalId="noor-7")
        assert answer.status_code == 201
        assert answer.json["id"] != victim.id
        assert answer.json["id"] not in held(thief)
        assert victim.idp.person(victim.id).changed_at == before.changed_at
        thief.ask("DELETE", f"/Users/{answer.json['id']}")
        if victim.idp.person(victim.id).active:
            victim.leaves()
        else:
            victim.idp.ask("DELETE", f"/Users/{victim.id}")


def test_a_deleted_person_comes_back_with_nothing_but_the_id(victim: Victim):
    assert victim.idp.ask("DELETE", f"/Users/{victim.id}").status_code == 204
    other = post(victim.idp, externalId="noor-8")
    assert other.json["id"] != victim.id
    assert held(victim.idp) == {}
    back = post(victim.idp, userName="noor.b@okonkwo.example", externalId="noor-7")
    assert back.json["id"] == victim.id
    assert "groups" not in back.json
    assert "roles" not in back.json
    assert victim.idp.members(victim.group_id) == set()
    assert held(victim.idp) == {}


@pytest.mark.parametrize("attribute", ["userName", "externalId"])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_nobody_is_renamed_to_an_inactive_person(victim: Victim, attribute: str, method: str):
    victim.leaves()
    thief = victim.idp.create(userName="thief@okonkwo.example", externalId="thief")
    stolen = {"userName": NAME.title(), "externalId": "noor-7"}[attribute]
    body: dict[str, Any] = {
        "schemas": [USER], "userName": "thief@okonkwo.example", "externalId": "thief", attribute: stolen,
    }  # fmt: skip
    if method == "PATCH":
        body = {
            "schemas": [PATCH_OP],
            "Operations": [{"op": "replace", "path": attribute, "value": stolen}],
        }
    before = victim.idp.everything()
    answer = victim.idp.ask(method, f"/Users/{thief}", body)
    assert (answer.status_code, answer.json["scimType"]) == (409, "uniqueness")
    assert victim.idp.everything() == before
    victim.is_untouched_by(thief)


def test_who_is_restored_by_name_alone_is_noted_so_that_nothing_else_comes_back(idp: Speaker):
    person_id = idp.create(userName=NAME, roles=[{"value": "admin"}], entitlements=[{"value": "premium"}])
    apply(idp, {"when": 'userName eq "nobody"', "plan": "standard"}, idp_assignments={"plans": True})
    assert held(idp) == {person_id: "premium"}
    idp.patch(f"/Users/{person_id}", OFF)
    answer = post(idp)
    assert (answer.status_code, answer.json["id"]) == (201, person_id)
    assert not {"roles", "entitlements"} & answer.json.keys()
    assert held(idp) == {}
    [entry] = idp.rows(JournalEntry, JournalEntry.action == "scim:person:restore")
    assert entry.details == {"known_by": "userName"}


def test_of_many_who_claim_a_recycled_name_at_once_one_gets_it(victim: Victim):
    victim.leaves()
    answers: list[TestResponse] = []
    threads = [
        threading.Thread(
            target=lambda number=number: answers.append(post(victim.idp, externalId=f"new-{number}"))
        )
        for number in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409, 409, 409]
    named = victim.idp.get("/Users", query_string={"filter": f'userName eq "{NAME}"'}).json
    assert named["totalResults"] == 1
    victim.is_untouched_by(named["Resources"][0]["id"])


@pytest.mark.parametrize("same_tenant", [True, False])
def test_members_of_another_connection_or_tenant_are_unknown(
    app: Flask, victim: Victim, *, same_tenant: bool
):
    thief = add_speaker(app, tenant_id=victim.idp.tenant_id if same_tenant else None)
    own = thief.create(userName="thief@okonkwo.example")
    group_id = thief.create_group("Thieves", own)
    members = [{"value": own}, {"value": victim.id, "$ref": f"/scim/v2/Users/{victim.id}", "type": "User"}]
    body = {"schemas": [GROUP], "displayName": "Thieves", "members": members}
    before = thief.everything()
    for answer in (
        thief.ask("POST", "/Groups", body),
        thief.ask("PUT", f"/Groups/{group_id}", body),
        thief.patch(f"/Groups/{group_id}", {"op": "add", "path": "members", "value": members}),
        thief.patch(f"/Groups/{group_id}", {"op": "replace", "value": {"members": members}}),
    ):
        assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
        assert victim.id in answer.json["detail"]
    assert thief.everything() == before
    told = thief.patch(
        f"/Groups/{victim.group_id}", {"op": "add", "path": "members", "value": [{"value": own}]}
    )
    assert told.status_code == 404
    assert victim.idp.members(victim.group_id) == {victim.id}


@pytest.mark.parametrize("same_tenant", [True, False])
def test_the_resources_of_another_connection_do_not_exist(app: Flask, victim: Victim, *, same_tenant: bool):
    thief = add_speaker(app, tenant_id=victim.idp.tenant_id if same_tenant else None)
    before = victim.idp.everything()
    for kind, id_, body in (
        ("Users", victim.id, {"schemas": [USER], "userName": "mine", "active": False}),
        ("Groups", victim.group_id, {"schemas": [GROUP], "displayName": "Mine"}),
    ):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            patch = {"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": "externalId"}]}
            sent = {"PUT": body, "PATCH": patch}.get(method)
            assert thief.ask(method, f"/{kind}/{id_}", sent).status_code == 404
    found = thief.get("/Users", query_string={"filter": f'id eq "{victim.id}" or userName pr'}).json
    assert found["totalResults"] == 0
    assert victim.idp.everything() == before


def test_a_version_of_another_resource_opens_nothing(victim: Victim):
    other = victim.idp.create(userName="other@okonkwo.example")
    for title in ("Weaver", "Dyer"):
        victim.idp.patch(f"/Users/{other}", {"op": "replace", "path": "title", "value": title})
    tag = victim.idp.get(f"/Users/{other}").headers["ETag"]
    assert tag != victim.idp.get(f"/Users/{victim.id}").headers["ETag"]
    before = victim.idp.everything()
    body = {"schemas": [USER], "userName": NAME}
    patch = {"schemas": [PATCH_OP], "Operations": [OFF]}
    for method, sent in (("PUT", body), ("PATCH", patch), ("DELETE", None)):
        answer = victim.idp.ask(method, f"/Users/{victim.id}", sent, headers={"If-Match": tag})
        assert answer.status_code == 412
    assert victim.idp.everything() == before


def test_an_id_in_a_body_makes_nobody_somebody_else(victim: Victim):
    answer = post(victim.idp, userName="thief@okonkwo.example", id=victim.id, meta={"version": 'W/"1"'})
    assert answer.status_code == 201
    thief = answer.json["id"]
    victim.is_untouched_by(thief)
    body = {"schemas": [USER], "id": victim.id, "userName": "thief@okonkwo.example", "groups": [
        {"value": victim.group_id},
    ]}  # fmt: skip
    assert victim.idp.ask("PUT", f"/Users/{thief}", body).json["id"] == thief
    refused = [
        victim.idp.patch(f"/Users/{thief}", {"op": "replace", "path": "id", "value": victim.id}),
        victim.idp.patch(
            f"/Users/{thief}", {"op": "add", "path": "groups", "value": [{"value": victim.group_id}]}
        ),
    ]
    assert [each.status_code for each in refused] == [400, 400]
    victim.is_untouched_by(thief)
    assert len(victim.idp.rows(Person)) == 2
