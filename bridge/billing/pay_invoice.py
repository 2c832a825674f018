"""Paying invoices: whoever learns of a payment writes it down, once."""

from datetime import date, datetime

from bridge.billing.invoice_events import add_event, status_of
from bridge.billing.issued_invoices import IssuedInvoice, read_invoice
from bridge.billing.local_days import local_date
from bridge.billing.money import parse_amount
from bridge.billing.price_run import tenant_of
from bridge.billing.remarks import checked_remark
from bridge.billing.subscriptions import lock_counter
from bridge.billing.wake_delivery import wake_delivery
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, InvalidValue
from bridge.journal.record import Cause, Subject, record


def pay_invoice(
    session: TenantSession,
    invoice_id: str,
    *,
    paid_on: date,
    reference: str,
    source: str,
    cause: Cause,
    now: datetime,
) -> bool:
    """Write down that what is due was paid on a date; return False where that was known already.

    ``reference`` finds the payment at the bank, or at Stripe. Raises ``Conflict`` for a void invoice,
    ``InvalidValue`` for a date that has not come.
    """
    lock_counter(session)
    invoice = read_invoice(session, invoice_id)
    today = local_date(now, tenant_of(session).timezone)
    if paid_on > today:
        raise InvalidValue(f"found {paid_on}, allowed a date until today, {today}", pointer="/paid_on")
    reference = checked_remark(reference, pointer="/reference")
    match status_of(session, invoice.id):
        case "paid":
            return False
        case "void":
            raise Conflict(
                f"invoice {invoice.number} is void, so nothing is due on it: give the payment back, "
                "or take it for the invoice that replaced it"
            )
    _tell(session, invoice, "paid", on=paid_on, reference=reference, source=source, cause=cause, now=now)
    wake_delivery(session, now)
    return True


def note_failed_payment(
    session: TenantSession, invoice_id: str, *, failed_on: date, reference: str, cause: Cause, now: datetime
) -> None:
    """Write down that Stripe could not collect a payment; the invoice stays due."""
    lock_counter(session)
    invoice = read_invoice(session, invoice_id)
    _tell(
        session, invoice, "payment_failed", on=failed_on, reference=reference, source="stripe", cause=cause,
        now=now,
    )  # fmt: skip


def due_minor(invoice: IssuedInvoice) -> int:
    """Return what is to be paid on an invoice."""
    return int(parse_amount(invoice.document["due"], invoice.currency))


def _tell(
    session: TenantSession,
    invoice: IssuedInvoice,
    kind: str,
    *,
    on: date,
    reference: str,
    source: str,
    cause: Cause,
    now: datetime,
) -> None:
    details = {"number": invoice.number, "on": on.isoformat(), "source": source}
    subject = Subject("invoice", invoice.id)
    entry = record(session, f"billing:invoice:{kind}", subject, cause=cause, at=now, details=details)
    add_event(
        session,
        invoice.id,
        "paid" if kind == "paid" else "payment_failed",
        happened_on=on,
        amount_minor=due_minor(invoice),
        reference=reference,
        source=source,
        cause_id=entry,
        now=now,
    )
