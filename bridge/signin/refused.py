"""Refused sign-ins: kept with the reason, for the administrator who is asked why."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_

from bridge.database.sessions import TenantSession
from bridge.errors import ProviderFailed, Untrusted
from bridge.signin.tables import RefusedSignIn


def keep_refused(
    session: TenantSession,
    request_id: str,
    connection_id: str,
    refusal: Untrusted | ProviderFailed,
    *,
    keep: timedelta,
    now: datetime,
) -> None:
    """Keep that somebody was refused, and forget those who were refused longer ago than ``keep``."""
    session.execute(
        delete(RefusedSignIn).where(RefusedSignIn.at < now - keep),
        execution_options={"synchronize_session": False},
    )
    row = {
        "tenant_id": session.tenant_id,
        "id": request_id,
        "connection_id": connection_id,
        "at": now,
        "reason": refusal.reason,
        "person_id": refusal.person_id if isinstance(refusal, Untrusted) else None,
        "subject": refusal.subject if isinstance(refusal, Untrusted) else None,
    }
    session.add_rows(RefusedSignIn, [row])


def refused_page(
    session: TenantSession, *, before: tuple[datetime, str] | None = None, limit: int
) -> Sequence[RefusedSignIn]:
    """Return refused sign-ins, the latest first; ``before`` is the instant and id of the last one seen."""
    row = RefusedSignIn
    rows = select(row).order_by(row.at.desc(), row.id.desc()).limit(limit)
    if before is not None:
        rows = rows.where(tuple_(row.at, row.id) < before)
    return session.scalars(rows).all()
