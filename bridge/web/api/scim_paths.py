"""What the OpenAPI document says of the SCIM entrance, whose own /Schemas tell the rest (RFC 7644)."""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.web.api.scim_bodies import ID, LISTING, PATH, SHAPING, TEXT, body_of

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
    "/Me": dict.fromkeys(
        ("get", "post", "put", "patch", "delete"), "Refused: a token is a connection's, not a person's"
    ),
    "/Bulk": {"post": "Do many operations in one request"},
    "/.search": {"post": "Search users and groups"},
    "/Users/.search": {"post": "Search users"},
    "/Groups/.search": {"post": "Search groups"},
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


#: POST here asks or does something, and creates nothing under an address of its own.
ASKING = ("/Bulk", "/.search")

#: What identity providers write.
RESOURCES = ("/Users", "/Groups")


def scim_paths(prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the path items of the SCIM entrance under ``prefix``."""
    for path, methods in PATHS.items():
        item: dict[str, Any] = {
            method: _operation(prefix, path, method, summary) for method, summary in methods.items()
        }
        yield prefix + path, item


def _operation(prefix: str, path: str, method: str, summary: str) -> dict[str, Any]:
    words = (prefix + path).replace("/scim/v2", "scim").replace("{", "").replace("}", "").replace(".", "")
    described: dict[str, Any] = {
        "operationId": f"{words.replace('/', '_')}_{method}",
        "summary": summary,
        "tags": ["scim"],
        "security": [{"scim_token": []}],
        "responses": {
            **_good_responses(path, method),
            "default": {"description": "An error (RFC 7644 section 3.12)", "content": OBJECT},
        },
    }
    parameters = list(_parameters(path, method))
    if parameters:
        described["parameters"] = parameters
    if method in ("post", "put", "patch") and path != "/Me":
        content = {SCIM_JSON: {"schema": body_of(path, method)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(path: str, method: str) -> Iterator[dict[str, Any]]:
    """Return what an operation takes beside its body."""
    if "{" in path:
        name = path[path.index("{") + 1 : path.index("}")]
        schema = ID if path.startswith(RESOURCES) else TEXT
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if path.startswith(RESOURCES) and not path.endswith(ASKING):
        listing = LISTING if method == "get" and "{" not in path else {}
        shaping = dict.fromkeys(SHAPING, PATH) if method != "delete" else {}
        for name, schema in {**listing, **shaping}.items():
            yield {"name": name, "in": "query", "schema": schema}
        if "{" in path:
            condition = "If-None-Match" if method == "get" else "If-Match"
            yield {"name": condition, "in": "header", "schema": TEXT}


def _good_responses(path: str, method: str) -> dict[str, Any]:
    if path.endswith("/Me"):
        return {
            "404": {"description": "A connection is no person (RFC 7644 section 3.11)", "content": OBJECT}
        }
    asked = {"200": {"description": "As asked", "content": OBJECT}}
    if path.endswith(ASKING):
        return asked
    return {
        **({"204": {"description": "Done"}} if method in ("patch", "delete") else {}),
        **({} if method == "delete" else asked),
        **({"201": {"description": "Created", "content": OBJECT}} if method == "post" else {}),
    }
