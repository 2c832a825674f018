"""What became of an issued invoice, in one document."""

from typing import Any

from sqlalchemy import func, select

from bridge.billing.invoice_events import events_of, status_of
from bridge.billing.issued_invoices import read_invoice
from bridge.billing.money import format_minor
from bridge.billing.tables import CreditNote
from bridge.billing.void_invoice import replacement_of
from bridge.database.sessions import TenantSession


def life_document(session: TenantSession, invoice_id: str) -> dict[str, Any]:
    """Return an invoice's status with its events, what was credited on it, the number that replaced it."""
    invoice = read_invoice(session, invoice_id)
    credited = session.scalar(
        select(func.sum(CreditNote.amount_minor)).where(CreditNote.invoice_id == invoice.id)
    )
    return {
        "id": invoice.id,
        "number": invoice.number,
        "status": status_of(session, invoice.id),
        "replaced_by": replacement_of(session, invoice),
        "credited": format_minor(int(credited or 0), invoice.currency),
        "events": [
            {
                "kind": event.kind,
                "happened_on": event.happened_on.isoformat(),
                "amount": format_minor(event.amount_minor, invoice.currency),
                "reference": event.reference,
                "source": event.source,
                "recorded_at": event.recorded_at.isoformat(),
            }
            for event in events_of(session, invoice.id)
        ],
    }
