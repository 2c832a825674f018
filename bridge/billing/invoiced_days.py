"""Until which local date days are invoiced."""

from datetime import date

from sqlalchemy import ColumnElement, func, select

from bridge.billing.tables import Invoice, Subscription
from bridge.database.sessions import TenantSession


def invoiced_until(session: TenantSession, *which: ColumnElement[bool]) -> date | None:
    """Return the date until which days are on invoices, or on those of ``which``; None where there are none.

    Of the period that a cancelled subscription ended in, the days after its end are on no invoice.
    """
    rows = session.execute(
        select(func.max(Invoice.period_end), Subscription.ends_on)
        .join(
            Subscription,
            (Subscription.tenant_id == Invoice.tenant_id) & (Subscription.id == Invoice.subscription_id),
        )
        .where(*which)
        .group_by(Subscription.id, Subscription.ends_on)
    )
    return max((min(end, ends_on or end) for end, ends_on in rows), default=None)
