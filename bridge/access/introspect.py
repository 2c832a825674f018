"""Telling the product who shows a session or a personal key (RFC 7662)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.access.authenticate import authenticate
from bridge.access.sessions import find_session, names_tenant
from bridge.database.sessions import Database
from bridge.errors import Unauthenticated
from bridge.tenants.secrets import Seal


@dataclass(frozen=True, slots=True)
class Introspected:
    """What is told of a token; nothing but that it is not active, where it is not."""

    members: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """Return it for JSON, with the names of RFC 7662 section 2.2; instants are whole seconds."""
        return {"active": bool(self.members), **self.members}


NOTHING = Introspected({})


def introspect(
    database: Database, seal: Seal, token: str, *, tenant_id: str, idle: timedelta, now: datetime
) -> Introspected:
    """Return whose token this is: the value of a session's cookie, or a personal API key of the tenant.

    Why one is not active is not told (section 2.2), nor is anything of another tenant's. To ask is to use:
    a session that the product shows is not at rest.
    """
    try:
        if names_tenant(token, tenant_id):
            return _of_session(database, seal, token, idle=idle, now=now)
        return _of_key(database, seal, token, tenant_id=tenant_id, now=now)
    except Unauthenticated:
        return NOTHING


def _of_session(
    database: Database, seal: Seal, cookie: str, *, idle: timedelta, now: datetime
) -> Introspected:
    found = find_session(database, seal, cookie, idle=idle, now=now)
    return Introspected(
        {
            "sub": found.person_id,
            "token_type": "session",
            "sid": found.session_id,
            "connection_id": found.connection_id,
            "iat": int(found.opened_at.timestamp()),
            "exp": int(found.expires_at.timestamp()),
        }
    )


def _of_key(database: Database, seal: Seal, key: str, *, tenant_id: str, now: datetime) -> Introspected:
    caller = authenticate(database, seal, f"Bearer {key}", kind="api_key", now=now)
    if caller.tenant_id != tenant_id or caller.person_id is None:
        return NOTHING
    scope = " ".join(sorted(caller.scopes))
    return Introspected({"sub": caller.person_id, "token_type": "api_key", "scope": scope})
