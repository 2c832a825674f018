"""Issuing credit notes: on a correction of a period, or as a favour by hand."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from bridge.billing.backdating import reversal_lines
from bridge.billing.billing_details import details_on, seller
from bridge.billing.creditable import creditable
from bridge.billing.invoice_document import allocation, document_digest, line_document
from bridge.billing.invoice_draft import CreditNoteDraft, DraftLine
from bridge.billing.issued_invoices import read_invoice
from bridge.billing.local_days import local_date
from bridge.billing.money import format_minor, parse_amount
from bridge.billing.people_pages import PeoplePage, pages_digest, pages_of
from bridge.billing.price_run import tenant_of
from bridge.billing.remarks import checked_remark
from bridge.billing.subscriptions import lock_counter
from bridge.billing.tables import CreditNote, CreditNotePeople, InvoiceCounter, PeoplePageRow
from bridge.billing.tax_shares import reversed_gross, taxes_document
from bridge.billing.wake_delivery import wake_delivery
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, InvalidValue
from bridge.journal.record import Cause, Subject, record
from config.settings import settings

CORRECTION = "facts changed after the invoice"
FORMAT = 1
PAGES_AT_ONCE = 50


def credit_by_hand(
    session: TenantSession, invoice_id: str, *, amount: str, reason: str, cause: Cause, now: datetime
) -> dict[str, Any]:
    """Give back ``amount`` of a paid invoice, such as ``12.50`` with its tax; return the note's document.

    It is a favour: the period's price stays what it is, so no later computation takes it back. Raises
    ``Conflict`` for an invoice that is not paid, ``InvalidValue`` for more than paid minus already credited.
    """
    counter = lock_counter(session)
    invoice = read_invoice(session, invoice_id)
    minor = int(parse_amount(amount, invoice.currency, pointer="/amount"))
    reason = checked_remark(reason, pointer="/reason")
    paid = creditable(session, invoice.id)
    if paid is None:
        raise Conflict(f"invoice {invoice.number} is not paid, so there is nothing to give back: void it")
    if not 0 < minor <= paid.left_minor:
        left = format_minor(paid.left_minor, invoice.currency)
        raise InvalidValue(
            f"found {amount}, allowed more than 0 and at most {left}, which is paid and not credited",
            pointer="/amount",
        )
    shares = reversed_gross(paid.left, minor)
    line = DraftLine("credit", None, reason, "1", -sum(each.net for each in shares), invoice.period_start)
    lines = (line, *reversal_lines(shares, invoice.period_start))
    note = CreditNoteDraft(invoice.id, invoice.number, lines, (), shares)
    today = local_date(now, tenant_of(session).timezone)
    return issue_credit_note(session, counter, note, reason=reason, issued_on=today, cause=cause, now=now)


def issue_credit_note(
    session: TenantSession,
    counter: InvoiceCounter,
    note: CreditNoteDraft,
    *,
    reason: str,
    issued_on: date,
    cause: Cause,
    now: datetime,
) -> dict[str, Any]:
    """Give a credit note the next number in the transaction that holds the counter; return its document."""
    counter.last_credit_note += 1
    session.flush()
    pages = list(pages_of(note.people))
    document = _document(
        session, note, pages, number=counter.last_credit_note, reason=reason, issued_on=issued_on, now=now
    )
    row = {
        "tenant_id": session.tenant_id,
        "id": document["id"],
        "number": document["number"],
        "invoice_id": note.invoice_id,
        "issued_on": issued_on,
        "currency": document["currency"],
        "subtotal_minor": note.subtotal_minor,
        "tax_minor": note.tax_minor,
        "amount_minor": note.amount_minor,
        "created_at": now,
        "document": document,
        "sha256": document_digest(document),
    }
    session.add_rows(CreditNote, [row])
    add_pages(session, CreditNotePeople, pages, credit_note_id=document["id"])
    wake_delivery(session, now)
    details = {"number": document["number"], "invoice": note.invoice_id, "people": len(note.people)}
    subject = Subject("credit_note", document["id"])
    record(session, "billing:credit_note:issue", subject, cause=cause, at=now, details=details)
    return document


def add_pages(
    session: TenantSession, table: type[PeoplePageRow], pages: Sequence[PeoplePage], **owner: str
) -> None:
    """Write the people of an invoice or a credit note, which ``owner`` names."""
    for first in range(0, len(pages), PAGES_AT_ONCE):
        rows = [
            {
                "tenant_id": session.tenant_id,
                **owner,
                "page": number,
                "for_period_start": page.for_period_start,
                "first_person": page.first_person,
                "last_person": page.last_person,
                "has_unassigned": page.has_unassigned,
                "shares": page.shares,
            }
            for number, page in enumerate(pages[first : first + PAGES_AT_ONCE], first)
        ]
        session.add_rows(table, rows)


def _document(
    session: TenantSession,
    note: CreditNoteDraft,
    pages: Sequence[PeoplePage],
    *,
    number: int,
    reason: str,
    issued_on: date,
    now: datetime,
) -> dict[str, Any]:
    currency = tenant_of(session).currency
    return {
        "id": new_id(now),
        "number": number,
        "tenant": session.tenant_id,
        "invoice": note.invoice_number,
        "invoice_id": note.invoice_id,
        "issued_on": issued_on.isoformat(),
        "created_at": now.isoformat(),
        "currency": currency,
        "seller": seller(settings()),
        "buyer": dict(details_on(session, issued_on).buyer),
        "reason": reason,
        "lines": [line_document(line, currency) for line in note.lines],
        **allocation(note.people, currency),
        "taxes": taxes_document(note.taxes, currency),
        "subtotal": format_minor(note.subtotal_minor, currency),
        "tax": format_minor(note.tax_minor, currency),
        "amount": format_minor(note.amount_minor, currency),
        "people": {"count": len(note.people), "sha256": pages_digest(pages)},
        "format": FORMAT,
    }
