"""Opening and closing of alerts."""

from datetime import datetime
from typing import Literal

from sqlalchemy import select, update

from bridge.alerts.tables import Alert
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession

Kind = Literal["close_refused", "fuse_blown", "groups_unknown", "seats_used_up"]

REMEDY: dict[str, str] = {
    "close_refused": "a period that has ended is not invoiced, nor is any after it: the detail says why; put "
    "that right, and the night closes the period, or `bridge invoice close` does at once",
    "fuse_blown": "one connection deactivated or unseated many people at once: they have lost their access, "
    "their seats wait; look at `bridge storms show`, then confirm or undo the storm",
    "groups_unknown": "the groups of people who sign in are not known, and stay as they were known last: "
    "the detail says what to allow, or to change, at the identity provider",
    "seats_used_up": "all seats of the plan are held, and people wait for one; look at `bridge seat-limits "
    "queue`, then raise the limit, or take the plan from somebody who does not need it",
}


def open_alert(
    session: TenantSession, kind: Kind, cause_id: str, *, now: datetime, detail: str | None = None
) -> None:
    """Tell of a cause; of one that is told of already, only the detail is brought up to date.

    The caller holds a lock that keeps others from it.
    """
    known = session.scalar(
        select(Alert).where(Alert.kind == kind, Alert.cause_id == cause_id, Alert.closed_at.is_(None))
    )
    if known is None:
        row = {"id": new_id(now), "tenant_id": session.tenant_id, "kind": kind, "cause_id": cause_id}
        session.add_rows(Alert, [{**row, "detail": detail, "opened_at": now}])
    else:
        known.detail = detail


def close_alert(session: TenantSession, kind: Kind, cause_id: str | None, *, now: datetime) -> None:
    """Close the open alert of a cause, or all of the kind; without one, nothing happens."""
    still = update(Alert).where(Alert.kind == kind, Alert.closed_at.is_(None))
    if cause_id is not None:
        still = still.where(Alert.cause_id == cause_id)
    session.execute(still.values(closed_at=now))
