"""Reading the stored seats of people as spans."""

from collections.abc import Collection

from sqlalchemy import select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.read_versions import in_chunks
from bridge.seats.differences import StoredSpan
from bridge.seats.tables import Seat
from bridge.seats.timeline import Span

_COLUMNS = (
    Seat.person_id, Seat.computed_at, Seat.roles, Seat.group_ids, Seat.withheld_roles,
    Seat.start, Seat.end, Seat.plan, Seat.department, Seat.cost_centre, Seat.rule_set_id, Seat.rule,
    Seat.started_by, Seat.ended_by, Seat.storm_id, Seat.waits_for,
)  # fmt: skip


def read_stored(session: TenantSession, person_ids: Collection[str]) -> dict[str, list[StoredSpan]]:
    """Return the stored spans of those of these people who have any, in order of time."""
    found: dict[str, list[StoredSpan]] = {}
    for ids in in_chunks(person_ids):
        chosen = select(*_COLUMNS).where(one_of(Seat.person_id, ids)).order_by(Seat.person_id, Seat.start)
        for person_id, computed_at, roles, group_ids, withheld, *rest in session.execute(chosen):
            start, end, plan, department, cost_centre, rule_set_id, rule, *reason = rest
            started_by, ended_by, storm_id, waits_for = reason
            span = Span(
                start, end, plan, tuple(roles), department, cost_centre, rule_set_id, rule, tuple(group_ids),
                started_by, ended_by, storm_id, waits_for, tuple(withheld or ()),
            )  # fmt: skip
            found.setdefault(person_id, []).append(StoredSpan(span, computed_at))
    return found
