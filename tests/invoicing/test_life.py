"""The life of an invoice: paid or void, issued again, corrected by credit notes."""

import threading
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bridge.billing.invoice_events import events_of
from bridge.billing.issued_invoices import list_invoices, read_invoice
from bridge.billing.pay_invoice import note_failed_payment, pay_invoice
from bridge.billing.tables import InvoiceCounter
from bridge.billing.void_invoice import replacement_of
from bridge.database.ids import new_id
from bridge.errors import Conflict, InvalidValue, NotFound
from bridge.seats.tables import LateChange
from bridge.tenants.tables import Tenant
from tests.database.opened import opened
from tests.examples import examples
from tests.invoicing.acts import (
    by_credit_note,
    credit,
    credit_notes,
    findings,
    january,
    pay,
    reissue,
    status,
    void,
)
from tests.invoicing.books import OPERATOR, Books, at
from tests.servers import migrated_copies


def test_an_invoice_is_paid_once_with_date_and_reference(books: Books):
    invoice = january(books)
    assert status(books, invoice) == "issued"
    assert pay(books, "1") is True
    assert pay(books, invoice, on="2026-02-20") is False
    assert status(books, invoice) == "paid"
    with books.database.read(books.tenant_id) as session:
        (event,) = events_of(session, invoice)
    assert (event.kind, event.happened_on, event.amount_minor) == ("paid", date(2026, 2, 5), 3900)
    assert (event.reference, event.source) == ("bank 17", "operator")


def test_paying_changes_nothing_of_what_was_issued(books: Books):
    invoice = january(books)
    before = books.document(invoice)
    pay(books, invoice)
    assert books.document(invoice) == before


def test_a_payment_of_tomorrow_or_without_a_reference_is_refused(books: Books):
    invoice = january(books)
    with pytest.raises(InvalidValue, match="until today, 2026-03-01") as refused:
        pay(books, invoice, on="2026-03-02")
    assert refused.value.pointer == "/paid_on"
    with books.database.write(books.tenant_id) as session, pytest.raises(InvalidValue) as refused:
        pay_invoice(session, invoice, paid_on=date(2026, 2, 1), reference=" ", source="operator",
                    cause=OPERATOR, now=at("2026-03-01"))  # fmt: skip
    assert refused.value.pointer == "/reference"
    assert status(books, invoice) == "issued"


def test_a_failed_payment_leaves_the_invoice_due_and_may_come_often(books: Books):
    invoice = january(books)
    with books.database.write(books.tenant_id) as session:
        for _ in range(2):
            note_failed_payment(
                session, invoice, failed_on=date(2026, 2, 4), reference="evt", cause=OPERATOR,
                now=at("2026-02-04"),
            )  # fmt: skip
    assert status(books, invoice) == "issued"
    assert pay(books, invoice) is True


def test_a_void_invoice_keeps_its_number_and_is_paid_no_more(books: Books):
    invoice = january(books)
    before = books.document(invoice)
    assert void(books, invoice) is True
    assert void(books, invoice) is False
    assert status(books, invoice) == "void"
    assert books.document(invoice) == before
    with pytest.raises(Conflict, match="is void"):
        pay(books, invoice)
    assert findings(books) == ()


def test_a_void_period_is_neither_closed_again_nor_adjusted_by_itself(books: Books):
    void(books, january(books))
    books.late("ada", "2026-01-10")
    assert books.close("2026-01-01").already_closed is True
    assert books.closed("2026-02-01")["total"] == "39.00"
    assert findings(books) == ()


def test_issued_again_it_has_the_next_number_and_the_price_of_now(books: Books):
    invoice = january(books)
    void(books, invoice)
    books.prices("2026-01-01", {"plan": "standard", "unit_amount": "29.00"})
    again = reissue(books, invoice)
    document = books.document(again.invoice_id)
    assert (again.number, document["reissue"], document["total"]) == (2, 1, "29.00")
    assert reissue(books, invoice) == again.__class__(again.invoice_id, 2, already_closed=True)
    with books.database.read(books.tenant_id) as session:
        assert replacement_of(session, read_invoice(session, invoice)) == 2
        assert replacement_of(session, read_invoice(session, "2")) is None
    assert books.close("2026-01-01").number == 2
    assert findings(books) == ()


def test_issued_again_twice_over(books: Books):
    invoice = january(books)
    for number in (2, 3):
        void(books, invoice)
        invoice = reissue(books, invoice).invoice_id
        assert books.document(invoice)["number"] == number
    assert books.document(invoice)["reissue"] == 2
    assert books.closed("2026-02-01")["total"] == "39.00"


def test_an_invoice_that_stands_is_not_issued_again(books: Books):
    with pytest.raises(Conflict, match="void it first"):
        reissue(books, january(books))


def test_what_a_void_invoice_adjusted_is_carried_by_the_next(books: Books):
    january(books)
    books.unseat("ada")
    books.seat("ada", "standard", "2026-01-11")
    cause = books.late("ada", "2026-01-01")
    february = books.close("2026-02-01")
    assert books.document(february.invoice_id)["total"] == "26.42"
    void(books, february.invoice_id)
    march = books.close("2026-03-01")
    assert books.document(march.invoice_id)["total"] == "26.42"
    assert [row[6] for row in books.people(march.invoice_id)] == [None, cause]
    again = reissue(books, february.invoice_id, now="2026-05-01")
    assert books.document(again.invoice_id)["total"] == "39.00"
    assert findings(books) == ()


