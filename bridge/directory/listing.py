"""Lists of people and groups of one connection: filtered, sorted, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row, Select, Text, func, literal, select

from bridge.database.sessions import TenantSession
from bridge.directory.conditions import Searchable, condition
from bridge.directory.ordering import Order, Position, sort_value
from bridge.directory.search import Found, groups, people
from bridge.directory.tables import Group, Person
from bridge.scim.attributes import ResourceSchema
from bridge.scim.filter_tree import Filter
from bridge.scim.schemas import USER_RESOURCE
from bridge.scim.sorting import Sorting


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the ``total`` resources that a filter selects.

    ``before`` and ``behind`` are the positions at which the pages next to it begin, where it was asked for by
    position; ``kinds`` tells ``person`` or ``group`` of each id.
    """

    total: int
    found: tuple[Found, ...]
    before: Position | None = None
    behind: Position | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """What selects resources: columns as in ``Found``, then ``kind`` and ``sort_value``, and their order."""

    selected: Select[Any]
    order: Order


def people_query(
    session: TenantSession,
    *,
    connection_id: str,
    parsed: Filter | None,
    root: str,
    sorting: Sorting | None = None,
    schema: ResourceSchema = USER_RESOURCE,
) -> Query:
    """Select the connection's people, oldest first if not sorted; ``root`` is the address of ``/scim/v2``.

    ``schema`` is what a user may hold in the tenant.
    """
    place = people(session.is_postgresql, root)
    if schema is not USER_RESOURCE:
        place = replace(place, schema=schema)
    return _query(Person, "person", place, connection_id=connection_id, parsed=parsed, sorting=sorting)


def groups_query(
    session: TenantSession,
    *,
    connection_id: str,
    parsed: Filter | None,
    root: str,
    sorting: Sorting | None = None,
) -> Query:
    """Select the connection's groups, oldest first if not sorted, without their members."""
    place = groups(session.is_postgresql, root)
    return _query(Group, "group", place, connection_id=connection_id, parsed=parsed, sorting=sorting)


def index_page(session: TenantSession, query: Query, *, start_index: int, count: int) -> Page:
    """Read ``count`` resources from ``start_index`` (from 1) on; count all where the page does not tell."""
    wanted = query.selected.order_by(*query.order.clauses()).offset(start_index - 1).limit(count)
    rows = session.execute(wanted).all() if count else []
    if count and len(rows) < count and (rows or start_index == 1):
        return _page(start_index - 1 + len(rows), rows)
    return _page(_total(session, query), rows)


def cursor_page(session: TenantSession, query: Query, *, position: Position | None, count: int) -> Page:
    """Read the ``count`` resources next to a position, or the first; count all.

    One more is read than shown, to know whether another page follows.
    """
    if not count:
        return _page(_total(session, query), [])
    backward = position is not None and position.backward
    wanted = query.selected.order_by(*query.order.clauses(backward=backward)).limit(count + 1)
    if position is not None:
        wanted = wanted.where(query.order.beyond(position))
    read = session.execute(wanted).all()
    more, rows = len(read) > count, read[:count]
    total = len(rows) if position is None and not more else _total(session, query)
    if backward:
        return _page(total, rows[::-1], before=more, behind=True)
    return _page(total, rows, before=position is not None, behind=more)


def _query(
    table: type[Person] | type[Group],
    kind: str,
    place: Searchable,
    *,
    connection_id: str,
    parsed: Filter | None,
    sorting: Sorting | None,
) -> Query:
    value = None if sorting is None else sort_value(sorting, place)
    columns = select(
        table.id,
        table.resource,
        table.version,
        table.created_at,
        table.changed_at,
        literal(kind, Text).label("kind"),
        (literal(None, Text) if value is None else value).label("sort_value"),
    )
    wanted = () if parsed is None else (condition(parsed, place),)
    own = (table.connection_id == connection_id, table.deleted_at.is_(None))
    order = Order(table.created_at, table.id, value, sorting is not None and sorting.descending)
    return Query(columns.where(*own, *wanted), order)


def _page(total: int, rows: Sequence[Row[Any]], *, before: bool = False, behind: bool = False) -> Page:
    return Page(
        total,
        tuple(Found(row.id, row.resource, row.version, row.created_at, row.changed_at) for row in rows),
        _position(rows[0], backward=True) if rows and before else None,
        _position(rows[-1], backward=False) if rows and behind else None,
        {row.id: row.kind for row in rows},
    )


def _position(row: Row[Any], *, backward: bool) -> Position:
    return Position(row.created_at, row.id, row.sort_value, backward)


def _total(session: TenantSession, query: Query) -> int:
    counted = query.selected.with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalar(counted) or 0
