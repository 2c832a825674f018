"""Reading issued credit notes, with proof that they are still what was issued."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from bridge.billing.invoice_document import document_digest
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.issued_invoices import Discrepancy
from bridge.billing.money import parse_amount
from bridge.billing.people_pages import PeoplePage, page_shares, pages_digest
from bridge.billing.tables import CreditNote, CreditNotePeople
from bridge.billing.tax_shares import parse_taxes
from bridge.database.sessions import TenantSession
from bridge.errors import NotFound

#: Lines that hold no money of the subtotal.
APART = {"tax"}


@dataclass(frozen=True, slots=True)
class IssuedCreditNote:
    """A credit note as it was issued; ``document`` holds its lines and sums, money as text."""

    id: str
    number: int
    invoice_id: str
    issued_on: date
    currency: str
    subtotal_minor: int
    tax_minor: int
    amount_minor: int
    created_at: datetime
    document: dict[str, Any]
    sha256: str


def list_credit_notes(session: TenantSession, invoice_id: str | None = None) -> list[dict[str, Any]]:
    """Return the documents of the tenant's credit notes with their hashes, or of those on one invoice."""
    return [
        note.document | {"sha256": note.sha256}
        for note in all_credit_notes(session)
        if invoice_id in {None, note.invoice_id}
    ]


def all_credit_notes(session: TenantSession) -> tuple[IssuedCreditNote, ...]:
    """Return the tenant's credit notes by number."""
    return tuple(_issued(row) for row in session.scalars(select(CreditNote).order_by(CreditNote.number)))


def read_credit_note(session: TenantSession, number: str) -> IssuedCreditNote:
    """Return one credit note by its number or its id. Raises ``NotFound``."""
    which = CreditNote.id == number
    if number.isascii() and number.isdigit():
        which |= CreditNote.number == int(number[:9])
    row = session.scalar(select(CreditNote).where(which))
    if row is None:
        raise NotFound(
            f"there is no credit note {number[:40]} in this tenant; `bridge invoice credit-notes` lists them"
        )
    return _issued(row)


def credit_note_people(session: TenantSession, credit_note_id: str) -> Iterator[PersonShare]:
    """Return what each person gets back as negative money, in the note's order."""
    for page in _pages(session, credit_note_id):
        yield from page_shares(page.shares, page.for_period_start)


def verify_credit_note(session: TenantSession, number: str) -> tuple[Discrepancy, ...]:
    """Compute hashes and sums of a credit note again; nothing is returned where all agree.

    Lines but tax, and where there are people they, departments and cost centres, each add up to the subtotal.
    Raises ``NotFound``.
    """
    note = read_credit_note(session, number)
    pages = list(_pages(session, note.id))
    found = [
        Discrepancy("hash of the document", note.sha256, document_digest(note.document)),
        Discrepancy("hash of the people", note.document["people"]["sha256"], pages_digest(pages)),
        *_sums(note, pages),
    ]
    return tuple(each for each in found if each.expected != each.found)


def _sums(note: IssuedCreditNote, pages: list[PeoplePage]) -> Iterator[Discrepancy]:
    document = note.document

    def minor(text: str) -> int:
        return int(parse_amount(text, note.currency))

    def total(rows: list[dict[str, str]]) -> int:
        return -sum(minor(row["amount"]) for row in rows)

    subtotal, tax, amount = (minor(document[name]) for name in ("subtotal", "tax", "amount"))
    taxes = parse_taxes(document["taxes"], note.currency)
    parts = {
        "the lines": total([line for line in document["lines"] if line["kind"] not in APART]),
        "all rates": sum(share.net for share in taxes),
        "the row": note.subtotal_minor,
    }
    if pages:
        shares = (share for page in pages for share in page_shares(page.shares, page.for_period_start))
        parts["the people"] = -sum(share.amount_minor for share in shares)
        parts["the departments"] = total(document["departments"])
        parts["the cost centres"] = total(document["cost_centres"])
    for name, sum_ in parts.items():
        yield Discrepancy(f"subtotal of {name}", str(subtotal), str(sum_))
    tax_sums = {
        "the lines": total([line for line in document["lines"] if line["kind"] in APART]),
        "all rates": sum(share.tax for share in taxes),
        "the row": note.tax_minor,
    }
    for name, sum_ in tax_sums.items():
        yield Discrepancy(f"tax of {name}", str(tax), str(sum_))
    yield Discrepancy("amount", str(amount), str(subtotal + tax))
    yield Discrepancy("amount of the row", str(amount), str(note.amount_minor))


def _pages(session: TenantSession, credit_note_id: str) -> Iterator[PeoplePage]:
    rows = session.scalars(
        select(CreditNotePeople)
        .where(CreditNotePeople.credit_note_id == credit_note_id)
        .order_by(CreditNotePeople.page)
    )
    for row in rows:
        yield PeoplePage(
            row.for_period_start, row.first_person, row.last_person, row.has_unassigned, row.shares
        )


def _issued(row: CreditNote) -> IssuedCreditNote:
    return IssuedCreditNote(
        id=row.id,
        number=row.number,
        invoice_id=row.invoice_id,
        issued_on=row.issued_on,
        currency=row.currency,
        subtotal_minor=row.subtotal_minor,
        tax_minor=row.tax_minor,
        amount_minor=row.amount_minor,
        created_at=row.created_at,
        document=row.document,
        sha256=row.sha256,
    )
