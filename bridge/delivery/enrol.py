"""Having a tenant's invoices collected through Stripe."""

from datetime import datetime

from sqlalchemy import select

from bridge.billing.subscriptions import lock_counter
from bridge.database.sessions import TenantSession
from bridge.delivery.tables import StripeCustomer
from bridge.journal.record import Cause, Subject, record


def enrol(session: TenantSession, *, cause: Cause, now: datetime) -> bool:
    """Send the tenant's invoices to Stripe from those closed now on; False where it was so before.

    Raises ``NotFound`` for an unknown tenant.
    """
    lock_counter(session)
    if session.scalar(select(StripeCustomer.tenant_id)) is not None:
        return False
    row = {"tenant_id": session.tenant_id, "enrolled_at": now, "customer_id": None}
    session.add_rows(StripeCustomer, [row])
    subject = Subject("tenant", session.tenant_id)
    record(session, "delivery:stripe:enrol", subject, cause=cause, at=now)
    return True
