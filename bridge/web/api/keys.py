"""Routes on API keys."""

from typing import Any

from bridge.access.grant import api_keys, grant_api_key, withdraw_api_key
from bridge.tenants.tables import Credential
from bridge.web.api.operations import Call, operation
from bridge.web.api.schemas import component, whole_list
from bridge.web.api.tenants import credential, lifetime, secret
from bridge.web.context import bridge


@operation(
    "GET", "/api-keys", "List API keys, ended ones included", scope="admin", answer=whole_list("ApiKey")
)
def show_api_keys(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = api_keys(session)
    return {"items": [{**credential(row, call.now), **_of_key(row)} for row in rows]}


@operation(
    "POST", "/api-keys", "Make an API key, perhaps a person's own; its secret is told this once",
    scope="admin", body=component("NewApiKey"), status=201, answer=component("Secret"),
)  # fmt: skip
def make_api_key(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        key = grant_api_key(
            session,
            scopes=call.body["scopes"],
            person_id=call.body.get("person_id"),
            seal=bridge().seal,
            lifetime=lifetime(call),
            cause=call.cause,
            now=call.now,
        )
    return secret(key)


@operation("DELETE", "/api-keys/{key_id}", "Revoke an API key at once", scope="admin", status=204)
def revoke_api_key(call: Call, key_id: str) -> None:
    with call.database.write(call.tenant_id) as session:
        withdraw_api_key(session, key_id, cause=call.cause, now=call.now)


def _of_key(row: Credential) -> dict[str, Any]:
    return {"scopes": row.scopes, "person_id": row.person_id}
