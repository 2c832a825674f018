"""Granting and withdrawing of access for machines: SCIM tokens, API keys."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from bridge.access.active_people import hold_active
from bridge.access.scopes import check_scopes
from bridge.database.sessions import TenantSession
from bridge.errors import NotFound
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.credentials import (
    NewCredential,
    create_api_key,
    create_scim_token,
    list_credentials,
    revoke_credential,
)
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import Connection, Credential, Tenant


def grant_token(
    session: TenantSession,
    connection_id: str,
    *,
    seal: Seal,
    lifetime: timedelta | None,
    cause: Cause,
    now: datetime,
) -> NewCredential:
    """Make a SCIM token for a connection. Raises ``NotFound``; ``Conflict`` when two are live already."""
    # The row is locked, so that two requests at once do not make a third live token.
    own = select(Connection.id).where(Connection.id == connection_id).with_for_update()
    if session.scalar(own) is None:
        raise NotFound(f"there is no connection {connection_id} in this tenant")
    token = create_scim_token(
        session,
        tenant_id=session.tenant_id,
        connection_id=connection_id,
        seal=seal,
        lifetime=lifetime,
        now=now,
    )
    details = {"connection_id": connection_id, "expires_at": _text(token.expires_at)}
    record(session, "access:token:create", Subject("token", token.id), cause=cause, at=now, details=details)
    return token


def grant_api_key(
    session: TenantSession,
    *,
    scopes: Sequence[str],
    person_id: str | None = None,
    seal: Seal,
    lifetime: timedelta | None,
    cause: Cause,
    now: datetime,
) -> NewCredential:
    """Make an API key of the tenant, or of a person, good only while they are active.

    Raises ``InvalidValue`` for an unknown scope, ``NotFound``, ``Conflict`` for a person who is not active.
    """
    allowed = check_scopes(scopes)
    if session.scalar(select(Tenant.tenant_id)) is None:
        raise NotFound(f"there is no tenant {session.tenant_id}")
    if person_id is not None:
        hold_active(session, person_id)
    key = create_api_key(
        session,
        tenant_id=session.tenant_id,
        scopes=allowed,
        person_id=person_id,
        seal=seal,
        lifetime=lifetime,
        now=now,
    )
    details = {"scopes": sorted(allowed), "expires_at": _text(key.expires_at), "person": person_id}
    record(session, "access:api_key:create", Subject("api_key", key.id), cause=cause, at=now, details=details)
    return key


def tokens_of(session: TenantSession, connection_id: str) -> Sequence[Credential]:
    """Return the tokens of a connection, newest first, ended ones included. Raises ``NotFound``."""
    if session.scalar(select(Connection.id).where(Connection.id == connection_id)) is None:
        raise NotFound(f"there is no connection {connection_id} in this tenant")
    return list_credentials(
        session, tenant_id=session.tenant_id, kind="scim_token", connection_id=connection_id
    )


def api_keys(session: TenantSession) -> Sequence[Credential]:
    """Return the tenant's API keys, newest first, ended ones included."""
    return list_credentials(session, tenant_id=session.tenant_id, kind="api_key")


def withdraw_token(
    session: TenantSession, connection_id: str, token_id: str, *, cause: Cause, now: datetime
) -> None:
    """End a connection's token at once; twice changes nothing. Raises ``NotFound``."""
    _withdraw(session, tokens_of(session, connection_id), token_id, "token", cause=cause, now=now)


def withdraw_api_key(session: TenantSession, key_id: str, *, cause: Cause, now: datetime) -> None:
    """End an API key at once; twice changes nothing. Raises ``NotFound``."""
    _withdraw(session, api_keys(session), key_id, "api_key", cause=cause, now=now)


def _withdraw(
    session: TenantSession,
    among: Sequence[Credential],
    credential_id: str,
    kind: str,
    *,
    cause: Cause,
    now: datetime,
) -> None:
    row = next((each for each in among if each.id == credential_id), None)
    if row is None:
        raise NotFound(f"there is no such {kind.replace('_', ' ')} {credential_id} in this tenant")
    if row.revoked_at is not None:
        return
    revoke_credential(session, tenant_id=session.tenant_id, credential_id=credential_id, now=now)
    record(session, f"access:{kind}:revoke", Subject(kind, credential_id), cause=cause, at=now)


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
