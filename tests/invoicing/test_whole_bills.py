"""What holds for a tenant's bill as a whole: caps, floors, taxes, credit."""

import threading
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.billing.billing_terms import dated_billing_terms
from bridge.billing.credit import credit_entries, give_credit_back
from bridge.billing.subscriptions import lock_counter
from bridge.billing.tenant_terms import DatedTenantTerms, terms_on
from bridge.errors import Conflict, InvalidValue, NotFound
from bridge.journal.verify import verify
from tests.invoicing.books import BEGINNING
from tests.invoicing.counting import Counting

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def books(database) -> Counting:
    return Counting.of(database)


def test_a_tax_is_a_line_of_its_own_and_part_of_the_total(books: Counting):
    books.bill("2026-01-01", tax_percent="19")
    books.seat("ada", "standard", "2026-01-01")
    document = books.closed("2026-01-01")
    assert [(line["kind"], line["amount"]) for line in document["lines"]] == [
        ("seats", "39.00"), ("tax", "7.41"),
    ]  # fmt: skip
    sums = ("subtotal", "tax", "total", "credit_used", "due")
    assert [document[name] for name in sums] == ["39.00", "7.41", "46.41", "0.00", "46.41"]
    assert document["billing_terms"] == {"tenant_cap": None, "tenant_floor": None, "tax_percent": "19"}


@SQLITE
def test_the_whole_bill_is_capped_and_raised_to_its_floor(books: Counting):
    books.bill("2026-01-01", tenant_cap="50.00", tenant_floor="40.00", valid_until="2026-03-01")
    books.seat("ada", "standard", "2026-01-01")
    books.seat("bob", "standard", "2026-02-01")
    assert books.lines("2026-01-01") == [("seats", "standard", "39.00"), ("minimum", None, "1.00")]
    assert books.lines("2026-02-01") == [("seats", "standard", "78.00"), ("cap", None, "-28.00")]
    assert books.lines("2026-03-01") == [("seats", "standard", "78.00")]


@SQLITE
def test_terms_hold_for_the_periods_that_begin_on_their_dates(books: Counting):
    books.bill("2026-01-15", tax_percent="10")
    books.bill("2026-02-01", tax_percent="20")
    books.seat("ada", "standard", "2026-01-01")
    assert [books.closed(month)["tax"] for month in ("2026-01-01", "2026-02-01")] == ["0.00", "7.80"]


@SQLITE
def test_an_adjustment_is_taxed_at_the_rate_of_its_own_period(books: Counting):
    books.bill("2026-01-01", tax_percent="10")
    books.bill("2026-02-01", tax_percent="20")
    books.close("2026-01-01")
    books.seat("ada", "standard", "2026-01-01")
    books.late("ada", "2026-01-01")
    document = books.closed("2026-02-01")
    assert [line["amount"] for line in document["lines"] if line["kind"] == "tax"] == ["3.90", "7.80"]
    assert (document["subtotal"], document["tax"]) == ("78.00", "11.70")


@SQLITE
@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"tenant_cap": "10.00", "tenant_floor": "10.01"}, "/tenant_floor"),
        ({"tenant_cap": "-1"}, "/tenant_cap"),
        ({"tenant_cap": 10}, "/tenant_cap"),
        ({"tenant_cap": "10.001"}, "/tenant_cap"),
        ({"tax_percent": "100.01"}, "/tax_percent"),
        ({"valid_from": "2026-02-30"}, "/valid_from"),
        ({"valid_from": None}, "/valid_from"),
        ({"valid_until": "2026-01-01"}, "/valid_until"),
        ({"tax": "19"}, "/tax"),
    ],
)
def test_bad_terms_are_refused_with_their_pointer_and_change_nothing(books: Counting, terms, pointer):
    with pytest.raises(InvalidValue) as refused:
        books.bill(**{"valid_from": "2026-01-01", **terms})
    assert refused.value.pointer == pointer
    with books.database.read(books.tenant_id) as session:
        assert dated_billing_terms(session) == []


@SQLITE
def test_terms_for_invoiced_days_are_refused(books: Counting):
    books.close("2026-01-01")
    with pytest.raises(Conflict, match="until 2026-02-01"):
        books.bill("2026-01-31", tax_percent="19")
    with pytest.raises(NotFound):
        Counting(books.database, "nobody", "UTC").bill("2026-01-01")


