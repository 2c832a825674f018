"""Looking somebody up by a key, as identity providers do before nearly every change.

``userName eq "…"`` is most of what Okta and Entra ask. The general way builds a statement for each filter,
which costs more than the rest of the answer; these statements are built once.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam

from bridge.database.prepared import Ask, Prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.counts import Kind
from bridge.directory.encoded import ROWS, Encoded, encoded
from bridge.errors import NotFound
from bridge.scim.filter_tree import Comparison, Filter
from bridge.scim.text import fold

#: More namesakes than this go the general way, which reads no more than a page of them.
NAMESAKES = 100

#: The column of each key, and whether it holds folded text.
_KEYS: Mapping[str, Mapping[str, tuple[str, bool]]] = MappingProxyType(
    {
        "person": {
            "userName": ("user_name_key", True),
            "externalId": ("external_id", False),
            "id": ("id", False),
        },
        "group": {
            "displayName": ("display_name_key", True),
            "externalId": ("external_id", False),
            "id": ("id", False),
        },
    }
)


def _by(kind: Kind, column: str, *, postgresql: bool) -> Prepared:
    of = table_of(ROWS[kind]).c
    found = encoded(kind, postgresql=postgresql, groups=kind == "person").where(
        of[column] == bindparam("key")
    )
    return Prepared(found.order_by(of.created_at, of.id).limit(NAMESAKES + 1))


_STATEMENTS = {
    (postgresql, kind, column): _by(kind, column, postgresql=postgresql)
    for postgresql in (False, True)
    for kind in ROWS
    for column, _ in _KEYS[kind].values()
}


def asked_for_person(connection_id: str, person_id: str, *, root: str, is_postgresql: bool) -> Ask:
    """Return what ``encoded_person`` asks for, for whoever can ask it ahead."""
    return _ask("person", "id", person_id, connection_id, root=root, is_postgresql=is_postgresql)


def encoded_person(session: TenantSession, *, connection_id: str, person_id: str, root: str) -> Encoded:
    """Return one person with their groups. Raises ``NotFound`` like ``search.get_person``."""
    rows = _rows(session, "person", "id", person_id, connection_id=connection_id, root=root)
    if not rows:
        raise NotFound(f"There is no user {person_id} on this connection.")
    return rows[0]


def looked_up(
    session: TenantSession, kind: Kind, parsed: Filter | None, *, connection_id: str, root: str
) -> tuple[Encoded, ...] | None:
    """Return those whom a resolved filter names by a key, oldest first; None for any other filter."""
    key = _key(kind, parsed)
    if key is None:
        return None
    column, value = key
    rows = _rows(session, kind, column, value, connection_id=connection_id, root=root)
    return None if len(rows) > NAMESAKES else rows


def _rows(
    session: TenantSession, kind: Kind, column: str, key: str, *, connection_id: str, root: str
) -> tuple[Encoded, ...]:
    ask = _ask(kind, column, key, connection_id, root=root, is_postgresql=session.is_postgresql)
    rows = (session.run_last if ask.last else session.run)(ask.prepared, **ask.values)
    return tuple(Encoded._make(row) for row in rows)


def _ask(kind: Kind, column: str, key: str, connection_id: str, *, root: str, is_postgresql: bool) -> Ask:
    values = {"key": key, "connection_id": connection_id, "groups_at": f"{root}/Groups/"}
    # A group's members are read after it.
    return Ask(_STATEMENTS[is_postgresql, kind, column], values, last=kind == "person")


def _key(kind: str, parsed: Any) -> tuple[str, str] | None:  # noqa: ANN401 (a filter of any kind, or none)
    if not isinstance(parsed, Comparison) or parsed.op != "eq" or not isinstance(parsed.value, str):
        return None
    path = parsed.path
    known = _KEYS[kind].get(path.name) if path.schema is None and path.sub is None else None
    if known is None:
        return None
    column, is_folded = known
    return column, fold(parsed.value) if is_folded else parsed.value
