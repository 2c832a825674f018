"""Making, listing and revoking of tokens and API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from bridge.database.ids import new_id
from bridge.errors import Conflict, NotFound
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import Credential
from bridge.tenants.tokens import new_token

#: A connection has its token and the one that replaces it.
LIVE_TOKENS = 2


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
    live = select(func.count()).where(Credential.connection_id == connection_id, *_live(tenant_id, now))
    if session.scalar(live) == LIVE_TOKENS:
        raise Conflict(
            f"connection {connection_id} has {LIVE_TOKENS} live tokens: revoke the one no longer in use"
        )
    return _create(
        session,
        Credential(tenant_id=tenant_id, kind="scim_token", connection_id=connection_id, scopes=["scim"]),
        seal=seal,
        lifetime=lifetime,
        now=now,
    )


def create_api_key(
    session: Session,
    *,
    tenant_id: str,
    scopes: Sequence[str],
    seal: Seal,
    lifetime: timedelta | None,
    now: datetime,
) -> NewCredential:
    """Make an API key of a tenant with these scopes, which the caller has checked."""
    row = Credential(tenant_id=tenant_id, kind="api_key", connection_id=None, scopes=sorted(scopes))
    return _create(session, row, seal=seal, lifetime=lifetime, now=now)


def list_credentials(session: Session, *, tenant_id: str) -> Sequence[Credential]:
    """Return the tenant's credentials, newest first, revoked ones included."""
    rows = select(Credential).where(Credential.tenant_id == tenant_id).order_by(Credential.created_at.desc())
    return session.scalars(rows).all()


def revoke_credential(session: Session, *, tenant_id: str, credential_id: str, now: datetime) -> None:
    """End a credential at once; twice changes nothing. Raises ``NotFound`` for another tenant's."""
    own = (Credential.tenant_id == tenant_id, Credential.id == credential_id)
    if session.scalar(select(Credential.id).where(*own)) is None:
        raise NotFound(f"there is no credential {credential_id} in this tenant")
    session.execute(update(Credential).where(*own, Credential.revoked_at.is_(None)).values(revoked_at=now))


def _live(tenant_id: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Credential.tenant_id == tenant_id,
        Credential.revoked_at.is_(None),
        or_(Credential.expires_at.is_(None), Credential.expires_at > now),
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
