"""Pages of all people or all groups of a connection, cut out by startIndex without counting to it.

``OFFSET`` reads everything before the page, and a count reads everything: at 100,000 people that is most of
what a page costs. Here the length of the list is a sum of few rows (``counts``), and a page is read by the
key of the resource before it, which is remembered (``places``) or else found in the index alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
)

from bridge.database.columns import Instant, Key
from bridge.database.prepared import TENANT, Prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.counts import COUNTS, Kind, count_living
from bridge.directory.encoded import ROWS, Encoded, encoded, in_utc, instant_of, living, param, with_groups
from bridge.directory.places import Place, PlaceOf, Places

#: Larger pages are read the general way.
MOST = 1_000
#: A place is found anew when the list has grown by more since: to look who is newer must cost little.
MOST_NEWER = 1_000
#: Attempts to read a page while the list changes under it, before it is counted to after all.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class WholePage:
    """Some of all ``total`` resources of a list."""

    total: int
    found: tuple[Encoded, ...] = ()


@dataclass(frozen=True, slots=True)
class _Statements:
    """How one kind of list is read: its first page, one behind a place, the place of a page, who is newer."""

    first: Prepared
    behind: Prepared
    place: Prepared
    newer: Prepared


def whole_page(
    session: TenantSession,
    kind: Kind,
    *,
    connection_id: str,
    start_index: int,
    count: int,
    root: str,
    places: Places,
) -> WholePage | None:
    """Read ``count`` of all resources from ``start_index`` (from 1) on, oldest first.

    What it returns is what counting to ``start_index`` would at the same instant. None when the page is
    larger than ``MOST``, or the list changes so fast that no attempt was good. People come with their groups;
    ``root`` is the address of ``/scim/v2`` in them.
    """
    if count > MOST:
        return None
    if not count:
        return WholePage(count_living(session, kind, connection_id=connection_id))
    page = PlaceOf(session.tenant_id, connection_id, kind, start_index)
    for _attempt in range(ATTEMPTS):
        place = None if start_index == 1 else places.of(page) or _find(session, kind, page)
        rows = _read(session, kind, page, place, count=count)
        if not rows:
            total = count_living(session, kind, connection_id=connection_id)
            if total < start_index:
                return WholePage(total)
        elif place is None or _holds(session, kind, page, place, total=rows[0].total, moved=rows[0].moved):
            found = tuple(Encoded._make(row[:6]) for row in rows)
            now = (rows[0].total, rows[0].moved, rows[0].newest.replace(tzinfo=UTC))
            if place is not None:
                places.remember(page, Place(place.created_at, place.id, *now))
            following = page._replace(start_index=start_index + len(found))
            places.remember(following, Place(instant_of(found[-1].created_at), found[-1].id, *now))
            return WholePage(
                rows[0].total, with_groups(session, found, root=root) if kind == "person" else found
            )
        places.forget(page)
    return None


def _holds(
    session: TenantSession, kind: Kind, page: PlaceOf, place: Place, *, total: int, moved: int
) -> bool:
    """Tell whether the page is the right one, the list being as it was when the page was read.

    What is looked up here is seen later than the page: what has not happened by now had not happened then.
    """
    if moved != place.moved or total - place.total > MOST_NEWER:
        return False
    if total == place.total:
        return True
    wanted = _STATEMENTS[session.is_postgresql, kind].newer
    now = session.run(wanted, connection_id=page.connection_id, kind=kind, newest=place.newest).one()
    return place.still_holds(total=now.total, moved=now.moved, newer=now.newer)


def _find(session: TenantSession, kind: Kind, page: PlaceOf) -> Place | None:
    """Count to the resource before the page, in the index alone; None when the list ends before it."""
    wanted = _STATEMENTS[session.is_postgresql, kind].place
    row = session.run(
        wanted, connection_id=page.connection_id, kind=kind, skipped=page.start_index - 2
    ).one_or_none()
    if row is None:
        return None
    newest: datetime = row.newest
    return Place(row.created_at, row.id, row.total, row.moved, newest.replace(tzinfo=UTC))


def _read(session: TenantSession, kind: Kind, page: PlaceOf, place: Place | None, *, count: int) -> Any:  # noqa: ANN401 (rows of either statement)
    statements = _STATEMENTS[session.is_postgresql, kind]
    values = {"connection_id": page.connection_id, "kind": kind, "count": count}
    if page.start_index == 1:
        return session.run(statements.first, **values).all()
    if place is None:
        return []
    return session.run(statements.behind, created_at=place.created_at, id=place.id, **values).all()


def _statements(kind: Kind, *, postgresql: bool) -> _Statements:
    table = table_of(ROWS[kind])
    of = table.c
    key, there = tuple_(of.created_at, of.id), tuple_(param("created_at", Instant()), param("id", Key))
    listed = encoded(kind, postgresql=postgresql, groups=False).order_by(of.created_at, of.id)
    # OFFSET would compute what stands beside the key for each row that it passes over.
    passed = select(of.created_at, of.id).where(*living(table)).order_by(of.created_at, of.id)
    state = _state(table, postgresql=postgresql)
    return _Statements(
        first=_page(listed, state, of.created_at, postgresql=postgresql),
        behind=_page(listed.where(key > there), state, of.created_at, postgresql=postgresql),
        place=Prepared(select(passed.offset(param("skipped", BigInteger())).limit(1).subquery(), *state)),
        newer=Prepared(select(_newer(table), *state)),
    )


def _page(
    listed: Select[Any], state: Sequence[ColumnElement[Any]], made_at: ColumnElement[Any], *, postgresql: bool
) -> Prepared:
    """Cut the page out of the list, on PostgreSQL twice: it takes an unknown limit for a tenth of all rows.

    So it would see no use in keeping a plan, and make a new one for each page, at the price of the page.
    """
    count = param("count", BigInteger())
    if not postgresql:
        return Prepared(listed.add_columns(*state).limit(count))
    few = listed.add_columns(made_at.label("made_at")).limit(literal_column(str(MOST))).subquery()
    shown = [column for column in few.c if column is not few.c.made_at]
    return Prepared(select(*shown, *state).order_by(few.c.made_at, few.c.id).limit(count))


def _state(table: Table, *, postgresql: bool) -> tuple[ColumnElement[Any], ...]:
    """Return what a place is checked by: in the statement that reads the page, so that one snapshot tells."""
    own = (COUNTS.tenant_id == bindparam(TENANT), COUNTS.connection_id == bindparam("connection_id"))
    counted = select(_sum(COUNTS.delta)).where(*own, COUNTS.kind == bindparam("kind"))
    moved = counted.with_only_columns(_sum(COUNTS.moved))
    others = table.alias()
    newest = select(func.max(others.c.created_at)).where(*living(others)).scalar_subquery()
    return (
        counted.scalar_subquery().label("total"),
        moved.scalar_subquery().label("moved"),
        in_utc(newest, postgresql=postgresql).label("newest"),
    )


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(column), literal_column("0"))


def _newer(table: Table) -> ColumnElement[int]:
    """Return how many were made after ``newest``, counting one past ``MOST_NEWER`` at most."""
    others = table.alias()
    since = others.c.created_at > param("newest", Instant())
    newer = (
        select(literal_column("1"))
        .where(*living(others), since)
        .limit(literal_column(str(MOST_NEWER + 1)))
        .subquery()
    )
    return select(func.count()).select_from(newer).scalar_subquery().label("newer")


_STATEMENTS: Mapping[tuple[bool, Kind], _Statements] = MappingProxyType(
    {
        (postgresql, kind): _statements(kind, postgresql=postgresql)
        for postgresql in (False, True)
        for kind in ROWS
    }
)