def test_credit_pays_for_invoices_until_it_is_used(books: Counting):
    books.bill("2026-01-01", tax_percent="10")
    books.credit("50.00")
    books.seat("ada", "standard", "2026-01-01")
    assert books.preview()["credit_used"] == "42.90"
    january, february, march = (books.closed(f"2026-0{month}-01") for month in (1, 2, 3))
    assert (january["credit_used"], january["due"]) == ("42.90", "0.00")
    assert (february["credit_used"], february["due"]) == ("7.10", "35.80")
    assert (march["credit_used"], march["due"]) == ("0.00", "42.90")
    assert january["lines"][-1]["kind"] == "credit"
    with books.database.read(books.tenant_id) as session:
        entries = sorted((row.kind, row.amount_minor) for row in credit_entries(session))
    assert entries == [("grant", 5000), ("use", -4290), ("use", -710)]
    assert verify(books.database, books.tenant_id).reason is None


@SQLITE
def test_a_negative_invoice_uses_no_credit(books: Counting):
    books.credit("5.00")
    books.seat("ada", "standard", "2026-01-01", "2026-02-01")
    books.close("2026-01-01")
    books.unseat("ada")
    books.late("ada", "2026-01-01")
    document = books.closed("2026-02-01")
    assert (document["total"], document["credit_used"], document["due"]) == ("-39.00", "0.00", "-39.00")
    assert books.balance == 0


@SQLITE
def test_a_reference_grants_once(books: Counting):
    assert books.credit("5.00").balance_minor == 500
    again = books.credit("5.00")
    assert (again.already_granted, again.balance_minor) == (True, 500)
    with pytest.raises(Conflict, match=r"granted 5\.00 before"):
        books.credit("6.00")
    assert books.credit("6.00", "sorry-2").balance_minor == 1100


@SQLITE
@pytest.mark.parametrize(
    ("amount", "reference", "pointer"),
    [
        ("0.00", "r", "/amount"), ("-1.00", "r", "/amount"), ("1.001", "r", "/amount"), (1, "r", "/amount"),
        ("1.00", " ", "/reference"), ("1.00", "r" * 201, "/reference"),
    ],
)  # fmt: skip
def test_a_bad_grant_is_refused(books: Counting, amount, reference, pointer):
    with pytest.raises(InvalidValue) as refused:
        books.credit(amount, reference)
    assert refused.value.pointer == pointer
    assert books.balance == 0


def test_workers_at_once_use_credit_once(books: Counting):
    books.credit("50.00")
    books.seat("ada", "standard", "2026-01-01")
    start, errors = threading.Barrier(4), []

    def work():
        start.wait()
        try:
            books.close("2026-01-01")
        except Exception as error:  # noqa: BLE001 (told by the assertion below)
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert books.balance == 1100


@SQLITE
def test_a_closing_that_fails_uses_no_credit(books: Counting):
    books.credit("50.00")
    books.seat("ada", "gold", "2026-01-01")
    with pytest.raises(Conflict, match="gold"):
        books.close("2026-01-01")
    assert books.balance == 5000


@SQLITE
def test_what_a_void_invoice_used_is_given_back_once(books: Counting):
    books.credit("50.00")
    books.seat("ada", "standard", "2026-01-01")
    closed = books.close("2026-01-01")

    def give_back(invoice_id):
        with books.database.write(books.tenant_id) as session:
            lock_counter(session)
            return give_credit_back(session, invoice_id, cause_id="entry", now=BEGINNING)

    assert [give_back(closed.invoice_id), give_back(closed.invoice_id), give_back("another")] == [3900, 0, 0]
    assert books.balance == 5000


days = st.dates(date(2025, 12, 1), date(2026, 3, 1))
dated = st.builds(
    lambda first, length, percent: DatedTenantTerms(
        first, length and date.fromordinal(first.toordinal() + length), {"tax_percent": str(percent)}
    ),
    days, st.none() | st.integers(1, 60), st.integers(0, 100),
)  # fmt: skip


@given(st.lists(dated, max_size=6), days)
def test_of_all_terms_that_name_a_day_the_latest_decision_holds(decided, asked):
    naming = [
        each for each in decided
        if each.valid_from <= asked and (each.valid_until is None or asked < each.valid_until)
    ]  # fmt: skip
    wanted = naming[-1].document["tax_percent"] if naming else "0"
    assert terms_on(decided, asked)["tax_percent"] == wanted
