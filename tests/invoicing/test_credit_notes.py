"""Credit notes, and to whom invoices are made out."""

from datetime import date

import pytest

from bridge.billing.billing_details import details_on, set_details
from bridge.billing.draft_invoice import preview_invoice
from bridge.billing.invoice_document import draft_document
from bridge.billing.issued_credit_notes import verify_credit_note
from bridge.errors import Conflict, InvalidValue, NotFound
from tests.invoicing.acts import (
    by_credit_note,
    credit,
    credit_notes,
    findings,
    january,
    pay,
)
from tests.invoicing.books import OPERATOR, Books, at


def test_a_paid_month_that_costs_less_becomes_a_credit_note(books: Books):
    by_credit_note(books)
    invoice = january(books)
    pay(books, invoice)
    books.unseat("ada")
    books.seat("ada", "standard", "2026-01-11")
    cause = books.late("ada", "2026-01-01")
    with books.database.read(books.tenant_id) as session:
        preview = draft_document(preview_invoice(session))
    february = books.closed("2026-02-01")
    assert february["total"] == preview["total"] == "39.00"
    assert (
        february["credit_notes"]
        == preview["credit_notes"]
        == [{"invoice": 1, "subtotal": "12.58", "tax": "0.00", "amount": "12.58"}]
    )
    (note,) = credit_notes(books)
    assert (note["number"], note["invoice_id"], note["amount"]) == (1, invoice, "12.58")
    assert [line["amount"] for line in note["lines"]] == ["-12.58"]
    assert (note["buyer"], note["people"]["count"]) == ({"name": "Nordwind GmbH"}, 1)
    assert cause
    books.late("ada", "2026-01-01")  # computed once more, nothing differs
    assert books.closed("2026-03-01")["total"] == "39.00"
    assert len(credit_notes(books)) == 1
    assert findings(books) == ()


def test_what_was_not_paid_is_adjusted_rather_than_credited(books: Books):
    by_credit_note(books)
    january(books)
    books.unseat("ada")
    books.seat("ada", "standard", "2026-01-11")
    books.late("ada", "2026-01-01")
    assert books.closed("2026-02-01")["total"] == "26.42"
    assert credit_notes(books) == []


def test_what_costs_more_is_adjusted_also_where_credit_notes_are_chosen(books: Books):
    by_credit_note(books)
    pay(books, january(books))
    books.seat("bob", "standard", "2026-01-01", "2026-02-01")
    books.late("bob", "2026-01-01")
    assert books.closed("2026-02-01")["total"] == "78.00"
    assert credit_notes(books) == []


def test_the_choice_of_credit_notes_holds_from_its_date(books: Books):
    by_credit_note(books, "2026-03-02")  # the February invoice is of 1 March
    pay(books, january(books))
    books.unseat("ada")
    books.seat("ada", "standard", "2026-01-11")
    books.late("ada", "2026-01-01")
    assert books.closed("2026-02-01")["total"] == "26.42"
    with books.database.read(books.tenant_id) as session:
        assert details_on(session, date(2026, 3, 1)).corrections == "adjustment"
        assert details_on(session, date(2026, 3, 2)).corrections == "credit_note"


def test_never_more_is_credited_than_was_paid(books: Books):
    invoice = january(books)
    with pytest.raises(Conflict, match="not paid"):
        credit(books, invoice, "1.00")
    pay(books, invoice)
    assert credit(books, invoice, "38.00")["number"] == 1
    for wrong in ("1.01", "0.00", "-1.00"):
        with pytest.raises(InvalidValue, match=r"at most 1\.00") as refused:
            credit(books, invoice, wrong)
        assert refused.value.pointer == "/amount"
    assert credit(books, invoice, "1.00")["number"] == 2
    assert [note["amount"] for note in credit_notes(books)] == ["38.00", "1.00"]


def test_a_favour_is_not_taken_back_by_later_computations(books: Books):
    invoice = january(books)
    pay(books, invoice)
    credit(books, invoice, "10.00")
    books.late("ada", "2026-01-01")
    assert books.closed("2026-02-01")["total"] == "39.00"
    assert findings(books) == ()


def test_a_credit_note_that_was_altered_is_found(books: Books):
    invoice = january(books)
    pay(books, invoice)
    credit(books, invoice, "10.00")
    books.sql("UPDATE credit_notes SET amount_minor = 1, subtotal_minor = 1")
    with books.database.read(books.tenant_id) as session:
        assert [each.what for each in verify_credit_note(session, "1")] == [
            "subtotal of the row",
            "amount of the row",
        ]
        with pytest.raises(NotFound):
            verify_credit_note(session, "2")
    assert [(each.kind, each.subject.kind) for each in findings(books)] == [
        ("credit_note_altered", "credit_note")
    ] * 2


@pytest.mark.parametrize(
    ("buyer", "pointer"),
    [
        ({}, "/buyer/name"),
        ({"name": "N", "vat": "DE1"}, "/buyer/vat"),
        ({"name": "N" * 201}, "/buyer/name"),
        ({"name": "N", "country": "Germany"}, "/buyer/country"),
        ({"name": "N", "country": "de"}, "/buyer/country"),
        ({"name": "N\nM"}, "/buyer/name"),
        ({"name": "N", "address": "a\x07b"}, "/buyer/address"),
        ({"name": 7}, "/buyer/name"),
    ],
)
def test_buyers_that_could_not_be_printed_are_refused(books: Books, buyer, pointer):
    with books.database.write(books.tenant_id) as session, pytest.raises(InvalidValue) as refused:
        set_details(session, buyer, corrections="adjustment", valid_from=date(2026, 1, 1), cause=OPERATOR,
                    now=at("2026-01-01"))  # fmt: skip
    assert refused.value.pointer == pointer


def test_the_buyer_of_the_date_is_frozen_into_the_invoice(books: Books):
    for day, name in (("2026-01-01", "Nordwind GmbH"), ("2026-02-02", "Südwind AG")):
        with books.database.write(books.tenant_id) as session:
            set_details(session, {"name": name, "tax_id": "DE 123"}, corrections="adjustment",
                        valid_from=date.fromisoformat(day), cause=OPERATOR, now=at("2026-01-01"))  # fmt: skip
    names = [books.closed()["buyer"]["name"] for _ in range(2)]
    assert names == ["Nordwind GmbH", "Südwind AG"]


def test_corrections_of_another_kind_are_refused(books: Books):
    with books.database.write(books.tenant_id) as session, pytest.raises(InvalidValue) as refused:
        set_details(session, {"name": "N"}, corrections="refund", valid_from=date(2026, 1, 1),
                    cause=OPERATOR, now=at("2026-01-01"))  # fmt: skip
    assert refused.value.pointer == "/corrections"
