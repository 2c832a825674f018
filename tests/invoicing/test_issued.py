"""Issued invoices: they can be listed, proved, exported, and never change."""

import csv
import io
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.billing.exports import export_csv, export_json, safe_cell
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.issued_invoices import (
    invoice_with_people,
    list_invoices,
    read_invoice,
    shares_of_person,
    verify_invoice,
)
from bridge.billing.people_pages import SHARES_IN_A_PAGE, page_shares, pages_digest, pages_of
from bridge.errors import NotFound
from tests.invoicing.books import Books

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def january(books: Books) -> str:
    books.person("ada", display_name="=cmd|' /C calc'!A0")
    books.seat("ada", "standard", "2026-01-03 10:00", department="@Sales", cost_centre=None)
    books.seat("bob", "premium", "2026-01-01")
    books.prices("2026-01-01", {"plan": "committed", "unit_amount": "10.00", "minimum": {"seats": 1}})
    return books.close("2026-01-01").invoice_id


def test_an_invoice_is_found_by_id_and_by_number(books: Books, january):
    with books.database.read(books.tenant_id) as session:
        assert read_invoice(session, january) == read_invoice(session, "1") == list_invoices(session)[0]
        with pytest.raises(NotFound, match="no invoice 2"):
            read_invoice(session, "2")


def test_one_persons_shares_are_found(books: Books, january):
    with books.database.read(books.tenant_id) as session:
        assert [share.amount_minor for share in shares_of_person(session, january, "ada")] == [3648]
        assert [share.plan for share in shares_of_person(session, january, None)] == ["committed"]
        assert shares_of_person(session, january, "cleo") == ()


def test_csv_has_a_row_for_each_person_that_no_spreadsheet_computes(books: Books, january):
    with books.database.read(books.tenant_id) as session:
        rows = list(csv.DictReader(io.StringIO("".join(export_csv(session, january)), newline="")))
    assert [row["amount"] for row in rows] == ["36.48", "79.00", "10.00"]
    assert rows[0]["display_name"] == "'=cmd|' /C calc'!A0"
    assert (rows[0]["department"], rows[0]["cost_centre"], rows[0]["billable_days"]) == ("'@Sales", "", "29")
    assert (rows[1]["user_name"], rows[1]["invoice"]) == ("bob@nordwind.example", "1")
    assert (rows[2]["person"], rows[2]["user_name"], rows[2]["plan"]) == ("", "", "committed")


def test_json_is_the_document_with_people_and_names(books: Books, january):
    with books.database.read(books.tenant_id) as session:
        exported = json.loads(b"".join(export_json(session, january)))
        with_people = invoice_with_people(session, january)
    assert [row["user_name"] for row in exported["people_rows"]] == [
        "ada@nordwind.example", "bob@nordwind.example", "",
    ]  # fmt: skip
    assert exported["total"] == with_people["total"] == "125.48"
    assert exported["sha256"] == with_people["sha256"]
    assert [row["amount"] for row in with_people["people_rows"]] == ["36.48", "79.00", "10.00"]


def test_an_empty_invoice_is_exported(books: Books):
    invoice_id = books.close("2026-01-01").invoice_id
    with books.database.read(books.tenant_id) as session:
        assert json.loads(b"".join(export_json(session, invoice_id)))["people_rows"] == []
        assert len("".join(export_csv(session, invoice_id)).splitlines()) == 1


@SQLITE
@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE invoices SET document = json_set(document, '$.due', '0.00')", "hash of the document"),
        ("UPDATE invoices SET sha256 = 'x'", "hash of the document"),
        ("UPDATE invoices SET subtotal_minor = 1", "sum of subtotal of the row"),
        ("UPDATE invoices SET total_minor = 1", "total of the row"),
        ("UPDATE invoice_people SET shares = replace(shares, '3648', '3649')", "hash of the people"),
        ("UPDATE invoice_people SET shares = replace(shares, '3648', '3649')", "sum of people"),
        ("UPDATE invoice_people SET for_period_start = '2025-12-01'", "hash of the people"),
        ("DELETE FROM invoice_people", "sum of people"),
    ],
)
def test_whatever_is_changed_afterwards_is_found(books: Books, january, statement, what):
    with books.database.read(books.tenant_id) as session:
        assert verify_invoice(session, january) == ()
    books.sql(statement)
    with books.database.read(books.tenant_id) as session:
        assert what in [each.what for each in verify_invoice(session, january)]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "＝"])  # noqa: RUF001 (a wide form)
def test_a_cell_that_would_be_computed_begins_with_an_apostrophe(start):
    assert safe_cell(f"{start}1") == f"'{start}1"


@pytest.mark.parametrize("text", ["Ada", "4711", "a=b", "", None])
def test_other_cells_stay_as_they_are(text):
    assert safe_cell(text) == (text or "")


people = st.lists(
    st.tuples(st.text(min_size=1, max_size=5), st.sampled_from([date(2026, 1, 1), date(2026, 2, 1)])),
    max_size=30,
)


@given(named=people, unassigned=st.booleans())
def test_pages_hold_exactly_what_was_put_in(named, unassigned):
    shares = [
        PersonShare(name, "standard", None, "47", 3, 100, None, start)
        for name, start in sorted(named, key=lambda each: (each[1], each[0]))
    ]
    if unassigned:
        shares.append(PersonShare(None, "standard", None, None, 0, 7, None, date(2026, 2, 1)))
    pages = list(pages_of(shares))
    assert [share for page in pages for share in page_shares(page.shares, page.for_period_start)] == shares
    assert pages_digest(pages) != pages_digest([*pages, *pages_of([shares[0]])]) if shares else pages == []


def test_a_page_ends_at_its_limit():
    shares = [
        PersonShare(f"{number:05}", "standard", None, None, 1, 1, None, date(2026, 1, 1))
        for number in range(SHARES_IN_A_PAGE + 1)
    ]
    first, second = pages_of(shares)
    assert (first.first_person, first.last_person, first.has_unassigned) == ("00000", "00999", False)
    assert (second.first_person, second.last_person) == ("01000", "01000")
