"""What of paid invoices has not been given back yet."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select

from bridge.billing.tables import CreditNote, Invoice, InvoiceEvent
from bridge.database.sessions import TenantSession


@dataclass(frozen=True, slots=True)
class Creditable:
    """A paid invoice with what credit notes may still give back, in minor units."""

    id: str
    number: int
    left_minor: int


def creditable(session: TenantSession, invoice_id: str) -> Creditable | None:
    """Return what is left of a paid invoice; None while it is not paid."""
    return next(iter(_paid(session, Invoice.id == invoice_id)), None)


def creditable_invoice(
    session: TenantSession, subscription_id: str, period_start: date, amount_minor: int
) -> Creditable | None:
    """Return the first paid invoice of a period of which as much is left; None where there is none."""
    of_period = (Invoice.subscription_id == subscription_id) & (Invoice.period_start == period_start)
    return next((each for each in _paid(session, of_period) if each.left_minor >= amount_minor), None)


def _paid(session: TenantSession, which: ColumnElement[bool]) -> list[Creditable]:
    credited = (
        select(func.coalesce(func.sum(CreditNote.amount_minor), 0))
        .where(CreditNote.tenant_id == Invoice.tenant_id, CreditNote.invoice_id == Invoice.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Invoice.id, Invoice.number, InvoiceEvent.amount_minor, credited)
        .join(
            InvoiceEvent,
            (InvoiceEvent.tenant_id == Invoice.tenant_id) & (InvoiceEvent.invoice_id == Invoice.id),
        )
        .where(InvoiceEvent.kind == "paid", which)
        .order_by(Invoice.number)
    )
    return [Creditable(id_, number, paid - int(back)) for id_, number, paid, back in rows]
