"""Reading the stored seats of people as spans."""

from collections.abc import Collection

from sqlalchemy import select

from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.read_versions import in_chunks
from bridge.seats.differences import StoredSpan
from bridge.seats.tables import Seat
from bridge.seats.timeline import Span

_SEAT = table_of(Seat).c
_STORED = prepared(
    select(
        _SEAT.person_id, _SEAT.computed_at, _SEAT.roles, _SEAT.group_ids, _SEAT.withheld_roles,
        _SEAT.start, _SEAT.end, _SEAT.plan, _SEAT.department, _SEAT.cost_centre, _SEAT.rule_set_id,
        _SEAT.rule, _SEAT.started_by, _SEAT.ended_by, _SEAT.storm_id, _SEAT.waits_for,
    )
    .where(one_of(_SEAT.person_id, texts("ids")))
    .order_by(_SEAT.person_id, _SEAT.start)
)  # fmt: skip


def read_stored(session: TenantSession, person_ids: Collection[str]) -> dict[str, list[StoredSpan]]:
    """Return the stored spans of those of these people who have any, in order of time."""
    found: dict[str, list[StoredSpan]] = {}
    for ids in in_chunks(person_ids):
        for person_id, computed_at, roles, group_ids, withheld, *rest in session.run(_STORED, ids=ids):
            start, end, plan, department, cost_centre, rule_set_id, rule, *reason = rest
            started_by, ended_by, storm_id, waits_for = reason
            span = Span(
                start, end, plan, tuple(roles), department, cost_centre, rule_set_id, rule, tuple(group_ids),
                started_by, ended_by, storm_id, waits_for, tuple(withheld or ()),
            )  # fmt: skip
            found.setdefault(person_id, []).append(StoredSpan(span, computed_at))
    return found
