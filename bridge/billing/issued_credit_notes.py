"""Reading issued credit notes, with proof that they are still what was issued."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from bridge.billing.invoice_document import document_digest
from bridge.billing.issued_invoices import Discrepancy
from bridge.billing.money import parse_amount
from bridge.billing.people_pages import PeoplePage, page_shares, pages_digest
from bridge.billing.tables import CreditNote, CreditNotePeople
from bridge.database.sessions import TenantSession
from bridge.errors import NotFound


def list_credit_notes(session: TenantSession, invoice_id: str | None = None) -> list[dict[str, Any]]:
    """Return the documents of the tenant's credit notes with their hashes, or of those on one invoice."""
    chosen = select(CreditNote).order_by(CreditNote.number)
    if invoice_id is not None:
        chosen = chosen.where(CreditNote.invoice_id == invoice_id)
    return [row.document | {"sha256": row.sha256} for row in session.scalars(chosen)]


def verify_credit_note(session: TenantSession, number: int) -> tuple[Discrepancy, ...]:
    """Compute hashes and sums of a credit note again; nothing is returned where all agree.

    Raises ``NotFound``.
    """
    row = session.scalar(select(CreditNote).where(CreditNote.number == number))
    if row is None:
        raise NotFound(f"there is no credit note {number} in this tenant")
    pages = list(
        session.scalars(
            select(CreditNotePeople)
            .where(CreditNotePeople.credit_note_id == row.id)
            .order_by(CreditNotePeople.page)
        )
    )
    found = [
        Discrepancy("hash of the document", row.sha256, document_digest(row.document)),
        Discrepancy(
            "hash of the people", row.document["people"]["sha256"], pages_digest(_page(p) for p in pages)
        ),
        *_sums(row, pages),
    ]
    return tuple(each for each in found if each.expected != each.found)


def _sums(row: CreditNote, pages: list[CreditNotePeople]) -> Iterator[Discrepancy]:
    def minor(text: str) -> int:
        return int(parse_amount(text, row.currency))

    amount = minor(row.document["amount"])
    lines = -sum(minor(line["amount"]) for line in row.document["lines"])
    yield Discrepancy("amount of the row", str(amount), str(row.amount_minor))
    yield Discrepancy("sum of lines", str(amount), str(lines))
    if pages:
        shares = (share for page in pages for share in page_shares(page.shares, page.for_period_start))
        people = -sum(share.amount_minor for share in shares)
        yield Discrepancy("sum of people", str(amount), str(people))


def _page(row: CreditNotePeople) -> PeoplePage:
    return PeoplePage(row.for_period_start, row.first_person, row.last_person, row.has_unassigned, row.shares)
