"""Reading issued invoices, with proof that they are still what was issued."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from bridge.billing.invoice_document import document_digest, person_document
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.money import format_minor, parse_amount
from bridge.billing.people_pages import PeoplePage, page_shares, pages_digest
from bridge.billing.tables import Invoice, InvoicePeople
from bridge.billing.tax_shares import parse_taxes
from bridge.database.sessions import TenantSession
from bridge.errors import NotFound

PAGES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class IssuedInvoice:
    """An invoice as it was issued; ``document`` holds its lines and sums, money as text."""

    id: str
    number: int
    subscription_id: str
    period_start: date
    period_end: date
    revision: int
    reissue: int
    issued_on: date
    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    closed_at: datetime
    document: dict[str, Any]
    sha256: str


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something about an issued invoice that does not agree with the rest of it."""

    what: str
    expected: str
    found: str


def list_invoices(session: TenantSession) -> tuple[IssuedInvoice, ...]:
    """Return the tenant's invoices by number."""
    return tuple(_issued(row) for row in session.scalars(select(Invoice).order_by(Invoice.number)))


def read_invoice(session: TenantSession, invoice_id: str) -> IssuedInvoice:
    """Return one invoice by its id or its number. Raises ``NotFound``."""
    which = Invoice.id == invoice_id
    if invoice_id.isascii() and invoice_id.isdigit():
        which = or_(which, Invoice.number == int(invoice_id[:9]))
    row = session.scalar(select(Invoice).where(which))
    if row is None:
        raise NotFound(
            f"there is no invoice {invoice_id[:40]} in this tenant; `bridge invoice show` lists them"
        )
    return _issued(row)


def invoice_people(session: TenantSession, invoice_id: str) -> Iterator[PersonShare]:
    """Return what each person costs on an invoice, in its order, page by page."""
    for row in _stored_pages(session, InvoicePeople.invoice_id == invoice_id):
        yield from page_shares(row.shares, row.for_period_start)


def shares_of_person(
    session: TenantSession, invoice_id: str, person_id: str | None
) -> tuple[PersonShare, ...]:
    """Return one person's shares of an invoice; without a person, the money that nobody caused."""
    within: ColumnElement[bool] = InvoicePeople.has_unassigned.is_(True)
    if person_id is not None:
        within = and_(InvoicePeople.first_person <= person_id, InvoicePeople.last_person >= person_id)
    pages = _stored_pages(session, and_(InvoicePeople.invoice_id == invoice_id, within))
    shares = (share for row in pages for share in page_shares(row.shares, row.for_period_start))
    return tuple(share for share in shares if share.person_id == person_id)


def invoice_with_people(session: TenantSession, invoice_id: str) -> dict[str, Any]:
    """Return an invoice's document with the rows of its people, and its hash."""
    invoice = read_invoice(session, invoice_id)
    rows = [person_document(share, invoice.currency) for share in invoice_people(session, invoice.id)]
    return invoice.document | {"sha256": invoice.sha256, "people_rows": rows}


def verify_invoice(session: TenantSession, invoice_id: str) -> tuple[Discrepancy, ...]:
    """Compute hashes and sums of an invoice again; nothing is returned where all agree.

    Lines (but tax and credit), people, departments and cost centres each add up to the subtotal.
    """
    invoice = read_invoice(session, invoice_id)
    document = invoice.document
    found = [
        Discrepancy("hash of the document", invoice.sha256, document_digest(document)),
        Discrepancy(
            "hash of the people", document["people"]["sha256"], pages_digest(_pages(session, invoice.id))
        ),
        *_sums(session, invoice),
    ]
    return tuple(each for each in found if each.expected != each.found)


def _sums(session: TenantSession, invoice: IssuedInvoice) -> Iterator[Discrepancy]:
    document, currency = invoice.document, invoice.currency

    def minor(text: str) -> int:
        return int(parse_amount(text, currency))

    lines = [line["amount"] for line in document["lines"] if line["kind"] not in {"tax", "credit"}]
    parts = {
        "lines": sum(minor(amount) for amount in lines),
        "people": sum(share.amount_minor for share in invoice_people(session, invoice.id)),
        "departments": sum(minor(row["amount"]) for row in document["departments"]),
        "cost centres": sum(minor(row["amount"]) for row in document["cost_centres"]),
        "subtotal of the row": invoice.subtotal_minor,
    }
    taxes = parse_taxes(document["taxes"], currency)
    parts["money under all rates"] = sum(share.net for share in taxes)
    taxed = sum(share.tax for share in taxes)
    tax_lines = sum(minor(line["amount"]) for line in document["lines"] if line["kind"] == "tax")
    subtotal = minor(document["subtotal"])
    for name, total in parts.items():
        yield Discrepancy(f"sum of {name}", str(subtotal), str(total))
    for name, tax in (("rates", taxed), ("lines", tax_lines), ("row", invoice.tax_minor)):
        yield Discrepancy(f"tax of the {name}", document["tax"], format_minor(tax, currency))
    yield Discrepancy("total", str(minor(document["total"])), str(subtotal + minor(document["tax"])))
    yield Discrepancy("total of the row", str(minor(document["total"])), str(invoice.total_minor))


def _pages(session: TenantSession, invoice_id: str) -> Iterator[PeoplePage]:
    for row in _stored_pages(session, InvoicePeople.invoice_id == invoice_id):
        yield PeoplePage(
            row.for_period_start, row.first_person, row.last_person, row.has_unassigned, row.shares
        )


def _stored_pages(session: TenantSession, which: ColumnElement[bool]) -> Iterator[InvoicePeople]:
    pages = select(InvoicePeople).where(which).order_by(InvoicePeople.invoice_id, InvoicePeople.page)
    yield from session.scalars(pages, execution_options={"yield_per": PAGES_AT_ONCE})


def _issued(row: Invoice) -> IssuedInvoice:
    return IssuedInvoice(
        id=row.id,
        number=row.number,
        subscription_id=row.subscription_id,
        period_start=row.period_start,
        period_end=row.period_end,
        revision=row.revision,
        reissue=row.reissue,
        issued_on=row.issued_on,
        currency=row.currency,
        subtotal_minor=row.subtotal_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        closed_at=row.closed_at,
        document=row.document,
        sha256=row.sha256,
    )
