"""A connection as an OAuth client: its secrets, and the access tokens that they are exchanged for.

The client's id is the connection's id. It has one secret, and a second one while the first is replaced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from prometheus_client import Counter
from sqlalchemy import CursorResult, delete, select

from bridge.database.ids import new_id
from bridge.database.sessions import Database, TenantSession
from bridge.errors import NotFound, Unauthenticated
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.credentials import (
    NewCredential,
    create_client_secret,
    is_live,
    list_credentials,
    revoke_credential,
)
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import Connection, Credential
from bridge.tenants.tokens import is_well_formed

ISSUED = Counter("bridge_oauth_tokens_issued_total", "Access tokens issued to OAuth clients")


@dataclass(frozen=True, slots=True)
class KnownClient:
    """An OAuth client that has shown its secret."""

    tenant_id: str
    connection_id: str
    secret_id: str


def grant_client_secret(
    session: TenantSession,
    connection_id: str,
    *,
    seal: Seal,
    lifetime: timedelta | None,
    cause: Cause,
    now: datetime,
) -> NewCredential:
    """Make a secret of a connection's client. Raises ``NotFound``; ``Conflict`` when two are live already."""
    # The row is locked, so that two requests at once do not make a third live secret.
    own = select(Connection.id).where(Connection.id == connection_id).with_for_update()
    if session.scalar(own) is None:
        raise _no_connection(connection_id)
    made = create_client_secret(
        session,
        tenant_id=session.tenant_id,
        connection_id=connection_id,
        seal=seal,
        lifetime=lifetime,
        now=now,
    )
    expires_at = made.expires_at.isoformat() if made.expires_at else None
    record(
        session,
        "access:oauth_secret:create",
        Subject("oauth_secret", made.id),
        cause=cause,
        at=now,
        details={"connection_id": connection_id, "expires_at": expires_at},
    )
    return made


def client_secrets_of(session: TenantSession, connection_id: str) -> Sequence[Credential]:
    """Return the secrets of a connection's client, newest first, ended ones included. Raises ``NotFound``."""
    if session.scalar(select(Connection.id).where(Connection.id == connection_id)) is None:
        raise _no_connection(connection_id)
    return list_credentials(
        session, tenant_id=session.tenant_id, kind="oauth_client", connection_id=connection_id
    )


def withdraw_client_secret(
    session: TenantSession, connection_id: str, secret_id: str, *, cause: Cause, now: datetime
) -> None:
    """End a secret and the tokens issued for it at once; twice changes nothing. Raises ``NotFound``."""
    if secret_id not in {row.id for row in client_secrets_of(session, connection_id)}:
        raise NotFound(f"there is no such client secret {secret_id} in this tenant")
    _withdraw(session, connection_id, {secret_id}, cause=cause, now=now)


def withdraw_client(session: TenantSession, connection_id: str, *, cause: Cause, now: datetime) -> None:
    """End all secrets of a connection's client and all its tokens at once. Raises ``NotFound``."""
    secrets = {row.id for row in client_secrets_of(session, connection_id)}
    _withdraw(session, connection_id, secrets, cause=cause, now=now)


def find_client(
    database: Database, seal: Seal, client_id: str, secret: str, *, now: datetime
) -> KnownClient | None:
    """Return the client whose secret this is, None for any other pair, without telling what is wrong."""
    if not is_well_formed(secret, "oauth_client"):
        return None
    rows = select(Credential).where(
        Credential.digest.in_(seal.digests(secret)), Credential.kind == "oauth_client", is_live(now)
    )
    with database.unscoped_read() as session:
        row = session.scalar(rows)
    if row is None or row.connection_id != client_id:
        return None
    return KnownClient(row.tenant_id, row.connection_id, row.id)


def issue_token(
    database: Database, seal: Seal, client: KnownClient, token: str, *, lifetime: timedelta, now: datetime
) -> None:
    """Make ``token`` an access token of the client. Raises ``Unauthenticated`` when its secret just ended.

    The secret's row is held until the token is stored, so that a withdrawal at the same time ends both.
    """
    own = select(Credential).where(Credential.id == client.secret_id, is_live(now)).with_for_update()
    with database.unscoped() as session:
        secret = session.scalar(own)
        if secret is None:
            raise Unauthenticated("this client secret has just ended: use the one that replaces it")
        secret.last_used_at = now
        session.add(
            Credential(
                digest=seal.digest(token),
                id=new_id(now),
                tenant_id=client.tenant_id,
                kind="oauth_token",
                connection_id=client.connection_id,
                issued_by=client.secret_id,
                scopes=["scim"],
                created_at=now,
                expires_at=now + lifetime,
            )
        )
    ISSUED.inc()


def forget_tokens(database: Database, tenant_id: str, *, now: datetime) -> int:
    """Delete the tenant's access tokens that have expired; return how many."""
    expired = delete(Credential).where(
        Credential.tenant_id == tenant_id, Credential.kind == "oauth_token", Credential.expires_at <= now
    )
    with database.unscoped() as session:
        return cast("CursorResult[Any]", session.execute(expired)).rowcount


def _withdraw(
    session: TenantSession, connection_id: str, secret_ids: set[str], *, cause: Cause, now: datetime
) -> None:
    for row in client_secrets_of(session, connection_id):
        if row.id in secret_ids and row.revoked_at is None:
            revoke_credential(session, tenant_id=session.tenant_id, credential_id=row.id, now=now)
            subject = Subject("oauth_secret", row.id)
            record(session, "access:oauth_secret:revoke", subject, cause=cause, at=now)


def _no_connection(connection_id: str) -> NotFound:
    return NotFound(f"there is no connection {connection_id} in this tenant")
