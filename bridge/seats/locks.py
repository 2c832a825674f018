"""Locks that keep two computations of the same seats apart.

SQLite has one writer at a time and needs none of them.
"""

from collections.abc import Iterable
from hashlib import blake2b

from sqlalchemy import ARRAY, BigInteger, bindparam, text

from bridge.database.sessions import TenantSession

_LOCK_EACH = text("SELECT pg_advisory_xact_lock(key) FROM unnest(:keys) AS key").bindparams(
    bindparam("keys", type_=ARRAY(BigInteger))
)
_LOCK_SHARED = text("SELECT pg_advisory_xact_lock_shared(:key)").bindparams(
    bindparam("key", type_=BigInteger)
)


def lock_people(session: TenantSession, person_ids: Iterable[str]) -> None:
    """Wait until nobody else computes the seats of these people, until the end of the transaction.

    All take the locks in the same order, so that two batches never wait for each other.
    """
    keys = sorted({_key(session, f"person {person_id}") for person_id in person_ids})
    if session.is_postgresql and keys:
        session.execute(_LOCK_EACH, {"keys": keys})


def lock_fuses(session: TenantSession, connection_ids: Iterable[str]) -> None:
    """Wait until nobody else decides what is a storm of these connections, or what becomes of one.

    Whoever holds a person's lock may wait for this one; nobody who holds this one waits for a person's.
    """
    keys = sorted({_key(session, f"fuse {connection_id}") for connection_id in connection_ids})
    if session.is_postgresql and keys:
        session.execute(_LOCK_EACH, {"keys": keys})


def lock_lines(session: TenantSession) -> None:
    """Wait until nobody else of the tenant gives seats that are limited, until the end of the transaction.

    One for all plans, since a person may leave one and want another. Whoever holds a person's lock or a
    fuse's may wait for this one; nobody who holds this one waits for theirs.
    """
    if session.is_postgresql:
        session.execute(_LOCK_EACH, {"keys": [_key(session, "lines")]})


def lock_seats_shared(session: TenantSession) -> None:
    """Keep a closing of the tenant's periods waiting, not other computations of seats.

    Taken before the latest closed period is read: a change of seats is then either part of the closed
    period or noted as late, never neither.
    """
    if session.is_postgresql:
        session.execute(_LOCK_SHARED, {"key": _key(session, "seats")})


def lock_seats(session: TenantSession) -> None:
    """Keep all computations of the tenant's seats waiting; for whoever closes a period."""
    if session.is_postgresql:
        session.execute(_LOCK_EACH, {"keys": [_key(session, "seats")]})


def _key(session: TenantSession, what: str) -> int:
    digest = blake2b(f"{session.tenant_id} {what}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
