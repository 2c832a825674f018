"""What the OpenAPI document says of the SCIM entrance, whose own /Schemas tell the rest (RFC 7644)."""

from collections.abc import Iterator, Mapping
from typing import Any

SCIM_JSON = "application/scim+json"
OBJECT = {SCIM_JSON: {"schema": {"type": "object"}}}

#: Path → method → summary.
PATHS: Mapping[str, Mapping[str, str]] = {
    "/ServiceProviderConfig": {"get": "Tell what this SCIM endpoint supports"},
    "/ResourceTypes": {"get": "List the resource types"},
    "/ResourceTypes/{name}": {"get": "Show a resource type"},
    "/Schemas": {"get": "List the schemas"},
    "/Schemas/{urn}": {"get": "Show a schema"},
    "/Roles": {"get": "List the roles that an identity provider may assign"},
    "/Roles/{key}": {"get": "Show a role"},
    "/Licenses": {"get": "List the plans that an identity provider may assign"},
    "/Licenses/{key}": {"get": "Show a plan"},
    "/Users": {"get": "List or filter users", "post": "Create a user"},
    "/Users/{person_id}": {
        "get": "Show a user",
        "put": "Replace a user",
        "patch": "Change a user",
        "delete": "Delete a user",
    },
    "/Groups": {"get": "List or filter groups", "post": "Create a group"},
    "/Groups/{group_id}": {
        "get": "Show a group",
        "put": "Replace a group",
        "patch": "Change a group",
        "delete": "Delete a group",
    },
}


def scim_paths(prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the path items of the SCIM entrance under ``prefix``."""
    for path, methods in PATHS.items():
        item: dict[str, Any] = {
            method: _operation(prefix + path, method, summary) for method, summary in methods.items()
        }
        yield prefix + path, item


def _operation(path: str, method: str, summary: str) -> dict[str, Any]:
    words = path.replace("/scim/v2", "scim").replace("{", "").replace("}", "").replace(".", "")
    described: dict[str, Any] = {
        "operationId": f"{words.replace('/', '_')}_{method}",
        "summary": summary,
        "tags": ["scim"],
        "security": [{"scim_token": []}],
        "responses": {
            **({"204": {"description": "Done"}} if method in ("patch", "delete") else {}),
            **({} if method == "delete" else {"200": {"description": "As asked", "content": OBJECT}}),
            **({"201": {"description": "Created", "content": OBJECT}} if method == "post" else {}),
            "default": {"description": "An error (RFC 7644 section 3.12)", "content": OBJECT},
        },
    }
    if "{" in path:
        name = path[path.index("{") + 1 : path.index("}")]
        schema = {"type": "string"}
        described["parameters"] = [{"name": name, "in": "path", "required": True, "schema": schema}]
    if method in ("post", "put", "patch"):
        described["requestBody"] = {"required": True, "content": OBJECT}
    return described
