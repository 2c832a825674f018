"""Making, listing and revoking of tokens, API keys and secrets of OAuth clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from bridge.database.ids import new_id
from bridge.errors import Conflict, NotFound
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import Credential
from bridge.tenants.tokens import new_token

#: A connection has its token and the one that replaces it; its OAuth client likewise has two secrets.
LIVE_TOKENS = 2

CALLED = {"scim_token": "tokens", "oauth_client": "client secrets"}


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential just made; its secret exists here and with the caller, nowhere else."""

    id: str
    secret: str
    expires_at: datetime | None


def create_scim_token(
    session: Session,
    *,
    tenant_id: str,
    connection_id: str,
    seal: Seal,
    lifetime: timedelta | None,
    now: datetime,
) -> NewCredential:
    """Make a token for a connection. Raises ``Conflict`` when two are live: revoke one first."""
    row = Credential(tenant_id=tenant_id, kind="scim_token", connection_id=connection_id, scopes=["scim"])
    _check_room(session, row, now)
    return _create(session, row, seal=seal, lifetime=lifetime, now=now)


def create_client_secret(
    session: Session,
    *,
    tenant_id: str,
    connection_id: str,
    seal: Seal,
    lifetime: timedelta | None,
    now: datetime,
) -> NewCredential:
    """Make a secret of a connection's OAuth client. Raises ``Conflict`` when two are live."""
    row = Credential(tenant_id=tenant_id, kind="oauth_client", connection_id=connection_id, scopes=[])
    _check_room(session, row, now)
    return _create(session, row, seal=seal, lifetime=lifetime, now=now)


def create_api_key(
    session: Session,
    *,
    tenant_id: str,
    scopes: Sequence[str],
    person_id: str | None,
    seal: Seal,
    lifetime: timedelta | None,
    now: datetime,
) -> NewCredential:
    """Make an API key of a tenant, or of a person of it, with these scopes, which the caller has checked."""
    row = Credential(tenant_id=tenant_id, kind="api_key", person_id=person_id, scopes=sorted(scopes))
    return _create(session, row, seal=seal, lifetime=lifetime, now=now)


def list_credentials(
    session: Session, *, tenant_id: str, kind: str, connection_id: str | None = None
) -> Sequence[Credential]:
    """Return the tenant's or one connection's credentials of a kind, newest first, ended ones included."""
    rows = select(Credential).where(Credential.tenant_id == tenant_id, Credential.kind == kind)
    if connection_id is not None:
        rows = rows.where(Credential.connection_id == connection_id)
    return session.scalars(rows.order_by(Credential.created_at.desc())).all()


def revoke_credential(session: Session, *, tenant_id: str, credential_id: str, now: datetime) -> None:
    """End a credential at once with what was issued for it; twice changes nothing.

    Raises ``NotFound`` for another tenant's.
    """
    own = Credential.tenant_id == tenant_id
    if session.scalar(select(Credential.id).where(own, Credential.id == credential_id)) is None:
        raise NotFound(f"there is no credential {credential_id} in this tenant")
    # The secret first: whoever is about to issue a token holds its row, and that token is then seen below.
    for ended in (Credential.id == credential_id, Credential.issued_by == credential_id):
        session.execute(
            update(Credential).where(own, ended, Credential.revoked_at.is_(None)).values(revoked_at=now)
        )


def is_live(now: datetime) -> ColumnElement[bool]:
    """Return the condition of a credential that is neither revoked nor expired."""
    unexpired = or_(Credential.expires_at.is_(None), Credential.expires_at > now)
    return and_(Credential.revoked_at.is_(None), unexpired)


def _check_room(session: Session, row: Credential, now: datetime) -> None:
    live = select(func.count()).where(
        Credential.tenant_id == row.tenant_id,
        Credential.connection_id == row.connection_id,
        Credential.kind == row.kind,
        is_live(now),
    )
    if session.scalar(live) == LIVE_TOKENS:
        raise Conflict(
            f"connection {row.connection_id} has {LIVE_TOKENS} live {CALLED[row.kind]}: "
            "revoke the one no longer in use"
        )


def _create(
    session: Session, row: Credential, *, seal: Seal, lifetime: timedelta | None, now: datetime
) -> NewCredential:
    secret = new_token(row.kind)
    row.digest, row.id, row.created_at = seal.digest(secret), new_id(now), now
    row.expires_at = now + lifetime if lifetime else None
    session.add(row)
    session.flush()
    return NewCredential(row.id, secret, row.expires_at)
