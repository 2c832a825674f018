"""Reading the overrides of people."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select

from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.read_versions import in_chunks
from bridge.errors import NotFound
from bridge.mapping.overrides import Override
from bridge.mapping.tables import PersonOverride

_OVERRIDE = table_of(PersonOverride).c
_OVERRIDES = prepared(
    select(*_OVERRIDE)
    .where(one_of(_OVERRIDE.person_id, texts("ids")))
    .order_by(_OVERRIDE.start, _OVERRIDE.id)
)


def read_overrides(session: TenantSession, person_ids: Collection[str]) -> Mapping[str, tuple[Override, ...]]:
    """Return every override these people ever had, in order of time; people without any are left out."""
    found: dict[str, tuple[Override, ...]] = {}
    for ids in in_chunks(person_ids):
        for row in session.run(_OVERRIDES, ids=ids):
            found[row.person_id] = (*found.get(row.person_id, ()), override_of(row))
    return found


def find_override(session: TenantSession, override_id: str) -> Override:
    """Return one override. Raises ``NotFound``."""
    row = session.scalar(select(PersonOverride).where(PersonOverride.id == override_id))
    if row is None:
        raise NotFound(f"there is no override {override_id[:60]} in this tenant")
    return override_of(row)


def overrides_page(
    session: TenantSession, *, at: datetime | None, after_id: str | None, limit: int
) -> Sequence[Override]:
    """Return the tenant's overrides in the order of their making, those that decide ``at`` alone if given."""
    rows = select(PersonOverride).order_by(PersonOverride.id).limit(limit)
    if at is not None:
        still = or_(PersonOverride.end.is_(None), PersonOverride.end > at)
        rows = rows.where(PersonOverride.start <= at, still)
    if after_id is not None:
        rows = rows.where(PersonOverride.id > after_id)
    return [override_of(row) for row in session.scalars(rows)]


def override_of(row: PersonOverride) -> Override:
    """Return the row as a value."""
    return Override(
        id=row.id,
        person_id=row.person_id,
        start=row.start,
        end=row.end,
        plan=row.plan,
        roles=None if row.roles is None else tuple(row.roles),
        reason=row.reason,
        author=row.author,
        started_by=row.started_by,
        ended_by=row.ended_by,
    )
