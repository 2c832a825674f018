"""The operations of bulk requests as clients write them."""

from typing import Any

from tests.scim_http.speaking import ENTERPRISE, GROUP, PATCH_OP, USER

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def user(bulk_id: str, *, manager: str | None = None, **more: object) -> dict[str, Any]:
    content = {"schemas": [USER], "userName": bulk_id, **more}
    if manager is not None:
        content |= {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": f"bulkId:{manager}"}}}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": content}


def group(bulk_id: str, *members: str, path: str | None = None) -> dict[str, Any]:
    content = {"schemas": [GROUP], "displayName": bulk_id, "members": [{"value": each} for each in members]}
    method = "POST" if path is None else "PUT"
    return {"method": method, "path": path or "/Groups", "bulkId": bulk_id, "data": content}


def patch(path: str, *operations: dict[str, Any], **more: str) -> dict[str, Any]:
    content = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return {"method": "PATCH", "path": path, "data": content, **more}


def ids_of(outcomes: list[dict[str, Any]]) -> dict[str, str]:
    return {each["bulkId"]: each["location"].rpartition("/")[2] for each in outcomes if "location" in each}
