"""Routes by which clients discover what there is: features, resource types, schemas, roles, plans."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask import Response

from bridge.database.sessions import TenantSession
from bridge.errors import Forbidden, NotFound
from bridge.mapping.role_catalogues import roles_of
from bridge.provisioning.client import Client
from bridge.scim.attributes import ResourceSchema, schema_document
from bridge.scim.matches import matches
from bridge.scim.messages import (
    RESOURCE_TYPES,
    ResourceType,
    ServiceFeatures,
    list_response,
    resource_type_document,
    service_provider_config,
)
from bridge.scim.schemas import ENTITLEMENT_RESOURCE, ROLE_RESOURCE, USER_RESOURCE
from bridge.scim.text import shown
from bridge.web.context import bridge
from bridge.web.scim.answers import answer
from bridge.web.scim.entrance import blueprint, reading, root
from bridge.web.scim.parameters import filter_of, page, parameter, shape
from config.catalogue import plans

Document = dict[str, Any]


@blueprint.get("/ServiceProviderConfig", provide_automatic_options=False)
def show_service_provider_config() -> Response:
    """Answer what this endpoint can do (RFC 7643 section 5)."""
    _refuse_filter()
    settings = bridge().settings
    features = ServiceFeatures(
        bulk_operations=settings.bulk_operations,
        bulk_payload_bytes=min(settings.bulk_bytes, settings.body_bytes),
        filter_results=settings.page_most,
        page_default=settings.page_default,
        cursor_seconds=settings.cursor_seconds,
    )
    with reading() as (_session, client):
        return answer(service_provider_config(client.root, client.dialect, features))


@blueprint.get("/ResourceTypes", provide_automatic_options=False)
def list_resource_types() -> Response:
    """Answer what can be read here, and where (RFC 7643 section 6)."""
    _refuse_filter()
    with reading() as (_session, client):
        return _all(list(_documents(_listed(client), client).values()))


@blueprint.get("/ResourceTypes/<name>", provide_automatic_options=False)
def show_resource_type(name: str) -> Response:
    """Answer one resource type."""
    with reading() as (_session, client):
        return answer(_one(_documents(_types(client), client), name, "resource type"))


@blueprint.get("/Schemas", provide_automatic_options=False)
def list_schemas() -> Response:
    """Answer the schemas of all resource types (RFC 7643 section 7)."""
    _refuse_filter()
    with reading() as (_session, client):
        return _all(list(_schemas(client).values()))


@blueprint.get("/Schemas/<urn>", provide_automatic_options=False)
def show_schema(urn: str) -> Response:
    """Answer one schema, by its URN in any case."""
    with reading() as (_session, client):
        return answer(_one(_schemas(client), urn, "schema"))


@blueprint.get("/Roles", provide_automatic_options=False)
def list_roles() -> Response:
    """Answer the roles that an identity provider may assign."""
    return _page(_roles, ROLE_RESOURCE)


@blueprint.get("/Roles/<key>", provide_automatic_options=False)
def show_role(key: str) -> Response:
    """Answer one role."""
    with reading() as (session, _client):
        return answer(shape(ROLE_RESOURCE).of(_one(_roles(session), key, "role")))


@blueprint.get("/Licenses", provide_automatic_options=False)
def list_licenses() -> Response:
    """Answer the plans that an identity provider may assign."""
    return _page(_licenses, ENTITLEMENT_RESOURCE)


@blueprint.get("/Licenses/<key>", provide_automatic_options=False)
def show_license(key: str) -> Response:
    """Answer one plan."""
    with reading() as (session, _client):
        return answer(shape(ENTITLEMENT_RESOURCE).of(_one(_licenses(session), key, "license")))


#: What a client of no particular identity provider finds listed: it takes each listed type for one that it
#: may create. Roles and plans are ours; Okta's entitlement management looks for them and only reads them.
OF_CLIENTS = ("User", "Group")
DIALECTS_OF_NOBODY = ("generic", "strict")


def _refuse_filter() -> None:
    """Raise ``Forbidden`` for a filter: what is shown is shown whole (RFC 7644 section 4).

    Whoever asked for one schema and was given all would take each for the one that matches.
    """
    if parameter("filter") is not None:
        raise Forbidden("What this endpoint is able to do cannot be filtered. Ask again without the filter.")


def _types(client: Client) -> list[ResourceType]:
    """Return the resource types, that of users with the tenant's own schemas."""
    return [
        replace(each, resource_schema=client.user_schema) if each.resource_schema is USER_RESOURCE else each
        for each in RESOURCE_TYPES
    ]


def _listed(client: Client) -> list[ResourceType]:
    every = client.dialect.name not in DIALECTS_OF_NOBODY
    return [each for each in _types(client) if every or each.name in OF_CLIENTS]


def _documents(types: Iterable[ResourceType], client: Client) -> dict[str, Document]:
    return {each.name.lower(): resource_type_document(each, client.root) for each in types}


def _schemas(client: Client) -> dict[str, Document]:
    resources = [each.resource_schema for each in _types(client)]
    schemas = [schema for each in resources for schema in (each.core, *each.extensions)]
    documents = {each.id.lower(): schema_document(each) for each in schemas}
    for document in documents.values():
        document["meta"] = {**document["meta"], "location": f"{root()}/Schemas/{document['id']}"}
    return documents


def _roles(session: TenantSession) -> dict[str, Document]:
    return _assignable(roles_of(session), ROLE_RESOURCE, kind="Role")


def _licenses(_session: TenantSession) -> dict[str, Document]:
    return _assignable(plans(), ENTITLEMENT_RESOURCE, kind="License")


def _assignable(things: Mapping[str, Any], schema: ResourceSchema, *, kind: str) -> dict[str, Document]:
    return {
        key.lower(): {
            "schemas": [schema.core.id],
            "id": key,
            "displayName": thing.name,
            "type": kind,
            "description": thing.description,
            "meta": {"resourceType": kind, "location": f"{root()}/{kind}s/{key}"},
        }
        for key, thing in things.items()
    }


def _one(documents: Mapping[str, Document], key: str, kind: str) -> Document:
    found = documents.get(key.lower())
    if found is None:
        raise NotFound(f"There is no {kind} {shown(key)}.")
    return found


def _all(documents: list[Document]) -> Response:
    return answer(list_response(documents, len(documents), 1, len(documents)))


def _page(listed: Callable[[TenantSession], Mapping[str, Document]], schema: ResourceSchema) -> Response:
    start_index, count = page()
    with reading() as (session, client):
        parsed = filter_of(schema, client.dialect)
        documents = listed(session)
    selected = [each for each in documents.values() if parsed is None or matches(parsed, each, schema)]
    shown_page = [shape(schema).of(each) for each in selected[start_index - 1 :][:count]]
    return answer(list_response(shown_page, len(selected), start_index, len(shown_page)))
