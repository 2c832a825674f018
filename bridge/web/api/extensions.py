"""Routes on the schemas that a tenant defines for its users."""

from typing import Any

from bridge.scim.extension_document import ExtensionLimits
from bridge.tenants.extension_schemas import apply_extension, extension_schemas
from bridge.web.api.operations import Call, operation
from bridge.web.api.schemas import component, whole_list
from bridge.web.context import bridge


@operation(
    "GET", "/schemas", "List the extension schemas of users, each in its newest version",
    scope="read", answer=whole_list("ExtensionSchema"),
)  # fmt: skip
def show_extension_schemas(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = extension_schemas(session)
    return {
        "items": [
            {
                "id": row.id,
                "urn": row.urn,
                "version": row.version,
                "author": row.author,
                "created_at": row.created_at,
                "document": row.document,
            }
            for row in rows
        ]
    }


@operation(
    "POST", "/schemas", "Define an extension schema for users, or a later version of one",
    scope="schemas:write", body=component("ExtensionDocument"), status=201,
    answer=component("AppliedExtension"),
)  # fmt: skip
def apply_extension_schema(call: Call) -> dict[str, Any]:
    settings = bridge().settings
    with call.database.write(call.tenant_id) as session:
        applied = apply_extension(
            session,
            call.body,
            author=f"api_key {call.caller.credential_id}",
            most=settings.extension_schemas,
            limits=ExtensionLimits(attributes=settings.extension_attributes),
            cause=call.cause,
            now=call.now,
        )
    return {
        "id": applied.id, "urn": applied.urn, "version": applied.version, "applied": applied.applied,
    }  # fmt: skip
