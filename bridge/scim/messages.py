"""The messages the endpoint answers with (RFC 7644 sections 3.4, 3.9, 3.12 and 4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bridge.scim.attributes import Attribute, ResourceSchema
from bridge.scim.reading import Dialect
from bridge.scim.schemas import (
    ENTITLEMENT_RESOURCE,
    GROUP_RESOURCE,
    ROLE_RESOURCE,
    USER_RESOURCE,
)

LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
BULK_RESPONSE_URN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"
SERVICE_PROVIDER_URN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE_URN = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"

Document = dict[str, Any]


def list_response(resources: object, total: int, start_index: int, items_per_page: int) -> Document:
    """Return a page of resources; ``start_index`` counts from 1 (RFC 7644 section 3.4.2).

    ``resources`` is a list of them, or what will be written as one.
    """
    return {
        "schemas": [LIST_URN],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": items_per_page,
        "Resources": resources,
    }


def cursor_response(
    resources: Sequence[Mapping[str, Any]], total: int, *, following: str | None, preceding: str | None
) -> Document:
    """Return a page with the cursors of those next to it; the last page has no ``nextCursor`` (RFC 9865)."""
    cursors = {"previousCursor": preceding, "nextCursor": following}
    return {
        "schemas": [LIST_URN],
        "totalResults": total,
        "itemsPerPage": len(resources),
        **{name: cursor for name, cursor in cursors.items() if cursor is not None},
        "Resources": list(resources),
    }


def bulk_response(operations: Sequence[Mapping[str, Any]]) -> Document:
    """Return how each operation of a bulk request ended (RFC 7644 section 3.7.3)."""
    return {"schemas": [BULK_RESPONSE_URN], "Operations": list(operations)}


def error_message(status: int, detail: str, scim_type: str | None = None) -> Document:
    """Return an error; ``status`` is a text in it (RFC 7644 section 3.12)."""
    named = {} if scim_type is None else {"scimType": scim_type}
    return {"schemas": [ERROR_URN], "status": str(status), **named, "detail": detail}


def version_tag(number: int) -> str:
    """Return the weak entity tag of a version (RFC 7644 section 3.14)."""
    return f'W/"{number}"'


@dataclass(frozen=True, slots=True)
class ServiceFeatures:
    """What the endpoint offers; published to clients, so that they ask for nothing else."""

    bulk_operations: int = 0
    bulk_payload_bytes: int = 0
    filter_results: int = 1_000
    etag: bool = True
    sort: bool = True
    page_default: int = 100
    cursor_seconds: int = 3_600


def service_provider_config(
    base_url: str, dialect: Dialect, features: ServiceFeatures, *, documentation_url: str = ""
) -> Document:
    """Return what the endpoint can do (RFC 7643 section 5); without bulk operations it has no Bulk."""
    document: Document = {
        "schemas": [SERVICE_PROVIDER_URN],
        "patch": {"supported": True},
        "bulk": {
            "supported": features.bulk_operations > 0,
            "maxOperations": features.bulk_operations,
            "maxPayloadSize": features.bulk_payload_bytes,
        },
        "filter": {"supported": True, "maxResults": features.filter_results},
        "changePassword": {"supported": False},
        "sort": {"supported": features.sort},
        "etag": {"supported": features.etag},
        "pagination": {  # RFC 9865 section 4
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": features.page_default,
            "maxPageSize": features.filter_results,
            "cursorTimeout": features.cursor_seconds,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": _described(dialect),
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            },
            {
                "type": "oauth2",
                "name": "OAuth 2.0 client credentials",
                "description": "An access token for the secret of the connection's client, at /oauth/token.",
                "specUri": "https://www.rfc-editor.org/info/rfc6749",
                "primary": False,
            },
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base_url}/ServiceProviderConfig"},
    }
    return {**document, "documentationUri": documentation_url} if documentation_url else document


def _described(dialect: Dialect) -> str:
    if dialect.tolerances:
        return f"The connection's token in the Authorization header. Dialect: {dialect.name}."
    return (
        "The connection's token in the Authorization header. Dialect: strict; PATCH operations need a path, "
        "unknown attributes are refused (draft-zollner-scim-interop-profile)."
    )


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource: its name, where it is found and what it holds."""

    name: str
    endpoint: str
    description: str
    resource_schema: ResourceSchema


RESOURCE_TYPES = (
    ResourceType("User", "/Users", "People", USER_RESOURCE),
    ResourceType("Group", "/Groups", "Groups of people", GROUP_RESOURCE),
    ResourceType("Role", "/Roles", "Roles that can be assigned to people", ROLE_RESOURCE),
    ResourceType("License", "/Licenses", "Plans that can be assigned to people", ENTITLEMENT_RESOURCE),
)


