"""Cursors: a position in one list, sealed, for the client that was shown it (RFC 9865).

A cursor is encrypted, for it holds what the list is sorted by, and bound to everything that makes the list:
tenant, connection, filter, order. So it opens nothing but the list it came from.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import orjson

from bridge.directory.ordering import Position, SortValue
from bridge.errors import ExpiredCursor, InvalidCursor, Misconfigured
from bridge.tenants.secrets import Seal

INVALID = (
    "This cursor is not one of this list: its filter, its order or its connection differs, or it is cut."
)


def scope_of(*parts: str | bool | None) -> str:
    """Return the digest of what makes a list."""
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def write_cursor(position: Position, *, scope: str, until: datetime, seal: Seal) -> str:
    """Return the cursor of a position in the list of that scope, good before ``until``."""
    value = _spelled(position.value)
    content = [scope, until, position.created_at, position.id, value, position.backward]
    return seal.seal(orjson.dumps(content)).decode().rstrip("=")


def read_cursor(text: str, *, scope: str, now: datetime, seal: Seal) -> Position:
    """Return the position. Raises ``InvalidCursor`` or ``ExpiredCursor``."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        content = orjson.loads(seal.open(padded))
    except (UnicodeEncodeError, Misconfigured) as error:
        raise InvalidCursor(INVALID) from error
    if content[0] != scope:
        raise InvalidCursor(INVALID)
    _scope, until, created_at, resource_id, value, backward = content
    if now >= datetime.fromisoformat(until):
        raise ExpiredCursor("This cursor has expired. Begin again at the first page.")
    return Position(datetime.fromisoformat(created_at), resource_id, _read(value), backward)


def _spelled(value: SortValue) -> Sequence[object]:
    if isinstance(value, datetime):
        return ("instant", value)
    if isinstance(value, Decimal | float):
        return ("number", str(value))
    return ("plain", value)


def _read(spelled: Sequence[str]) -> SortValue:
    kind, value = spelled
    if kind == "instant":
        return datetime.fromisoformat(value)
    return Decimal(value) if kind == "number" else value
