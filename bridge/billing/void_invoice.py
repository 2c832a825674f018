"""Voiding an invoice, and issuing it again: its number stays, its money is taken back."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select

from bridge.billing.close_period import Closed, close_run
from bridge.billing.credit import give_credit_back
from bridge.billing.draft_invoice import differences_of, unsettled_periods
from bridge.billing.invoice_draft import Run
from bridge.billing.invoice_events import add_event, status_of
from bridge.billing.issued_invoices import IssuedInvoice, invoice_people, read_invoice
from bridge.billing.local_days import local_date, midnight
from bridge.billing.periods import Period
from bridge.billing.price_run import tenant_of
from bridge.billing.remarks import checked_remark
from bridge.billing.subscriptions import lock_counter, read_subscription
from bridge.billing.tables import Invoice, InvoicePeople
from bridge.billing.wake_delivery import wake_delivery
from bridge.database.ids import new_id
from bridge.database.sessions import Database, TenantSession
from bridge.errors import Conflict
from bridge.journal.record import Cause, Subject, record
from bridge.seats.locks import lock_seats
from bridge.seats.tables import LateChange


def void_invoice(
    session: TenantSession, invoice_id: str, *, reason: str, source: str, cause: Cause, now: datetime
) -> bool:
    """Take the money of an invoice back, with the credit it used; return False for one that is void already.

    Its number stays taken and what it says stays readable. What it adjusted for other periods is owed again,
    so the next invoice carries it. Raises ``Conflict`` for a paid invoice, which is credited instead, and for
    one with a period that is settled, since that is not computed again.
    """
    lock_counter(session)
    lock_seats(session)
    invoice = read_invoice(session, invoice_id)
    reason = checked_remark(reason, pointer="/reason")
    match status_of(session, invoice.id):
        case "void":
            return False
        case "paid":
            raise Conflict(f"invoice {invoice.number} is paid: give money back by `bridge invoice credit`")
    periods = _periods_on(session, invoice)
    _refuse_settled(session, invoice, periods)
    details = {"number": invoice.number, "source": source}
    subject = Subject("invoice", invoice.id)
    entry = record(session, "billing:invoice:void", subject, cause=cause, at=now, details=details)
    add_event(
        session,
        invoice.id,
        "void",
        happened_on=local_date(now, tenant_of(session).timezone),
        amount_minor=invoice.total_minor,
        reference=reason,
        source=source,
        cause_id=entry,
        now=now,
    )
    give_credit_back(session, invoice.id, cause_id=entry, now=now)
    _owe_again(session, invoice, periods, cause_id=entry, now=now)
    wake_delivery(session, now)
    return True


def reissue_invoice(
    database: Database, tenant_id: str, invoice_id: str, *, cause: Cause, now: datetime
) -> Closed:
    """Issue a void invoice's run again, as the facts and terms are now, under the next number.

    Twice, or by two workers at once, makes one invoice. Raises ``Conflict`` for an invoice that is not void.
    """
    with database.read(tenant_id) as session:
        invoice = read_invoice(session, invoice_id)
        if status_of(session, invoice.id) != "void":
            raise Conflict(f"invoice {invoice.number} stands: void it first, with `bridge invoice void`")
        _refuse_settled(session, invoice, {invoice.period_start})
        run = Run(
            read_subscription(session, invoice.subscription_id),
            Period(invoice.period_start, invoice.period_end),
            invoice.revision,
            invoice.issued_on,
            invoice.reissue + 1,
        )
    return close_run(database, tenant_id, run, cause=cause, now=now)


def _periods_on(session: TenantSession, invoice: IssuedInvoice) -> set[date]:
    starts = select(InvoicePeople.for_period_start).where(InvoicePeople.invoice_id == invoice.id).distinct()
    return {invoice.period_start, *session.scalars(starts)}


def _refuse_settled(session: TenantSession, invoice: IssuedInvoice, periods: Iterable[date]) -> None:
    tenant = tenant_of(session)
    if tenant.settled_until is not None and midnight(min(periods), tenant.timezone) < tenant.settled_until:
        raise Conflict(
            f"invoice {invoice.number} has money for {min(periods)}, and periods before "
            f"{tenant.settled_until.date()} are settled: they are not computed again"
        )


def _owe_again(
    session: TenantSession, invoice: IssuedInvoice, periods: set[date], *, cause_id: str, now: datetime
) -> None:
    """Note a late change for whoever a period now costs something else, so that the next invoice says so.

    For the invoice's own period that is what other invoices adjusted: it is not to be paid either.
    """
    timezone = tenant_of(session).timezone
    causes = {share.person_id: share.cause_id for share in invoice_people(session, invoice.id)}
    rows = [
        {
            "tenant_id": session.tenant_id,
            "id": new_id(now),
            "person_id": share.person_id or "",
            "since": midnight(issued.period.start, timezone),
            "cause_id": causes.get(share.person_id) or cause_id,
            "recorded_at": now,
        }
        for issued in unsettled_periods(session)
        if issued.period.start in periods
        for share in differences_of(session, issued, ())
    ]
    if rows:
        session.add_rows(LateChange, rows)


def replacement_of(session: TenantSession, invoice: IssuedInvoice) -> int | None:
    """Return the number of the invoice that was issued in a void one's place."""
    return session.scalar(
        select(Invoice.number).where(
            Invoice.subscription_id == invoice.subscription_id,
            Invoice.period_start == invoice.period_start,
            Invoice.revision == invoice.revision,
            Invoice.reissue == invoice.reissue + 1,
        )
    )
