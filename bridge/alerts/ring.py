"""Opening and closing of alerts."""

from datetime import datetime
from typing import Literal

from sqlalchemy import select, update

from bridge.alerts.tables import Alert
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession

Kind = Literal["fuse_blown", "seats_used_up"]

REMEDY: dict[str, str] = {
    "fuse_blown": "one connection deactivated or unseated many people at once: they have lost their access, "
    "their seats wait; look at `bridge storms show`, then confirm or undo the storm",
    "seats_used_up": "all seats of the plan are held, and people wait for one; look at `bridge seat-limits "
    "queue`, then raise the limit, or take the plan from somebody who does not need it",
}


def open_alert(session: TenantSession, kind: Kind, cause_id: str, *, now: datetime) -> None:
    """Tell of a cause, unless it is told of already. The caller holds a lock that keeps others from it."""
    known = select(Alert.id).where(Alert.kind == kind, Alert.cause_id == cause_id, Alert.closed_at.is_(None))
    if session.scalar(known) is None:
        row = {"id": new_id(now), "tenant_id": session.tenant_id, "kind": kind, "cause_id": cause_id}
        session.add_rows(Alert, [{**row, "opened_at": now}])


def close_alert(session: TenantSession, kind: Kind, cause_id: str, *, now: datetime) -> None:
    """Close the open alert of a cause; without one, nothing happens."""
    session.execute(
        update(Alert)
        .where(Alert.kind == kind, Alert.cause_id == cause_id, Alert.closed_at.is_(None))
        .values(closed_at=now)
    )
