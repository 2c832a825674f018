"""JSON Schemas of what SCIM clients send and ask for, as the OpenAPI document shows them.

They describe the words of RFC 7643 and 7644. What a connection's dialect tolerates beyond them is not told:
a client that is written today need not know it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.scim.attributes import Attribute, ResourceSchema
from bridge.scim.bulk import BULK_REQUEST_URN
from bridge.scim.dialects import PATCH_URN
from bridge.scim.schemas import GROUP_RESOURCE, USER_RESOURCE
from bridge.scim.search_request import SEARCH_URN

JsonSchema = dict[str, Any]

KINDS: Mapping[str, JsonSchema] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "dateTime": {"type": "string", "format": "date-time"},
    "binary": {"type": "string", "format": "byte"},
}
TEXT: JsonSchema = {"type": "string"}
#: Attributes whose values are ids of other resources.
REFERRING = ("members", "manager")
ID: JsonSchema = {"type": "string", "format": "scim-id"}
FILTER: JsonSchema = {"type": "string", "format": "scim-filter"}
PATH: JsonSchema = {"type": "string", "format": "scim-path"}

#: What lists take, in their query or in the body of a search (RFC 7644 section 3.4.2, RFC 9865).
LISTING: Mapping[str, JsonSchema] = {
    "filter": FILTER,
    "sortBy": PATH,
    "sortOrder": {"enum": ["ascending", "descending"]},
    "startIndex": {"type": "integer"},
    "count": {"type": "integer"},
    "cursor": TEXT,
}
#: What every answer with a resource takes (RFC 7644 section 3.9).
SHAPING = ("attributes", "excludedAttributes")


def body_of(path: str, method: str) -> JsonSchema:
    """Return the schema of what is sent to a path below the entrance."""
    if path.endswith("/.search"):
        return _search()
    if path == "/Bulk":
        return _bulk()
    if method == "patch":
        return _patch()
    return resource_body(USER_RESOURCE if path.startswith("/Users") else GROUP_RESOURCE)


def resource_body(schema: ResourceSchema) -> JsonSchema:
    """Return the schema of a resource in a POST or PUT: what is read-only is left out."""
    properties = dict(_attributes(schema.core.attributes))
    properties |= {
        each.id: {"type": "object", "properties": dict(_attributes(each.attributes))}
        for each in schema.extensions
    }
    required = [each.name for each in schema.core.attributes if each.required]
    for name in required:
        properties[name] = {**properties[name], "minLength": 1}
    return {"type": "object", "required": required, "properties": {"schemas": _urns(), **properties}}


def _attributes(attributes: tuple[Attribute, ...]) -> Iterator[tuple[str, JsonSchema]]:
    for each in attributes:
        if each.mutability != "readOnly":
            one = _value(each)
            yield each.name, {"type": "array", "items": one} if each.multi_valued else one


def _value(attribute: Attribute) -> JsonSchema:
    if not attribute.sub_attributes:
        return KINDS.get(attribute.type, TEXT)
    parts = dict(_attributes(attribute.sub_attributes))
    if attribute.name in REFERRING:
        parts["value"] = ID
    return {"type": "object", "properties": parts, "additionalProperties": False}


def _urns(*urns: str) -> JsonSchema:
    return {"type": "array", "items": {"enum": list(urns)} if urns else TEXT}


def _message(urn: str, required: list[str], **properties: JsonSchema) -> JsonSchema:
    return {
        "type": "object",
        "required": ["schemas", *required],
        "properties": {"schemas": {**_urns(urn), "minItems": 1}, **properties},
        "additionalProperties": False,
    }


def _patch() -> JsonSchema:
    operation = {
        "type": "object",
        "required": ["op"],
        "properties": {"op": {"enum": ["add", "remove", "replace"]}, "path": PATH, "value": {}},
        "additionalProperties": False,
    }
    operations = {"type": "array", "minItems": 1, "items": operation}
    return _message(PATCH_URN, ["Operations"], Operations=operations)


def _search() -> JsonSchema:
    names = {each: {"type": "array", "items": PATH} for each in SHAPING}
    return _message(SEARCH_URN, [], **LISTING, **names)


def _bulk() -> JsonSchema:
    operation = {
        "type": "object",
        "required": ["method", "path"],
        "properties": {
            "method": {"enum": ["POST", "PUT", "PATCH", "DELETE"]},
            "path": {"type": "string", "format": "scim-bulk-path"},
            "bulkId": TEXT,
            "version": TEXT,
            "data": {"anyOf": [resource_body(USER_RESOURCE), resource_body(GROUP_RESOURCE), _patch()]},
        },
    }
    operations = {"type": "array", "minItems": 1, "items": operation}
    return _message(BULK_REQUEST_URN, ["Operations"], Operations=operations, failOnErrors={"type": "integer"})
