"""Events that come after the invoice of their period."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeAlias

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.seats.tables import LateChange

#: Returns the end of the latest closed period; asked while closings wait (``lock_seats_shared``).
ClosedUntil: TypeAlias = Callable[[TenantSession], datetime | None]


def note_late(
    session: TenantSession,
    facts: Iterable[tuple[str, datetime]],
    *,
    closed_until: datetime | None,
    cause_id: str,
    now: datetime,
) -> int:
    """Have the next invoice carry what these facts (account, instant) change; return how many are late."""
    since: dict[str, datetime] = {}
    late = 0
    for person_id, at in facts:
        if closed_until is not None and at < closed_until:
            late += 1
            since[person_id] = min(at, since.get(person_id, at))
    rows = [
        {
            "tenant_id": session.tenant_id,
            "id": new_id(now),
            "person_id": person_id,
            "since": at,
            "cause_id": cause_id,
            "recorded_at": now,
        }
        for person_id, at in since.items()
    ]
    if rows:
        session.add_rows(LateChange, rows)
    return late
