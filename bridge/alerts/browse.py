"""Looking through alerts, page by page."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, tuple_

from bridge.alerts.tables import Alert
from bridge.database.sessions import TenantSession


def alerts_page(
    session: TenantSession, *, before: tuple[datetime, str] | None, only_open: bool, limit: int
) -> Sequence[Alert]:
    """Return the latest alerts first; ``before`` is the instant and id of the last one seen."""
    rows = select(Alert).order_by(Alert.opened_at.desc(), Alert.id.desc()).limit(limit)
    if only_open:
        rows = rows.where(Alert.closed_at.is_(None))
    if before is not None:
        rows = rows.where(tuple_(Alert.opened_at, Alert.id) < before)
    return session.scalars(rows).all()
