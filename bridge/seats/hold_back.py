"""Holding back what storms would release, in timelines that are computed."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select

from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.read_versions import in_chunks
from bridge.seats.compute import Computed, noting
from bridge.seats.holds import Hold, held_back
from bridge.seats.tables import Storm, StormPerson

_HELD, _STORM = table_of(StormPerson).c, table_of(Storm).c
_HOLDS = prepared(
    select(_HELD.person_id, _HELD.at, _STORM.decided_at, _STORM.id, _STORM.decided_by).where(
        _STORM.id == _HELD.storm_id, one_of(_HELD.person_id, texts("ids")), _STORM.status != "confirmed"
    )
)


def hold_back(session: TenantSession, computed: Computed) -> None:
    """Let the spans of these people be as the storms that are open or were undone have them."""
    holds = read_holds(session, computed.spans.keys())
    for person_id, known in holds.items():
        with noting(computed, person_id):
            spans, away = computed.spans[person_id], computed.joins.get(person_id, ())
            computed.spans[person_id] = held_back(spans, known, away)


def read_holds(session: TenantSession, person_ids: Collection[str]) -> dict[str, list[Hold]]:
    """Return what is held of each of these people; a confirmed storm holds nothing."""
    found: dict[str, list[Hold]] = defaultdict(list)
    for ids in in_chunks(person_ids):
        for person_id, at, until, storm_id, ended_by in session.run(_HOLDS, ids=ids):
            found[person_id].append(Hold(at, until, storm_id, ended_by))
    return dict(found)
