"""The requests of an identity provider, as every server under test understands them."""

import json
from collections.abc import Sequence
from urllib.parse import quote

from tests.bench.load import Request

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def person(name: str) -> dict[str, object]:
    """Return the resource of one person; every part that must be theirs alone holds the name."""
    return {
        "schemas": [USER],
        "userName": f"{name}@larkspur.example",
        "externalId": f"ext-{name}",
        "displayName": f"Person {name}",
        "name": {"givenName": "Person", "familyName": name},
        "emails": [{"value": f"{name}@larkspur.example", "type": "work", "primary": True}],
        "active": True,
    }


def read(root: str, token: str, person_id: str) -> Request:
    return Request("GET", f"{root}/Users/{person_id}", token)


def find(root: str, token: str, name: str) -> Request:
    wanted = quote(f'userName eq "{name}@larkspur.example"')
    return Request("GET", f"{root}/Users?filter={wanted}", token)


def page(root: str, token: str, start: int, count: int = 100) -> Request:
    return Request("GET", f"{root}/Users?startIndex={start}&count={count}", token)


def create(root: str, token: str, name: str, *, at: float | None = None) -> Request:
    return Request("POST", f"{root}/Users", token, json.dumps(person(name)), at)


def set_active(root: str, token: str, person_id: str, *, active: bool, at: float | None = None) -> Request:
    operation = {"op": "replace", "path": "active", "value": active}
    return patch(f"{root}/Users/{person_id}", token, operation, at=at)


def add_member(root: str, token: str, group_id: str, person_id: str) -> Request:
    operation = {"op": "add", "path": "members", "value": [{"value": person_id}]}
    return patch(f"{root}/Groups/{group_id}", token, operation)


def remove_member(root: str, token: str, group_id: str, person_id: str) -> Request:
    operation = {"op": "remove", "path": f'members[value eq "{person_id}"]'}
    return patch(f"{root}/Groups/{group_id}", token, operation)


def create_group(root: str, token: str, name: str, member_ids: Sequence[str]) -> Request:
    members = [{"value": each} for each in member_ids]
    body = {"schemas": [GROUP], "displayName": name, "members": members}
    return Request("POST", f"{root}/Groups", token, json.dumps(body))


def create_in_bulk(root: str, token: str, names: Sequence[str]) -> Request:
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": name, "data": person(name)} for name in names
    ]
    body = {"schemas": [BULK], "Operations": operations}
    return Request("POST", f"{root}/Bulk", token, json.dumps(body))


def patch(path: str, token: str, operation: dict[str, object], *, at: float | None = None) -> Request:
    return Request("PATCH", path, token, json.dumps({"schemas": [PATCH_OP], "Operations": [operation]}), at)
