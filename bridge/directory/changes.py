"""Noting whom a change concerns, so that the workers compute its consequences."""

from collections.abc import Iterable
from datetime import datetime

from bridge.database.ids import new_id
from bridge.database.sessions import WAKE, TenantSession
from bridge.directory.tables import ChangeDue
from bridge.journal.record import Subject
from bridge.tenants.tables import DueTenant


def mark_due(session: TenantSession, subjects: Iterable[Subject], *, cause_id: str, now: datetime) -> None:
    """Add one row per subject (person, group or rule set), in the transaction of the change itself.

    All of them have one cause; for several see ``mark_all_due``.
    """
    mark_all_due(session, ((subject, cause_id) for subject in subjects), now=now)


def mark_all_due(session: TenantSession, caused: Iterable[tuple[Subject, str]], *, now: datetime) -> None:
    """Add one row per subject, each with the id of its own cause.

    The workers are woken after the commit. Should that fail, the sweep finds the tenant by its due row.
    """
    rows = [
        {
            "tenant_id": session.tenant_id,
            "id": new_id(now),
            "subject_kind": subject.kind,
            "subject_id": subject.id,
            "cause_id": cause_id,
        }
        for subject, cause_id in caused
    ]
    if not rows:
        return
    session.hold_rows(ChangeDue, rows)
    due = {"id": new_id(now), "tenant_id": session.tenant_id, "cause": "changes", "wake_at": now}
    session.hold_rows(DueTenant, [due])
    session.info[WAKE] = True
