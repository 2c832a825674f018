"""Looking through events, page by page."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, tuple_

from bridge.database.sessions import TenantSession
from bridge.signin.events.tables import ReceivedEvent


def events_page(
    session: TenantSession,
    *,
    connection_id: str | None,
    outcome: str | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[ReceivedEvent]:
    """Return the events received last first; ``before`` has instant and ``our_id`` of the last one seen."""
    row = ReceivedEvent
    rows = select(row).order_by(row.received_at.desc(), row.our_id.desc()).limit(limit)
    if connection_id is not None:
        rows = rows.where(row.connection_id == connection_id)
    if outcome is not None:
        rows = rows.where(row.outcome == outcome)
    if before is not None:
        rows = rows.where(tuple_(row.received_at, row.our_id) < before)
    return session.scalars(rows).all()
