"""Routes on the tenant, its connections, their tokens."""

from datetime import datetime, timedelta
from typing import Any

from bridge.access.expiry import expiry_of
from bridge.access.grant import grant_token, tokens_of, withdraw_token
from bridge.oversight.apply_previewed import switch_live
from bridge.tenants.connections import find_connection, list_connections
from bridge.tenants.create import create_connection
from bridge.tenants.credentials import NewCredential
from bridge.tenants.read import find_tenant
from bridge.tenants.tables import Connection, Credential
from bridge.web.api.operations import Call, operation
from bridge.web.api.parameters import parse_instant
from bridge.web.api.schemas import component, whole_list
from bridge.web.context import bridge


@operation("GET", "/tenant", "Show the tenant of the key", scope="read", answer=component("Tenant"))
def show_tenant(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        row = find_tenant(session)
    return {
        "id": row.tenant_id,
        "name": row.name,
        "currency": row.currency,
        "timezone": row.timezone,
        "created_at": row.created_at,
        "settled_until": row.settled_until,
    }


@operation("GET", "/connections", "List connections", scope="read", answer=whole_list("Connection"))
def show_connections(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return {"items": [_connection(row) for row in list_connections(session)]}


@operation(
    "GET", "/connections/{connection_id}", "Show a connection", scope="read", answer=component("Connection")
)
def show_connection(call: Call, connection_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return _connection(find_connection(session, connection_id))


@operation(
    "POST", "/connections", "Make a connection; without live it is observed, not billed",
    scope="connections:write", body=component("NewConnection"), status=201, answer=component("Connection"),
)  # fmt: skip
def make_connection(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        row = create_connection(
            session,
            name=call.body["name"],
            kind=call.body["kind"],
            dialect=call.body.get("dialect"),
            live=call.body.get("live", False),
            cause=call.cause,
            now=call.now,
        )
        return _connection(row)


@operation(
    "POST", "/connections/{connection_id}/live", "Bill a connection's people from now or an instant on",
    scope="connections:write", body=component("Live"), answer=component("Connection"),
)  # fmt: skip
def switch_to_live(call: Call, connection_id: str) -> dict[str, Any]:
    text = call.body.get("live_from")
    live_from = None if text is None else parse_instant(text, pointer="/live_from")
    with call.database.write(call.tenant_id) as session:
        switch_live(
            session,
            connection_id,
            live_from=live_from,
            preview_id=call.body.get("preview_id"),
            hours=bridge().settings.preview_hours,
            cause=call.cause,
            now=call.now,
        )
        return _connection(find_connection(session, connection_id))


@operation(
    "GET", "/connections/{connection_id}/tokens", "List a connection's SCIM tokens, ended ones included",
    scope="read", answer=whole_list("Token"),
)  # fmt: skip
def show_tokens(call: Call, connection_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = tokens_of(session, connection_id)
    return {"items": [{**credential(row, call.now), "connection_id": row.connection_id} for row in rows]}


@operation(
    "POST", "/connections/{connection_id}/tokens", "Make a SCIM token; its secret is told this once",
    scope="connections:write", body=component("NewToken"), status=201, answer=component("Secret"),
)  # fmt: skip
def make_token(call: Call, connection_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        token = grant_token(
            session,
            connection_id,
            seal=bridge().seal,
            lifetime=lifetime(call),
            cause=call.cause,
            now=call.now,
        )
    return secret(token)


@operation(
    "DELETE", "/connections/{connection_id}/tokens/{token_id}", "Revoke a SCIM token at once",
    scope="connections:write", status=204,
)  # fmt: skip
def revoke_token(call: Call, connection_id: str, token_id: str) -> None:
    with call.database.write(call.tenant_id) as session:
        withdraw_token(session, connection_id, token_id, cause=call.cause, now=call.now)


def lifetime(call: Call) -> timedelta | None:
    """Return how long a new credential lives; None where it does not end by itself."""
    days = call.body.get("expires_in_days")
    return None if days is None else timedelta(days=days)


def secret(made: NewCredential) -> dict[str, Any]:
    """Return a credential just made; this is the only answer that ever holds a secret."""
    return {"id": made.id, "secret": made.secret, "expires_at": made.expires_at}


def credential(row: Credential, now: datetime) -> dict[str, Any]:
    """Return what is shown of a credential later, with a warning ahead of its expiry."""
    expiry = expiry_of(row, warning_days=bridge().settings.expiry_warning_days, now=now)
    return {
        "id": row.id,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "last_used_at": row.last_used_at,
        "expires_in_days": expiry.days,
        "expires_soon": expiry.soon,
    }


def _connection(row: Connection) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "dialect": row.dialect,
        "live_from": row.live_from,
        "created_at": row.created_at,
    }
