"""Credit notes give back exactly the tax that their invoice charged, at every level."""

import csv
import io
from fractions import Fraction
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from bridge.billing.draft_invoice import preview_invoice
from bridge.billing.exports import (
    export_credit_note_csv,
    export_credit_note_json,
)
from bridge.billing.focus import export_credit_note_focus
from bridge.billing.invoice_document import draft_document
from bridge.billing.invoice_pdf import export_credit_note_pdf
from bridge.billing.issued_credit_notes import read_credit_note, verify_credit_note
from bridge.billing.money import parse_amount
from bridge.billing.tax_shares import (
    TaxShare,
    left_over,
    parse_taxes,
    reversed_gross,
    reversed_net,
    taxed,
    taxes_document,
)
from bridge.errors import InvalidValue, NotFound
from tests.invoicing.acts import by_credit_note, credit, credit_notes, findings, january, pay
from tests.invoicing.books import Books
from tests.invoicing.counting import Counting

PERCENTS = st.integers(0, 100).map(Fraction) | st.sampled_from(
    [Fraction("8.25"), Fraction("7.7"), Fraction("0.000001")]
)
NETS = st.integers(-50_000, 500_000)


@pytest.fixture
def taxed_books(database) -> Counting:
    books = Counting.of(database)
    books.bill("2026-01-01", tax_percent="19")
    return books


def ada_came_later(books: Counting) -> None:
    """Let it be known after her January was paid that she came on the 11th; corrections are credit notes."""
    by_credit_note(books)
    pay(books, january(books))
    books.unseat("ada")
    books.seat("ada", "standard", "2026-01-11")
    books.late("ada", "2026-01-01")


@given(st.dictionaries(PERCENTS, NETS, min_size=1, max_size=4), st.lists(st.integers(1, 10**6), max_size=8))
def test_favours_sum_to_what_was_charged_under_each_rate(nets, cuts):
    charged = taxed(nets)
    total = sum(share.gross for share in charged)
    if total <= 0:
        return
    marks = sorted({0, total, *(cut % total for cut in cuts)})
    given_back: list[TaxShare] = []
    for before, after in pairwise(marks):
        left = left_over(charged, given_back)
        shares = reversed_gross(left, after - before)
        assert sum(share.gross for share in shares) == after - before
        given_back += shares
    assert all((share.net, share.tax) == (0, 0) for share in left_over(charged, given_back))


@given(PERCENTS, st.integers(1, 500_000), st.lists(st.integers(1, 500_000), max_size=8))
def test_corrections_leave_the_tax_of_what_remains(percent, net, cuts):
    charged = taxed({percent: net})
    left = charged
    for mark in sorted({net, *(cut % net for cut in cuts)} - {0}):
        back = mark - (net - left[0].net)
        share = reversed_net(left, percent, back)
        assert share is not None
        assert share.net == back
        assert share.tax >= 0
        left = left_over(left, [share])
        assert left == (
            TaxShare(percent, net - mark, taxed({percent: net - mark})[0].tax if net > mark else 0),
        )
    assert left == (TaxShare(percent, 0, 0),)


@given(PERCENTS, st.integers(1, 5_000), st.integers(1, 5_000), st.integers(1, 5_000))
def test_a_correction_after_a_favour_never_takes_tax(percent, net, gross, back):
    charged = taxed({percent: net})
    favour = reversed_gross(charged, min(gross, charged[0].gross))
    left = left_over(charged, favour)
    share = reversed_net(left, percent, back)
    if share is None:
        assert left[0].net < back
        return
    assert 0 <= share.tax <= left[0].tax


def test_under_a_rate_that_was_not_charged_nothing_is_given_back():
    left = taxed({Fraction(19): 100})
    assert reversed_net(left, Fraction(7), 1) is None
    assert reversed_net(left, Fraction(19), 101) is None
    assert reversed_net((), Fraction(19), 1) is None


@given(st.dictionaries(PERCENTS, NETS, max_size=4))
def test_taxes_are_read_as_they_were_written(nets):
    assert parse_taxes(taxes_document(taxed(nets), "KWD"), "KWD") == taxed(nets)


