"""Telling the administrator that people's groups are not known, and what to do about it."""

from datetime import datetime

from sqlalchemy import select

from bridge.alerts.ring import open_alert
from bridge.database.sessions import TenantSession
from bridge.signin.tables import OidcSetting


def tell_unknown_groups(session: TenantSession, connection_id: str, detail: str, *, now: datetime) -> None:
    """Open the connection's alert, one at a time; ``detail`` names nobody."""
    own = select(OidcSetting.connection_id).where(OidcSetting.connection_id == connection_id)
    session.execute(own.with_for_update())
    open_alert(session, "groups_unknown", connection_id, now=now, detail=detail)
