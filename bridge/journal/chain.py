"""How an entry is hashed into the chain."""

import hashlib
from datetime import UTC

import orjson

from bridge.journal.tables import JournalEntry

#: What the first entry of a tenant's chain follows.
BEGINNING = "0" * 64


def link(previous: str, entry: JournalEntry) -> str:
    """Return the hash of an entry in its place: SHA-256 over the hash before it and its canonical form."""
    return hashlib.sha256(previous.encode() + b"\n" + canonical(entry)).hexdigest()


def canonical(entry: JournalEntry) -> bytes:
    """Return the entry as JSON with sorted keys, no spaces, its instant in UTC with six decimals."""
    at = entry.at.astimezone(UTC)
    content = {
        "action": entry.action,
        "actor_id": entry.actor_id,
        "actor_kind": entry.actor_kind,
        "at": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
        "details": entry.details,
        "id": entry.id,
        "request_id": entry.request_id,
        "subject_id": entry.subject_id,
        "subject_kind": entry.subject_kind,
        "tenant_id": entry.tenant_id,
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