def test_a_correction_gives_back_net_money_with_its_tax(taxed_books: Counting):
    books = taxed_books
    ada_came_later(books)
    with books.database.read(books.tenant_id) as session:
        (previewed,) = draft_document(preview_invoice(session))["credit_notes"]
    books.closed("2026-02-01")
    (note,) = credit_notes(books)
    money = {name: note[name] for name in ("subtotal", "tax", "amount")}
    # 39.00 and 7.41 of tax were charged; 26.42 and 5.02 remain.
    assert money == {"subtotal": "12.58", "tax": "2.39", "amount": "14.97"}
    assert previewed == {"invoice": 1, **money}
    assert [(line["kind"], line["amount"]) for line in note["lines"]] == [
        ("adjustment", "-12.58"),
        ("tax", "-2.39"),
    ]
    assert note["taxes"] == [{"percent": "19", "net": "12.58", "tax": "2.39"}]
    assert note["departments"] == [{"department": "Sales", "amount": "-12.58"}]
    assert findings(books) == ()


def test_a_month_given_back_bit_by_bit_leaves_no_cent_of_tax(taxed_books: Counting):
    books = taxed_books
    by_credit_note(books)
    pay(books, january(books))
    closings = ["2026-02-01", "2026-03-01", "2026-04-01"]
    for day, month in zip(("2026-01-08", "2026-01-20", None), closings, strict=True):
        books.unseat("ada")
        if day:
            books.seat("ada", "standard", day, "2026-02-01")
        books.late("ada", "2026-01-01")
        books.closed(month)
    notes = credit_notes(books)
    assert len(notes) == 3
    back = {
        name: sum(parse_amount(note[name], "USD") for note in notes) for name in ("subtotal", "tax", "amount")
    }
    assert back == {"subtotal": 3900, "tax": 741, "amount": 4641}
    assert findings(books) == ()


def test_a_favour_is_meant_with_its_tax(taxed_books: Counting):
    books = taxed_books
    invoice = january(books)  # 39.00 and 7.41
    pay(books, invoice)
    note = credit(books, invoice, "11.90")
    assert (note["subtotal"], note["tax"], note["amount"]) == ("10.00", "1.90", "11.90")
    with pytest.raises(InvalidValue, match=r"at most 34\.51"):
        credit(books, invoice, "34.52")
    rest = credit(books, invoice, "34.51")
    assert (rest["subtotal"], rest["tax"]) == ("29.00", "5.51")
    assert findings(books) == ()


def test_after_a_favour_a_correction_that_no_longer_fits_is_adjusted(taxed_books: Counting):
    books = taxed_books
    by_credit_note(books)
    invoice = january(books)
    pay(books, invoice)
    credit(books, invoice, "46.00")
    books.unseat("ada")
    books.late("ada", "2026-01-01")
    assert books.closed("2026-02-01")["subtotal"] == "-39.00"
    assert len(credit_notes(books)) == 1


