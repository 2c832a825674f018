"""From an Authorization header to a known caller."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from bridge.access.active_people import require_active
from bridge.database.rows import table_of
from bridge.database.sessions import Database
from bridge.errors import Forbidden, Unauthenticated
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import Credential
from bridge.tenants.tokens import is_well_formed

#: Last use is written at most this often, so that no row is written by every request.
LAST_USED_STEP = timedelta(minutes=1)

REALM = {"scim_token": "a SCIM token of this bridge", "api_key": "an API key of this bridge"}

#: What else is taken where a kind is asked for: a token that the connection's OAuth client was issued.
TAKEN = {"scim_token": ("scim_token", "oauth_token"), "api_key": ("api_key",)}

_CREDENTIALS = table_of(Credential).c
#: Past the ORM: every request asks this.
BY_DIGEST = select(*_CREDENTIALS).where(_CREDENTIALS.digest.in_(bindparam("digests", expanding=True)))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: a connection's identity provider, or the holder of an API key.

    ``person_id`` is whose own key it is, if anybody's.
    """

    tenant_id: str
    credential_id: str
    connection_id: str | None
    scopes: frozenset[str]
    person_id: str | None = None

    def require(self, scope: str) -> None:
        """Raise ``Forbidden`` unless the caller may do this; ``admin`` may do everything."""
        if scope not in self.scopes and "admin" not in self.scopes:
            raise Forbidden(f"this needs the scope {scope}; the API key has {', '.join(sorted(self.scopes))}")


def authenticate(
    database: Database, seal: Seal, authorization: str | None, *, kind: str, now: datetime
) -> Caller:
    """Return the caller behind ``Authorization: Bearer …`` (RFC 6750; the scheme in any case).

    ``kind`` is ``scim_token`` or ``api_key``. Raises ``Unauthenticated``.
    """
    return identify(database, digests_of(seal, authorization, kind=kind), kind=kind, now=now)


def digests_of(seal: Seal, authorization: str | None, *, kind: str) -> tuple[str, ...]:
    """Return the digests under which the presented secret may be known. Raises ``Unauthenticated``."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(f"send Authorization: Bearer followed by {REALM[kind]}")
    if not any(is_well_formed(token, each) for each in TAKEN[kind]):
        raise Unauthenticated(f"this is not {REALM[kind]}: it may be cut off, or meant for something else")
    return seal.digests(token)


def identify(database: Database, digests: tuple[str, ...], *, kind: str, now: datetime) -> Caller:
    """Return the caller whose secret has one of these digests. Raises ``Unauthenticated``."""
    row = database.look_up(BY_DIGEST, {"digests": digests})
    if row is None or row.kind not in TAKEN[kind]:
        raise Unauthenticated("this token is unknown: make a new one and paste it again")
    if row.revoked_at is not None:
        raise Unauthenticated(
            f"token {row.id} was revoked at {row.revoked_at:%Y-%m-%dT%H:%M:%SZ}: make a new one"
        )
    if row.expires_at is not None and row.expires_at <= now:
        raise Unauthenticated(
            f"token {row.id} expired at {row.expires_at:%Y-%m-%dT%H:%M:%SZ}: make a new one"
        )
    if row.person_id is not None:
        require_active(database, row.tenant_id, row.person_id)
    if row.last_used_at is None or row.last_used_at + LAST_USED_STEP <= now:
        _note_use(database, row.digest, now)
    return Caller(row.tenant_id, row.id, row.connection_id, frozenset(row.scopes), row.person_id)


def _note_use(database: Database, digest: str, now: datetime) -> None:
    with database.unscoped() as session:
        session.execute(update(Credential).where(Credential.digest == digest).values(last_used_at=now))
