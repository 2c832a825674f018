"""Telling the values of a ``unique`` meter apart without keeping them."""

import hashlib
import hmac
import os
from datetime import datetime

from sqlalchemy import select, update

from bridge.database.sessions import TenantSession
from bridge.tenants.secrets import Seal
from bridge.usage.tables import UsageSecret

SECRET_BYTES = 32
DIGEST_BYTES = 16


def tenant_secret(session: TenantSession, seal: Seal, *, now: datetime) -> bytes:
    """Return the secret under which the tenant's values are digested, made when it is first needed.

    It is the tenant's own and stays the same when the operator's keys are rotated: digests under those keys
    would change with them, and a value seen before and after would count twice in one period. Here only the
    seal around the secret is renewed, so that the old key can go. Raises ``Misconfigured`` when no present
    key sealed it.
    """
    sealed = _stored(session)
    if sealed is None:
        fresh = seal.seal(os.urandom(SECRET_BYTES))
        row = {"tenant_id": session.tenant_id, "sealed": fresh, "created_at": now}
        # Another batch may be making it just now: whichever was first is the one for both.
        session.add_missing_rows(UsageSecret, [row])
        sealed = _stored(session) or fresh
    renewed = seal.renewed(sealed)
    if renewed is not None:
        session.execute(update(UsageSecret).values(sealed=renewed))
    return seal.open(sealed)


def value_digest(secret: bytes, meter: str, value: str) -> str:
    """Return the keyed digest of a meter's value (HMAC-SHA-256, shortened; hexadecimal).

    The meter is part of it, so that nobody sees that two meters had the same value.
    """
    told = f"{meter}\0{value}".encode()
    return hmac.new(secret, told, hashlib.sha256).digest()[:DIGEST_BYTES].hex()


def _stored(session: TenantSession) -> bytes | None:
    return session.scalar(select(UsageSecret.sealed))