def test_adjustments_of_a_void_period_are_taken_back_too(books: Books):
    invoice = january(books)
    books.seat("bob", "standard", "2026-01-01", "2026-02-01")
    books.late("bob", "2026-01-01")
    assert books.closed("2026-02-01")["total"] == "78.00"
    void(books, invoice)
    again = books.document(reissue(books, invoice).invoice_id)
    assert again["total"] == "39.00"  # both people, less what the February invoice has of January
    assert findings(books) == ()


def test_an_invoice_in_advance_can_be_void_between_its_two(database):
    books = Books.of(database, timing="advance")
    books.seat("ada", "standard", "2026-01-01")
    first = books.close(now="2026-01-01")
    books.seat("bob", "standard", "2026-01-17", "2026-02-01")
    second = books.close(now="2026-02-01")
    total = lambda closed: books.document(closed.invoice_id)["total"]  # noqa: E731 (a word for three uses)
    assert (total(first), total(second)) == ("39.00", "18.87")
    void(books, first.invoice_id)
    again = reissue(books, first.invoice_id)
    assert total(again) == "39.00"
    void(books, second.invoice_id)
    assert total(reissue(books, second.invoice_id)) == "18.87"
    assert findings(books) == ()


def test_a_paid_invoice_is_not_void(books: Books):
    invoice = january(books)
    pay(books, invoice)
    with pytest.raises(Conflict, match="invoice credit"):
        void(books, invoice)


def test_a_settled_period_is_not_void_and_not_issued_again(books: Books):
    invoice = january(books)
    with books.database.write(books.tenant_id) as session:
        session.scalars(select(Tenant)).one().settled_until = at("2026-02-01")
    with pytest.raises(Conflict, match="before 2026-02-01 are settled"):
        void(books, invoice)


def test_the_reason_of_voiding_is_asked_for(books: Books):
    with pytest.raises(InvalidValue) as refused:
        void(books, january(books), reason="")
    assert refused.value.pointer == "/reason"


def test_another_tenants_invoice_is_neither_paid_nor_void_nor_credited(books: Books):
    invoice = january(books)
    other = Books.of(books.database, tenant_id="southwind-1")
    for attempt in (pay, void, reissue):
        with pytest.raises(NotFound):
            attempt(other, invoice)
    with pytest.raises(NotFound):
        credit(other, invoice, "1.00")
    assert status(books, invoice) == "issued"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_numbers_have_no_gap_while_many_close_void_and_fail_at_once(books: Books):
    books.seat("ada", "standard", "2026-01-01")
    books.seat("bob", "gold", "2026-05-01", "2026-06-01")  # a plan without a price: May fails
    barrier, surprises = threading.Barrier(6), []

    def work(turn: int) -> None:
        barrier.wait()
        for _ in range(4):
            try:
                closed = books.close()
                if turn % 2:
                    void(books, closed.invoice_id)
                    reissue(books, closed.invoice_id, now="2026-12-31")
            except Conflict:
                pass  # another worker was quicker, or nobody can close May
            except Exception as error:  # noqa: BLE001 (told by the assertion below)
                surprises.append(error)

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert surprises == []
    with books.database.read(books.tenant_id) as session:
        invoices = list_invoices(session)
        last = session.scalar(select(InvoiceCounter.last_number))
    assert [invoice.number for invoice in invoices] == list(range(1, len(invoices) + 1))
    assert last == len(invoices) >= 4
    runs = [(invoice.period_start, invoice.reissue) for invoice in invoices]
    assert len(set(runs)) == len(runs)


@pytest.mark.parametrize("workers", [4])
def test_workers_at_once_issue_a_void_invoice_again_once(books: Books, workers):
    invoice = january(books)
    void(books, invoice)
    barrier, results = threading.Barrier(workers), []

    def work() -> None:
        barrier.wait()
        results.append(reissue(books, invoice))

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.already_closed for each in results) == [False, True, True, True]
    assert {each.number for each in results} == {2}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):

    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("lives")
        url = migrated_copies.fresh_sqlite(request.getfixturevalue("migrated_sqlite"), folder / "database")
        with opened(url) as database:
            yield database
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("migrated_postgresql")
    with migrated_copies.fresh_postgresql(server, template=template) as url, opened(url) as database:
        yield database


STEPS = st.lists(
    st.tuples(st.sampled_from(["close", "change", "void", "reissue", "pay"]), st.integers(0, 3)),
    min_size=3, max_size=10,
)  # fmt: skip


@settings(
    max_examples=examples(10, in_proof=500),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, corrections=st.sampled_from(["adjustment", "credit_note"]))
def test_whatever_happens_what_stands_is_what_the_standing_periods_cost(shared_database, steps, corrections):
    """After a last close, invoices that stand less their corrections sum to the periods priced anew."""
    books = Books.of(shared_database, tenant_id=new_id(at("2026-01-01")))
    if corrections == "credit_note":
        by_credit_note(books)
    books.seat("ada", "standard", "2026-01-01")
    closed: list[str] = []
    for step, which in steps:
        match step:
            case "close" if len(closed) < 4:
                closed.append(books.close(now="2026-12-31").invoice_id)
            case "change":
                books.unseat("ada")
                books.seat("ada", "standard", f"2026-01-{1 + 9 * which:02d}")
                books.late("ada", "2026-01-01")
            case "void" | "reissue" | "pay" if which < len(closed):
                act = {"void": void, "reissue": reissue, "pay": pay}[step]
                try:
                    act(books, closed[which], now="2026-12-31")
                except Conflict:
                    continue  # paid, void, or standing: as the rules have it
    books.close(now="2026-12-31")
    assert findings(books) == ()
    with books.database.read(books.tenant_id) as session:
        assert session.scalar(select(func.count()).select_from(LateChange)) == 0
        numbers = [invoice.number for invoice in list_invoices(session)]
    assert numbers == list(range(1, len(numbers) + 1))
    credit_notes(books)