def test_two_rates_on_one_invoice_are_given_back_in_proportion(database):
    books = Counting.of(database)
    books.bill("2026-01-01", tax_percent="10")
    books.bill("2026-02-01", tax_percent="20")
    books.seat("ada", "standard", "2026-01-01")
    books.closed("2026-01-01")
    books.seat("bob", "standard", "2026-01-01", "2026-02-01")
    books.late("bob", "2026-01-01")
    closed = books.closed("2026-02-01")
    assert closed["taxes"] == [
        {"percent": "10", "net": "39.00", "tax": "3.90"},
        {"percent": "20", "net": "39.00", "tax": "7.80"},
    ]
    pay(books, "2")
    half, rest = (credit(books, "2", amount) for amount in ("44.85", "44.85"))
    for note in (half, rest):
        assert note["taxes"] == [
            {"percent": "10", "net": "19.50", "tax": "1.95"},
            {"percent": "20", "net": "19.50", "tax": "3.90"},
        ]
    assert findings(books) == ()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_exports_of_a_credit_note_agree(taxed_books: Counting):
    books = taxed_books
    ada_came_later(books)
    books.closed("2026-02-01")
    credit(books, "1", "1.19", reason="an outage")
    with books.database.read(books.tenant_id) as session:
        for number, subtotal in (("1", "-12.58"), ("2", "-1.00")):
            rows = list(
                csv.DictReader(io.StringIO("".join(export_credit_note_csv(session, number)), newline=""))
            )
            assert [(row["credit_note"], row["invoice"], row["amount"]) for row in rows] == [
                (number, "1", subtotal)
            ]
            exported = orjson.loads(b"".join(export_credit_note_json(session, number)))
            assert exported["sha256"] == read_credit_note(session, number).sha256
            assert [row["amount"] for row in exported["people_rows"]] == (["-12.58"] if number == "1" else [])
            written = export_credit_note_pdf(session, number)
            assert export_credit_note_pdf(session, number) == written
            text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(written)).pages)
            for said in (
                f"Credit note {number}", "for invoice 1", "Nordwind GmbH", exported["sha256"],
                f"{exported['amount']} USD", f"{exported['tax']} USD", exported["reason"],
            ):  # fmt: skip
                assert said in text, said
            assert "Please pay" not in text
        assert rows[0]["person"] == ""
        for export in (export_credit_note_csv, export_credit_note_json):
            with pytest.raises(NotFound):
                list(export(session, "3"))
        with pytest.raises(NotFound):
            export_credit_note_pdf(session, "3")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_credit_notes_cannot_have_given_back_is_found(books: Books):
    invoice = january(books)
    pay(books, invoice)
    credit(books, invoice, "39.00")
    assert findings(books) == ()
    books.sql("UPDATE invoice_events SET amount_minor = 3000")
    (found,) = findings(books)
    assert (found.kind, found.found) == ("credited_too_much", "900 minor units more")
    books.sql("DELETE FROM invoice_events")
    (found,) = findings(books)
    assert (found.kind, found.expected) == ("credited_too_much", "a paid invoice")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_missing_credit_note_is_found_by_its_number(books: Books):
    invoice = january(books)
    pay(books, invoice)
    credit(books, invoice, "1.00")
    credit(books, invoice, "2.00")
    books.sql("DELETE FROM credit_notes WHERE number = 1")
    (found,) = findings(books)
    assert (found.kind, found.subject.kind, found.subject.id) == ("number_missing", "credit_note", "1")
    books.sql("UPDATE invoice_counters SET last_credit_note = 1")
    assert [(each.subject.id, each.found) for each in findings(books)] == [
        ("1", "no credit_note"),
        ("2", "a number that the counter does not know"),
    ]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE credit_notes SET tax_minor = tax_minor + 1, subtotal_minor = subtotal_minor - 1",
            ["subtotal of the row", "tax of the row"],
        ),
        ("UPDATE credit_notes SET sha256 = 'x'", ["hash of the document"]),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_row_that_was_altered_does_not_verify(taxed_books: Counting, statement, told):
    books = taxed_books
    invoice = january(books)
    pay(books, invoice)
    credit(books, invoice, "11.90")
    books.sql(statement)
    with books.database.read(books.tenant_id) as session:
        assert [each.what for each in verify_credit_note(session, "1")] == told


@pytest.mark.parametrize("given_back", ["what was billed too much", "a favour"])
def test_cost_rows_of_a_credit_note_sum_to_what_it_gives_back(taxed_books, given_back):
    books = taxed_books
    if given_back == "a favour":
        invoice = january(books)
        pay(books, invoice)
        credit(books, invoice, "10.00")
        expected = [("Credit", "", "-8.40"), ("Tax", "", "-1.60")]
    else:
        ada_came_later(books)
        books.closed("2026-02-01")
        expected = [("Usage", "ada", "-12.58"), ("Tax", "", "-2.39")]
    with books.database.read(books.tenant_id) as session:
        rows = list(csv.DictReader(io.StringIO("".join(export_credit_note_focus(session, "1")), newline="")))
    assert [(row["ChargeCategory"], row["ResourceId"], row["BilledCost"]) for row in rows] == expected
    for row in rows:
        assert (row["ChargeClass"], row["x_CreditNoteNumber"], row["x_InvoiceNumber"]) == (
            "Correction",
            "1",
            "1",
        )
        assert row["BillingPeriodStart"] == row["ChargePeriodStart"] == "2026-01-01T00:00:00Z"
        assert row["BillingPeriodEnd"] == row["ChargePeriodEnd"] == "2026-02-01T00:00:00Z"
