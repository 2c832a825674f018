"""Telling the workers that an invoice has news for whoever is told of invoices."""

from datetime import datetime

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.tenants.tables import DueTenant


def wake_delivery(session: TenantSession, now: datetime) -> None:
    """Have the tenant's deliveries looked through soon; where nothing is to be delivered, nothing happens."""
    row = {"id": new_id(now), "tenant_id": session.tenant_id, "cause": "delivery", "wake_at": now}
    session.add_rows(DueTenant, [row])
