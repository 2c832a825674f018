"""Exports of an invoice agree to the cent: PDF, FOCUS rows, CSV, JSON."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import orjson
import pytest
from pypdf import PdfReader

import config.settings
from bridge.billing.billing_details import set_details
from bridge.billing.exports import export_csv, export_json
from bridge.billing.focus import export_focus
from bridge.billing.invoice_pdf import export_pdf
from bridge.errors import NotFound
from tests.invoicing.acts import january, void
from tests.invoicing.books import OPERATOR, Books, at


@pytest.fixture(autouse=True)
def a_seller(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BRIDGE_SELLER_NAME", "Mäander Software GmbH")
    monkeypatch.setenv("BRIDGE_SELLER_ADDRESS", "Spreeufer 3|10115 Berlin")
    monkeypatch.setenv("BRIDGE_SELLER_TAX_ID", "DE 811 111 111")
    monkeypatch.setenv("BRIDGE_SELLER_PAYMENT", "IBAN DE00 1234")
    config.settings.settings.cache_clear()
    yield
    monkeypatch.undo()
    config.settings.settings.cache_clear()


def pages(books: Books, invoice: str) -> list[str]:
    with books.database.read(books.tenant_id) as session:
        written = export_pdf(session, invoice)
        assert export_pdf(session, invoice) == written
    return [page.extract_text() for page in PdfReader(io.BytesIO(written)).pages]


def focus(books: Books, invoice: str) -> list[dict[str, str]]:
    with books.database.read(books.tenant_id) as session:
        return list(csv.DictReader(io.StringIO("".join(export_focus(session, invoice)), newline="")))


def buyer(books: Books, **fields: str) -> None:
    with books.database.write(books.tenant_id) as session:
        set_details(session, fields, corrections="adjustment", valid_from=date(2026, 1, 1), cause=OPERATOR,
                    now=at("2026-01-01"))  # fmt: skip


NAMES = {
    "zoe": "Zoë Ångström-Łukasiewicz von und zu der Ausgesprochen Langen Namenskette",
    "dmitri": "Дмитрий Иванович",
    "eleni": "Ελένη Παπαδοπούλου",
    "noa": "נועה כהן",
    "li": "李小龙",
}


def test_the_pdf_says_what_the_document_says(books: Books):
    buyer(
        books,
        name="Nordwind Spedition AG",
        address="Hafen 1\n20457 Hamburg",
        tax_id="DE 222",
        reference="PO 7",
    )
    for person, name in NAMES.items():
        books.person(person, display_name=name)
        books.seat(person, "standard", "2026-01-03", department=f"Abteilung {person}")
    document = books.closed("2026-01-01")
    text = "\n".join(pages(books, "1"))
    for said in ("Mäander Software GmbH", "Spreeufer 3", "DE 811 111 111", "IBAN DE00 1234",
                 "Nordwind Spedition AG", "20457 Hamburg", "DE 222", "PO 7", "Invoice 1",
                 "2026-01-01 to 2026-02-01"):  # fmt: skip
        assert said in text, said
    for name in ("subtotal", "tax", "total", "due"):
        assert f"{document[name]} USD" in text
    for line in document["lines"]:
        assert line["amount"] in text
    assert all(f"Abteilung {person}" in " ".join(text.split()) for person in NAMES)
    amounts = [
        Decimal(word) for word in re.findall(r" (-?\d+\.\d\d)$", text.split("People")[1], re.MULTILINE)
    ]
    assert sum(amounts) == Decimal(document["total"])
    assert "Дмитрий Иванович" in text
    assert "Ελένη Παπαδοπούλου" in text
    assert "Łukasiewicz" in text
    assert "li@nordwind.example" in text  # no font here has her name: the user name is printed
    assert text.count("נועה") + text.count("העונ") == 1
    with books.database.read(books.tenant_id) as session:
        sha256 = orjson.loads(b"".join(export_json(session, "1")))["sha256"]
    assert sha256 in text


def test_many_people_take_several_pages_with_heads_and_numbers_on_each(books: Books):
    for number in range(120):
        books.seat(f"person-{number:03}", "standard", "2026-01-01")
    document = books.closed("2026-01-01")
    written = pages(books, "1")
    assert len(written) > 2
    assert all("Person Plan Department" in page.replace("\n", " ") for page in written[1:-1])
    assert [f"page {number} of {len(written)}" in page for number, page in enumerate(written, 1)] == [
        True
    ] * len(written)
    text = "\n".join(written)
    assert text.count("39.00") >= 120
    assert document["total"] == "4680.00"
    assert "Person-119" in text


def test_more_people_than_a_pdf_takes_are_counted(books: Books, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BRIDGE_INVOICE_PDF_PEOPLE", "1")
    config.settings.settings.cache_clear()
    books.seat("ada", "standard", "2026-01-01")
    books.closed("2026-01-01")
    assert "Ada" in "".join(pages(books, "1"))
    books.seat("bob", "standard", "2026-02-01")
    books.closed("2026-02-01")
    text = "".join(pages(books, "2"))
    assert "2 lines of people" in text
    assert "Bob" not in text


def test_a_void_invoice_says_so_on_paper(books: Books):
    invoice = january(books)
    assert "VOID" not in "".join(pages(books, invoice))
    void(books, invoice, reason="wrong price")
    assert "VOID since 2026-03-01: wrong price" in "".join(pages(books, invoice))


def test_an_invoice_of_nothing_has_a_page(books: Books):
    books.closed("2026-01-01")
    assert "0.00 USD" in "".join(pages(books, "1"))


def test_cost_rows_sum_to_what_is_due_and_correct_earlier_periods(books: Books):
    books.seat("ada", "standard", "2026-01-01")
    books.seat("bob", "premium", "2026-01-10", department="=cmd()")
    first = books.closed("2026-01-01")
    books.unseat("ada")
    books.seat("ada", "standard", "2026-01-11")
    books.late("ada", "2026-01-01")
    second = books.closed("2026-02-01")
    for document in (first, second):
        rows = focus(books, document["id"])
        assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal(document["due"])
        with books.database.read(books.tenant_id) as session:
            plain = list(
                csv.DictReader(io.StringIO("".join(export_csv(session, document["id"])), newline=""))
            )
        assert sum(Decimal(row["amount"]) for row in plain) == Decimal(document["subtotal"])
    corrected = [row for row in focus(books, "2") if row["ChargeClass"] == "Correction"]
    assert [(row["ResourceId"], row["BilledCost"]) for row in corrected] == [("ada", "-12.58")]
    assert corrected[0]["ChargePeriodStart"] == "2026-01-01T00:00:00Z"
    assert corrected[0]["ChargePeriodEnd"] == "2026-02-01T00:00:00Z"
    assert {row["SubAccountId"] for row in focus(books, "1")} == {"Sales", "'=cmd()"}
    assert {row["BillingCurrency"] for row in focus(books, "1")} == {"USD"}


@pytest.mark.parametrize("export", [export_pdf, lambda session, which: list(export_focus(session, which))])
def test_exports_of_another_tenants_invoice_are_not_found(books: Books, export):
    invoice = january(books)
    other = Books.of(books.database, tenant_id="southwind-1")
    with other.database.read(other.tenant_id) as session, pytest.raises(NotFound):
        export(session, invoice)
