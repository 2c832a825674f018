"""Storing of counted facts, also of those that come after the invoice of their period."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from bridge.database.ids import new_id
from bridge.database.rows import Row
from bridge.database.sessions import TenantSession
from bridge.journal.record import Cause, Subject, record
from bridge.seats.locks import lock_seats_shared
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


def add_facts(
    session: TenantSession,
    table: type[Row],
    rows: Sequence[dict[str, Any]],
    *,
    kind: str,
    closed_until: ClosedUntil,
    cause: Cause,
    now: datetime,
) -> int:
    """Journal and insert the facts of a batch in one statement; return how many are late.

    Another request may be sending the same ones just now: what is there already stays. ``kind`` is what the
    journal calls them.
    """
    entry = record(
        session, f"usage:{kind}:take", Subject("tenant", session.tenant_id), cause=cause, at=now,
        details={kind: len(rows)},
    )  # fmt: skip
    lock_seats_shared(session)
    session.add_missing_rows(table, [{**row, "cause_id": entry} for row in rows])
    facts = ((row["person_id"], row["at"]) for row in rows)
    return note_late(session, facts, closed_until=closed_until(session), cause_id=entry, now=now)
