"""Routes on a connection as an OAuth client."""

from typing import Any

from flask import request

from bridge.access.oauth_clients import (
    client_secrets_of,
    grant_client_secret,
    withdraw_client,
    withdraw_client_secret,
)
from bridge.web.api.operations import Call, operation
from bridge.web.api.schemas import component
from bridge.web.api.tenants import credential, lifetime, secret
from bridge.web.context import bridge


@operation(
    "GET", "/connections/{connection_id}/oauth-client",
    "Show a connection's OAuth client with its secrets, ended ones included",
    scope="read", answer=component("OAuthClient"),
)  # fmt: skip
def show_oauth_client(call: Call, connection_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = client_secrets_of(session, connection_id)
    return {**_client(connection_id), "secrets": [credential(row, call.now) for row in rows]}


@operation(
    "POST", "/connections/{connection_id}/oauth-client/secrets",
    "Make a secret of a connection's OAuth client; it is told this once, two may be live",
    scope="connections:write", body=component("NewClientSecret"),
    status=201, answer=component("ClientSecret"),
)  # fmt: skip
def make_client_secret(call: Call, connection_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        made = grant_client_secret(
            session,
            connection_id,
            seal=bridge().seal,
            lifetime=lifetime(call),
            cause=call.cause,
            now=call.now,
        )
    return {**_client(connection_id), **secret(made)}


@operation(
    "DELETE", "/connections/{connection_id}/oauth-client/secrets/{secret_id}",
    "Revoke a client secret and the access tokens issued for it at once",
    scope="connections:write", status=204,
)  # fmt: skip
def revoke_client_secret(call: Call, connection_id: str, secret_id: str) -> None:
    with call.database.write(call.tenant_id) as session:
        withdraw_client_secret(session, connection_id, secret_id, cause=call.cause, now=call.now)


@operation(
    "DELETE", "/connections/{connection_id}/oauth-client",
    "Revoke all secrets and access tokens of a connection's OAuth client at once",
    scope="connections:write", status=204,
)  # fmt: skip
def revoke_oauth_client(call: Call, connection_id: str) -> None:
    with call.database.write(call.tenant_id) as session:
        withdraw_client(session, connection_id, cause=call.cause, now=call.now)


def _client(connection_id: str) -> dict[str, Any]:
    root = (bridge().settings.public_url or request.root_url).rstrip("/")
    return {"client_id": connection_id, "token_endpoint": f"{root}/oauth/token"}
