"""What the tests of an invoice's life do and look at."""

from datetime import date

from bridge.billing.billing_details import set_details
from bridge.billing.invoice_events import status_of
from bridge.billing.issue_credit_note import credit_by_hand
from bridge.billing.issued_credit_notes import list_credit_notes, verify_credit_note
from bridge.billing.issued_invoices import read_invoice
from bridge.billing.pay_invoice import pay_invoice
from bridge.billing.void_invoice import reissue_invoice, void_invoice
from bridge.oversight.reconcile import reconcile
from tests.invoicing.books import OPERATOR, Books, at


def pay(books: Books, invoice: str, *, on="2026-02-05", now="2026-03-01") -> bool:
    with books.database.write(books.tenant_id) as session:
        return pay_invoice(
            session, invoice, paid_on=date.fromisoformat(on), reference="bank 17", source="operator",
            cause=OPERATOR, now=at(now),
        )  # fmt: skip


def void(books: Books, invoice: str, *, reason="wrong price", now="2026-03-01") -> bool:
    with books.database.write(books.tenant_id) as session:
        return void_invoice(session, invoice, reason=reason, source="operator", cause=OPERATOR, now=at(now))


def reissue(books: Books, invoice: str, *, now="2026-03-01"):
    return reissue_invoice(books.database, books.tenant_id, invoice, cause=OPERATOR, now=at(now))


def credit(books: Books, invoice: str, amount: str, *, reason="an outage"):
    with books.database.write(books.tenant_id) as session:
        return credit_by_hand(
            session, invoice, amount=amount, reason=reason, cause=OPERATOR, now=at("2026-03-01")
        )


def by_credit_note(books: Books, valid_from="2026-01-01") -> None:
    with books.database.write(books.tenant_id) as session:
        set_details(
            session, {"name": "Nordwind GmbH"}, corrections="credit_note",
            valid_from=date.fromisoformat(valid_from), cause=OPERATOR, now=at("2026-01-01"),
        )  # fmt: skip


def status(books: Books, invoice: str) -> str:
    with books.database.read(books.tenant_id) as session:
        return status_of(session, read_invoice(session, invoice).id)


def credit_notes(books: Books):
    with books.database.read(books.tenant_id) as session:
        notes = list_credit_notes(session)
        assert [verify_credit_note(session, note["id"]) for note in notes] == [()] * len(notes)
        return notes


def findings(books: Books):
    """What money and numbers do not agree with; the books write seats down without facts."""
    found = reconcile(books.database, books.tenant_id, now=at("2027-01-01")).findings
    return tuple(each for each in found if each.kind != "seats_differ")


def january(books: Books) -> str:
    books.seat("ada", "standard", "2026-01-01")
    return books.close("2026-01-01").invoice_id
