"""Requests as real identity providers send them, each with what it must have done to the stored state.

``{user}``, ``{member}``, ``{other}`` and ``{group}`` stand for ids: ``user`` is Ines, who with ``member`` and
``other`` is in the group Engineers.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from bridge.directory.tables import Group, GroupVersion, Person
from tests.scim_http.speaking import ENTERPRISE, Speaker, add_speaker

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())


@dataclass(frozen=True)
class World:
    idp: Speaker
    ids: dict[str, str]
    answer: TestResponse

    @property
    def body(self):
        return self.answer.json

    @property
    def user(self) -> Person:
        return self.idp.person(self.ids["user"])

    @property
    def made(self) -> Person:
        return self.idp.person(self.body["id"])

    @property
    def group(self) -> Group:
        [group] = self.idp.rows(Group, Group.id == self.ids["group"])
        return group

    @property
    def members(self) -> set[str]:
        return {name for name, each in self.ids.items() if each in self.idp.members(self.ids["group"])}


EVERYBODY = {"user", "member", "other"}


def is_empty_list(world: World) -> bool:
    return (world.body["totalResults"], world.body["Resources"]) == (0, [])


def is_deactivated(world: World) -> bool:
    before, after = world.idp.versions(world.ids["user"])
    return (
        not world.user.active
        and (before.active, after.active) == (True, False)
        and before.end == after.start
        and world.members == EVERYBODY
        and world.idp.actions(world.user.id)[-1] == "scim:person:deactivate"
    )


def all_six_are_applied(world: World) -> bool:
    row, resource = world.user, world.user.resource
    return (
        (row.display_name, row.external_id) == ("Ines Duarte", "E-4711")
        and row.email_key == "ines.work@lindqvist.example"
        and resource["emails"] == [{"type": "work", "value": "ines.work@lindqvist.example"}]
        and resource["name"] == {"givenName": "Ines", "familyName": "Duarte"}
        and resource[ENTERPRISE] == {"employeeNumber": "E-4711"}
    )


def okta_user_is_stored(world: World) -> bool:
    stored = world.made
    return (
        (stored.user_name, stored.external_id) == ("tomas.berg@lindqvist.local", "00u7lindqvist42")
        and stored.active
        and "not-to-be-kept" not in repr(stored.resource) + json.dumps(world.body)
        and "groups" not in stored.resource
        and world.idp.members(world.ids["group"]) == {world.ids[name] for name in EVERYBODY}
    )


def is_replaced(world: World) -> bool:
    stored = world.user
    return (
        stored.resource["name"] == {"givenName": "Tomas Nils", "middleName": "Elis", "familyName": "Berg"}
        and "title" not in stored.resource
        and stored.external_id == "ext-ines"
        and stored.active
        and world.members == EVERYBODY
    )


def is_reactivated(world: World) -> bool:
    return (
        world.user.active
        and world.members == EVERYBODY
        and world.idp.actions(world.user.id)[-1] == "scim:person:reactivate"
    )


def group_is_renamed(world: World) -> bool:
    versions = world.idp.rows(GroupVersion, GroupVersion.group_id == world.group.id)
    return (
        world.group.display_name == "Engineers North"
        and {each.display_name for each in versions if each.end is None} == {"Engineers North"}
        and world.members == EVERYBODY
        and ("group", world.group.id) in world.idp.due()
    )


def group_is_gone(world: World) -> bool:
    return (
        world.group.deleted_at is not None
        and world.members == set()
        and world.idp.get(f"/Groups/{world.ids['group']}").status_code == 404
    )


def user_is_gone(world: World) -> bool:
    row = world.user
    return (
        row.deleted_at is not None
        and (row.user_name, row.external_id, row.resource, row.folded) == ("", None, {}, {})
        and row.external_digest is not None
        and world.members == EVERYBODY - {"user"}
        and world.idp.get(f"/Users/{row.id}").status_code == 404
    )


def publishes_roles_and_plans(world: World) -> bool:
    found = {each["schema"]: each["endpoint"] for each in world.body["Resources"]}
    roles = world.idp.get(found["urn:okta:scim:schemas:core:1.0:Role"]).json
    plans = world.idp.get(found["urn:okta:scim:schemas:core:1.0:Entitlement"]).json
    return (
        roles["totalResults"] > 0
        and plans["totalResults"] > 0
        and "premium" in {each["id"] for each in plans["Resources"]}
    )


OUTCOMES: dict[str, Callable[[World], bool]] = {
    "E01": is_empty_list,
    "E02": lambda it: (
        it.made.email_key == "priya.raman@lindqvist.example"
        and "meta" not in it.made.resource
        and "roles" not in it.made.resource
    ),
    "E04": is_empty_list,
    "E07": is_deactivated,
    "E08": is_deactivated,
    "E10": lambda it: it.user.resource["nickName"] == "Ini",
    "E11": all_six_are_applied,
    "E13": lambda it: it.user.resource[ENTERPRISE]["manager"] == {"value": "271"},
    "E14": lambda it: it.user.resource[ENTERPRISE]["manager"]["value"] == "00aa",
    "E16": lambda it: [each["value"] for each in it.made.resource["roles"]] == ["Admin"],
    "E20": lambda it: (
        [each["id"] for each in it.body["Resources"]] == [it.ids["group"]]
        and "members" not in it.body["Resources"][0]
    ),
    "E21": lambda it: it.body["displayName"] == "Engineers" and "members" not in it.body,
    "E22": lambda it: it.members == EVERYBODY and it.idp.actions(it.ids["group"]) == ["scim:group:create"],
    "E23": lambda it: it.members == EVERYBODY - {"member"},
    "E24": lambda it: it.members == EVERYBODY - {"member"},
    "E25": group_is_renamed,
    "E27": user_is_gone,
    "E28": group_is_gone,
    "O01": lambda it: (
        (it.body["totalResults"], it.body["startIndex"], it.body["itemsPerPage"]) == (3, 1, 2)
        and [each["id"] for each in it.body["Resources"]] == [it.ids["user"], it.ids["member"]]
    ),
    "O02": is_empty_list,
    "O03": okta_user_is_stored,
    "O04": lambda it: it.body["scimType"] == "uniqueness" and it.body["status"] == "409",
    "O06": is_replaced,
    "O07": is_deactivated,
    "O09": is_reactivated,
    "O10": lambda it: it.idp.members(it.body["id"]) == set() and it.body["displayName"] == "Freight planners",
    "O11": lambda it: it.group.display_name == "Freight planners" and it.members == EVERYBODY,
    "O13": lambda it: it.members == {"member", "other"},
    "O14": lambda it: it.members == set() and it.group.deleted_at is None,
    "O18": group_is_gone,
    "O19": lambda it: [each["id"] for each in it.body["Resources"]] == [it.ids["group"]],
    "O21": publishes_roles_and_plans,
    "L01": is_empty_list,
    "P01": lambda it: (
        it.user.resource["name"] == {"givenName": "Ines", "familyName": "Duarte"}
        and it.user.resource["title"] == "Planner"
    ),
    "J01": lambda it: it.user.resource["name"]["givenName"] == "Inês",
    "X03": lambda it: it.members == EVERYBODY and "a-ghost" in it.body["detail"],
}


def filled_in(value: object, ids: dict[str, str]):
    text = json.dumps(value)
    for name, each in ids.items():
        text = text.replace(f"{{{name}}}", each)
    return json.loads(text)


@pytest.mark.parametrize("said", RECORDED, ids=[said["id"] for said in RECORDED])
def test_a_recorded_request_does_what_its_sender_means(app: Flask, said: dict[str, Any]):
    idp = add_speaker(app, dialect=said["dialect"])
    ids = {
        "user": idp.create(userName="ines@lindqvist.example", externalId="ext-ines", title="Planner"),
        "member": idp.create(userName="milo@lindqvist.example"),
        "other": idp.create(userName="oda@lindqvist.example"),
    }
    ids["group"] = idp.create_group("Engineers", *ids.values())
    path, body = filled_in(said["path"], ids), filled_in(said["body"], ids)
    if said["id"] == "O04":
        assert idp.ask("POST", path, body).status_code == 201
    if said["id"] == "O09":
        idp.patch(f"/Users/{ids['user']}", {"op": "replace", "path": "active", "value": False})
    answer = idp.ask(said["method"], path, body)
    assert answer.status_code == said["status"], answer.json
    assert OUTCOMES[said["id"]](World(idp, ids, answer))
    if answer.data:
        assert answer.content_type == "application/scim+json"


def test_each_recorded_request_has_its_outcome_checked():
    assert {said["id"] for said in RECORDED} == OUTCOMES.keys()
