"""Forgetting of events that are older than their retention."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete

from bridge.database.sessions import Database
from bridge.signin.events.tables import ReceivedEvent


def forget_events(database: Database, tenant_id: str, *, days: int, now: datetime) -> int:
    """Delete the tenant's settled events received more than ``days`` ago; return how many.

    What was last said of a person stays, so that no older event can undo it.
    """
    old = ReceivedEvent.received_at < now - timedelta(days=days), ReceivedEvent.settled_at.is_not(None)
    with database.write(tenant_id) as session:
        return cast("CursorResult[Any]", session.execute(delete(ReceivedEvent).where(*old))).rowcount
