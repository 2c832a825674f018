"""Routes on roles: the bundles of privileges that rules and overrides give."""

from typing import Any

from bridge.mapping.role_catalogues import list_catalogues, newest_catalogue, roles_of
from bridge.mapping.role_document import RoleLimits
from bridge.oversight.change_roles import change_roles
from bridge.oversight.preview_roles import preview_roles
from bridge.web.api.operations import Call, operation
from bridge.web.api.parameters import instant
from bridge.web.api.schemas import INSTANT, TEXT, TEXTS, TRUTH, WHOLE, Schema, listed, record
from bridge.web.context import bridge

_NAMED = {"name": TEXT, "description": TEXT, "privileges": TEXTS}
DOCUMENT: Schema = {
    "type": "object",
    "description": "Roles by key, each with name, description and privileges that read subject:verb",
}
_CHANGE = record({"role": TEXT, "gains": TEXTS, "loses": TEXTS, "people": WHOLE})


@operation(
    "GET", "/roles", "List the roles that rules can give: the shipped ones with the tenant's own",
    scope="read", query=(instant("at", "As they were at this instant; default: as they are"),),
    answer=record({"items": listed(record({"key": TEXT, "own": TRUTH, **_NAMED}))}),
)  # fmt: skip
def show_roles(call: Call) -> dict[str, Any]:
    at = call.query["at"]
    with call.database.read(call.tenant_id) as session:
        newest = newest_catalogue(session, at=at)
        own = {} if newest is None else newest.document
        known = roles_of(session, at=at)
    return {
        "items": [
            {
                "key": key,
                "own": key in own,
                "name": role.name,
                "description": role.description,
                "privileges": role.privileges,
            }
            for key, role in known.items()
        ]
    }


@operation(
    "GET", "/role-catalogues", "List the versions of the tenant's own roles, the newest first: it holds",
    scope="read",
    answer=record(
        {"items": listed(record({"id": TEXT, "version": WHOLE, "author": TEXT, "created_at": INSTANT}))}
    ),
)  # fmt: skip
def show_role_catalogues(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = list_catalogues(session)
    shown = ("id", "version", "author", "created_at")
    return {"items": [{name: getattr(row, name) for name in shown} for row in rows]}


@operation(
    "POST", "/roles", "Give the tenant these roles of its own, in place of those it had",
    scope="rules:write", body=DOCUMENT, status=201,
    answer=record({"id": TEXT, "version": WHOLE, "applied": TRUTH}),
)  # fmt: skip
def make_roles(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        applied = change_roles(
            session,
            call.body,
            author=f"api_key {call.caller.credential_id}",
            limits=RoleLimits(roles=bridge().settings.roles),
            cause=call.cause,
            now=call.now,
        )
    return {"id": applied.id, "version": applied.version, "applied": applied.applied}


@operation(
    "POST", "/roles/preview", "Tell which privileges people would get or lose; nothing changes",
    scope="rules:write", body=DOCUMENT, answer=record({"items": listed(_CHANGE)}),
)  # fmt: skip
def make_roles_preview(call: Call) -> dict[str, Any]:
    limits = RoleLimits(roles=bridge().settings.roles)
    with call.database.read(call.tenant_id) as session:
        return {"items": preview_roles(session, call.body, limits=limits, now=call.now)}
