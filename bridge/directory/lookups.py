"""Looking somebody up by a key, as identity providers do before nearly every change.

``userName eq "…"`` is most of what Okta and Entra ask. The general way builds a statement for each filter,
which costs more than the rest of the answer; these statements are built once.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import bindparam, select

from bridge.database.prepared import Prepared, prepared
from bridge.database.rows import Row, table_of
from bridge.database.sessions import TenantSession
from bridge.directory.listing import Page
from bridge.directory.search import Found
from bridge.directory.tables import Group, Person
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


def _by(row: type[Row], column: str) -> Prepared:
    of = table_of(row).c
    return prepared(
        select(of.id, of.resource, of.version, of.created_at, of.changed_at)
        .where(
            of[column] == bindparam("key"),
            of.connection_id == bindparam("the_connection"),
            of.deleted_at.is_(None),
        )
        .order_by(of.created_at, of.id)
        .limit(NAMESAKES + 1)
    )


_STATEMENTS = {
    (kind, column): _by(row, column)
    for kind, row in (("person", Person), ("group", Group))
    for column, _ in _KEYS[kind].values()
}


def lookup_page(
    session: TenantSession,
    kind: Literal["person", "group"],
    parsed: Filter | None,
    *,
    connection_id: str,
    start_index: int,
    count: int,
) -> Page | None:
    """Return the page of those whom a resolved filter names by a key; None for any other filter."""
    key = _key(kind, parsed)
    if key is None:
        return None
    column, value = key
    rows = session.run(_STATEMENTS[kind, column], key=value, the_connection=connection_id).all()
    if len(rows) > NAMESAKES:
        return None
    found = tuple(Found(*row) for row in rows)
    wanted = found[start_index - 1 : start_index - 1 + count]
    return Page(len(found), wanted, kinds={each.id: kind for each in wanted})


def _key(kind: str, parsed: Any) -> tuple[str, str] | None:  # noqa: ANN401 (a filter of any kind, or none)
    if not isinstance(parsed, Comparison) or parsed.op != "eq" or not isinstance(parsed.value, str):
        return None
    path = parsed.path
    known = _KEYS[kind].get(path.name) if path.schema is None and path.sub is None else None
    if known is None:
        return None
    column, is_folded = known
    return column, fold(parsed.value) if is_folded else parsed.value