def resource_type_document(resource_type: ResourceType, base_url: str) -> Document:
    """Return a resource type as ``/ResourceTypes`` publishes it (RFC 7643 section 6)."""
    extensions = resource_type.resource_schema.extensions
    document: Document = {
        "schemas": [RESOURCE_TYPE_URN],
        "id": resource_type.name,
        "name": resource_type.name,
        "description": resource_type.description,
        "endpoint": resource_type.endpoint,
        "schema": resource_type.resource_schema.core.id,
        "meta": {
            "resourceType": "ResourceType",
            "location": f"{base_url}/ResourceTypes/{resource_type.name}",
        },
    }
    if extensions:
        document["schemaExtensions"] = [{"schema": each.id, "required": False} for each in extensions]
    return document


def project(
    resource: Mapping[str, Any],
    attributes: Iterable[str],
    excluded: Iterable[str],
    resource_schema: ResourceSchema,
) -> Document:
    """Return the parts of a resource that a client asked for (RFC 7644 section 3.9).

    ``attributes`` and ``excluded`` are names as a client writes them: in any case, with or without a
    URN, or the URN of a whole extension; names of nothing are ignored. ``returned`` decides the rest
    (RFC 7643 section 7): always wins over both, never over all, request appears only when named.
    """
    plan = _plan(resource_schema, _lowered(attributes), _lowered(excluded))
    return _planned(resource, plan)


def _lowered(names: Iterable[str]) -> frozenset[str]:
    return frozenset(each.strip().lower() for each in names if each.strip())


@dataclass(frozen=True, slots=True)
class _Part:
    """What is shown of one attribute: all but ``without``, or ``only``, or the parts of an extension."""

    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    extension: Mapping[str, "_Part"] | None = None


_WHOLE = _Part()
_Plan = Mapping[str, _Part]


@lru_cache(maxsize=256)
def _plan(resource_schema: ResourceSchema, asked: frozenset[str], hidden: frozenset[str]) -> _Plan:
    """Decide once per question what is shown of each attribute; a page has a hundred resources."""
    core = resource_schema.core.id.lower()
    plan = _plan_of(resource_schema.core_names.values(), asked, hidden, prefixes=("", f"{core}:"), whole=core)
    for urn, (schema, names) in resource_schema.extension_names.items():
        parts = _plan_of(names.values(), asked, hidden, prefixes=(f"{urn}:",), whole=urn)
        if parts:
            plan[schema.id] = _Part(extension=parts)
    return plan


def _plan_of(
    attributes: Iterable[Attribute],
    asked: frozenset[str],
    hidden: frozenset[str],
    *,
    prefixes: tuple[str, ...],
    whole: str,
) -> dict[str, _Part]:
    plan: dict[str, _Part] = {}
    for attribute in attributes:
        names = frozenset({whole, *(prefix + attribute.name.lower() for prefix in prefixes)})
        part = _part_of(attribute, names, asked, hidden)
        if part is not None:
            plan[attribute.name] = part
    return plan


def _part_of(
    attribute: Attribute, names: frozenset[str], asked: frozenset[str], hidden: frozenset[str]
) -> _Part | None:
    if attribute.returned == "always":
        return _WHOLE
    if attribute.returned == "never" or names & hidden:
        return None
    only = _subs(asked, names) if attribute.sub_attributes else frozenset()
    if names & asked:
        only = frozenset()
    elif not only and (asked or attribute.returned == "request"):
        return None
    without = _subs(hidden, names) if attribute.sub_attributes else frozenset()
    return _Part(only, without) if only or without else _WHOLE


def _subs(asked: frozenset[str], names: frozenset[str]) -> frozenset[str]:
    """Return the sub-attributes asked for by ``name.sub``."""
    return frozenset(each.rpartition(".")[2] for each in asked if each.rpartition(".")[0] in names)


def _planned(holder: Mapping[str, Any], plan: _Plan) -> Document:
    out: Document = {}
    for name, value in holder.items():
        part = plan.get(name)
        if part is _WHOLE:
            out[name] = value
        elif part is not None:
            shown = _parts(value, part) if part.extension is None else _planned(value, part.extension)
            if shown not in ({}, []):
                out[name] = shown
    return out


def _parts(value: Any, part: _Part) -> Any:  # noqa: ANN401 - a JSON value
    """Return the named sub-attributes of a complex value, or of each element of a list of them."""
    if isinstance(value, list):
        return [shown for each in value if (shown := _parts(each, part)) != {}]
    return {
        name: inner
        for name, inner in value.items()
        if (not part.only or name.lower() in part.only) and name.lower() not in part.without
    }
