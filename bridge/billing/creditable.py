"""What of paid invoices has not been given back yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select

from bridge.billing.tables import CreditNote, Invoice, InvoiceEvent
from bridge.billing.tax_shares import TaxShare, left_over, parse_taxes
from bridge.database.sessions import TenantSession


@dataclass(frozen=True, slots=True)
class Creditable:
    """A paid invoice with what credit notes may still give back, tax included, in minor units.

    ``left`` is what they have not reversed of each rate. It is more than ``left_minor`` where credit paid for
    a part of the invoice, since that is not money that came in.
    """

    id: str
    number: int
    left_minor: int
    left: tuple[TaxShare, ...]


def creditable(session: TenantSession, invoice_id: str) -> Creditable | None:
    """Return what is left of a paid invoice; None while it is not paid."""
    return next(_paid(session, Invoice.id == invoice_id), None)


def creditable_invoices(
    session: TenantSession, subscription_id: str, period_start: date
) -> Iterator[Creditable]:
    """Yield the paid invoices of a period, by number."""
    return _paid(
        session, (Invoice.subscription_id == subscription_id) & (Invoice.period_start == period_start)
    )


def _paid(session: TenantSession, which: ColumnElement[bool]) -> Iterator[Creditable]:
    rows = session.execute(
        select(Invoice.id, Invoice.number, Invoice.document, InvoiceEvent.amount_minor)
        .join(
            InvoiceEvent,
            (InvoiceEvent.tenant_id == Invoice.tenant_id) & (InvoiceEvent.invoice_id == Invoice.id),
        )
        .where(InvoiceEvent.kind == "paid", which)
        .order_by(Invoice.number)
    ).all()
    notes = session.execute(
        select(CreditNote.invoice_id, CreditNote.amount_minor, CreditNote.document).where(
            CreditNote.invoice_id.in_([row.id for row in rows])
        )
    ).all()
    for id_, number, document, paid in rows:
        currency = document["currency"]
        own = [note for note in notes if note.invoice_id == id_]
        credited = (share for note in own for share in parse_taxes(note.document["taxes"], currency))
        left = left_over(parse_taxes(document["taxes"], currency), credited)
        yield Creditable(id_, number, paid - sum(note.amount_minor for note in own), left)
