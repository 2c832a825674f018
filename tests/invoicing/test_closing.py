"""Closing periods."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date

import pytest
from sqlalchemy import delete

from bridge.billing.close_period import close_due_periods, close_period
from bridge.billing.draft_invoice import preview_invoice
from bridge.billing.invoice_document import draft_document
from bridge.billing.issued_invoices import list_invoices
from bridge.billing.runs import closed_until
from bridge.billing.subscriptions import lock_counter
from bridge.errors import Conflict, InvalidValue, NotFound
from bridge.seats.tables import AssignmentFailure
from tests.invoicing.books import OPERATOR, Books, at


def test_a_month_is_billed_by_the_day(books: Books):
    books.seat("ada", "standard", "2026-01-03 10:00")
    document = books.closed("2026-01-01", now="2026-02-01")
    assert document["number"] == 1
    assert document["total"] == "36.48"
    assert document["departments"] == [{"department": "Sales", "amount": "36.48"}]
    assert document["cost_centres"] == [{"cost_centre": "4711", "amount": "36.48"}]
    assert [line["kind"] for line in document["lines"]] == ["seats"]


def test_a_month_with_nobody_is_an_invoice_of_nothing(books: Books):
    document = books.closed("2026-01-01")
    assert (document["total"], document["lines"], document["people"]["count"]) == ("0.00", [], 0)


def test_closing_twice_makes_one_invoice(books: Books):
    books.seat("ada", "standard", "2026-01-03")
    first, second = books.close("2026-01-01"), books.close("2026-01-01")
    assert (first.already_closed, second.already_closed) == (False, True)
    assert (first.invoice_id, first.number) == (second.invoice_id, second.number)


def test_without_a_period_the_oldest_open_one_is_closed(books: Books):
    numbers = [books.close(now="2026-03-01").number for _ in range(2)]
    assert numbers == [1, 2]
    with pytest.raises(InvalidValue, match="due on 2026-04-01"):
        books.close(now="2026-03-01")


def test_a_period_that_has_not_ended_is_refused_until_its_last_instant(books: Books):
    with pytest.raises(InvalidValue, match="due on 2026-02-01"):
        books.close("2026-01-01", now="2026-01-31 23:59:59.999999")
    assert books.close("2026-01-01", now="2026-02-01").number == 1


def test_nobody_is_left_out_of_an_invoice_because_their_seats_could_not_be_computed(books: Books):
    books.seat("ada", "standard", "2026-01-03")
    with books.database.write(books.tenant_id) as session:
        failure = AssignmentFailure(
            person_id="ada", error="KeyError", attempts=1, first_failed_at=at("2026-01-04"),
            next_attempt_at=at("2027-01-01"),
        )  # fmt: skip
        session.add(failure)
    with pytest.raises(Conflict, match="seats of 1 people could not be computed"):
        books.close("2026-01-01")
    with books.database.write(books.tenant_id) as session:
        session.execute(delete(AssignmentFailure))
    assert books.close("2026-01-01").number == 1


def test_a_later_period_waits_for_the_earlier(books: Books):
    with pytest.raises(Conflict, match="from 2026-01-01 is not closed"):
        books.close("2026-02-01")


@pytest.mark.parametrize("start", ["2026-01-02", "2025-12-01"])
def test_a_date_on_which_no_period_begins_is_refused(books: Books, start):
    with pytest.raises(InvalidValue, match="first date of a period") as refused:
        books.close(start)
    assert refused.value.pointer == "/period_start"


def test_an_unknown_tenant_and_subscription_are_not_found(books: Books):
    with pytest.raises(NotFound):
        close_period(books.database, "nobody", None, None, cause=OPERATOR, now=at("2027-01-01"))
    with pytest.raises(NotFound, match="no subscription of-another"):
        close_period(
            books.database, books.tenant_id, "of-another", None, cause=OPERATOR, now=at("2027-01-01")
        )


def test_two_tenants_do_not_see_each_other(books: Books):
    other = Books.of(books.database, tenant_id="southwind-1")
    books.seat("ada", "standard", "2026-01-01")
    other.seat("ada", "premium", "2026-01-01")
    assert books.closed("2026-01-01")["total"] == "39.00"
    closed = other.close("2026-01-01")
    assert (closed.number, other.document(closed.invoice_id)["total"]) == (1, "79.00")
    with pytest.raises(NotFound):
        books.document(closed.invoice_id)


@pytest.mark.parametrize("workers", [4])
def test_workers_at_once_make_one_invoice(books: Books, workers):
    for number in range(20):
        books.seat(f"person-{number}", "standard", "2026-01-03")
    start, results, errors = threading.Barrier(workers), [], []

    def work():
        start.wait()
        try:
            results.append(books.close("2026-01-01"))
        except Exception as error:  # noqa: BLE001 (told by the assertion below)
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(closed.already_closed for closed in results) == [False, True, True, True]
    assert {closed.number for closed in results} == {1}
    with books.database.read(books.tenant_id) as session:
        assert len(list_invoices(session)) == 1


def test_a_closing_that_fails_takes_no_number(books: Books):
    books.seat("ada", "standard", "2026-01-03")
    books.seat("bob", "gold", "2026-02-03")
    books.close("2026-01-01")
    with pytest.raises(Conflict, match="gold"):
        books.close("2026-02-01")
    books.unseat("bob")
    assert books.close("2026-02-01").number == 2


def test_people_without_a_plan_are_not_billed(books: Books):
    books.seat("robot", "none", "2026-01-01")
    assert books.closed("2026-01-01")["people"]["count"] == 0


def test_a_seat_at_the_edges_of_the_period(books: Books):
    books.seat("before", "standard", "2025-12-01", "2026-01-01")
    books.seat("last", "standard", "2026-01-31 23:59", "2026-02-01")
    books.seat("after", "standard", "2026-02-01")
    assert books.amounts(books.close("2026-01-01").invoice_id) == {"last": 126}


def test_the_day_of_a_switch_belongs_to_the_higher_plan(books: Books):
    books.seat("ada", "standard", "2026-01-01", "2026-01-16 12:00")
    books.seat("ada", "premium", "2026-01-16 12:00")
    closed = books.close("2026-01-01")
    rows = {row[1]: row[4:6] for row in books.people(closed.invoice_id)}
    assert rows == {"standard": (15, 1887), "premium": (16, 4077)}


def test_a_change_of_department_splits_the_month(books: Books):
    books.seat("ada", "standard", "2026-01-01", "2026-01-11", department="Sales")
    books.seat("ada", "standard", "2026-01-11", department="Support", cost_centre=None)
    document = books.closed("2026-01-01")
    assert document["departments"] == [
        {"department": "Sales", "amount": "12.58"},
        {"department": "Support", "amount": "26.42"},
    ]
    assert document["cost_centres"][-1] == {"cost_centre": None, "amount": "26.42"}


def test_days_are_those_of_the_tenants_zone_also_when_clocks_change(database):
    books = Books.of(database, zone="Europe/Berlin")
    books.seat("ada", "standard", "2026-03-29 01:30", "2026-03-30")  # a day of 23 hours
    books.seat("bob", "standard", "2026-03-31 23:30", "2026-04-01 00:30")
    books.close("2026-01-01")
    books.close("2026-02-01")
    with pytest.raises(InvalidValue):
        books.close("2026-03-01", now="2026-03-31 21:59")
    closed = books.close("2026-03-01", now="2026-03-31 22:00")
    assert books.amounts(closed.invoice_id) == {"ada": 126, "bob": 126}
    with books.database.read(books.tenant_id) as session:
        assert closed_until(session) == at("2026-04-01", "Europe/Berlin")


def test_an_anchor_of_31_is_kept_through_february(database):
    books = Books.of(database, anchor_day=31, starts_on=date(2026, 1, 31))
    books.seat("ada", "standard", "2026-01-31")
    periods = [books.closed(now="2026-06-01")["period"] for _ in range(3)]
    assert [period["start"] for period in periods] == ["2026-01-31", "2026-02-28", "2026-03-31"]


@pytest.mark.parametrize(("currency", "total"), [("JPY", "37"), ("KWD", "36.484")])
def test_money_has_the_digits_of_its_currency(database, currency, total):
    books = Books.of(database, currency=currency)
    books.seat("ada", "standard", "2026-01-03")
    document = books.closed("2026-01-01")
    assert document["total"] == {"JPY": "36", "KWD": total}[currency]


def test_the_first_period_bills_from_the_subscriptions_start(database):
    books = Books.of(database, starts_on=date(2026, 1, 17))
    books.seat("ada", "standard", "2026-01-01")
    assert books.closed("2026-01-01")["total"] == "18.87"


def test_what_preview_shows_is_what_closing_issues(books: Books):
    books.seat("ada", "standard", "2026-01-03")
    books.seat("bob", "premium", "2026-01-03", "2026-01-20", department=None)
    with books.database.read(books.tenant_id) as session:
        preview = draft_document(preview_invoice(session))
        same = draft_document(preview_invoice(session, period_start=date(2026, 1, 1)))
    document = books.closed("2026-01-01")
    assert preview == same == {name: document[name] for name in preview}


def test_closing_what_is_due_goes_through_all_periods_after_the_days_of_grace(books: Books):
    books.seat("ada", "standard", "2026-01-03")
    assert close_due_periods(books.database, books.tenant_id, now=at("2026-02-01 23:59")) == ()
    closed = close_due_periods(books.database, books.tenant_id, now=at("2026-04-02"))
    assert [each.number for each in closed] == [1, 2, 3]
    assert close_due_periods(books.database, books.tenant_id, now=at("2026-04-02")) == ()


def test_nothing_is_closed_until_the_first_invoice(books: Books):
    with books.database.read(books.tenant_id) as session:
        assert closed_until(session) is None


def test_a_closed_period_is_settled_when_it_is_old(books: Books):
    for month in ("2026-01-01", "2026-02-01", "2026-03-01"):
        books.close(month, now="2027-03-20")
    with books.database.read(books.tenant_id) as session:
        from bridge.billing.price_run import tenant_of  # noqa: PLC0415 (used by this test alone)

        assert tenant_of(session).settled_until == at("2026-02-01")


def test_numbers_have_no_gap_where_workers_close_at_once_and_others_fail(books: Books):
    books.seat("ada", "standard", "2026-01-03")
    start = threading.Barrier(6)

    def close():
        start.wait()
        with suppress(InvalidValue):  # June is not over
            while True:
                books.close(now="2026-06-01")

    def fail():
        start.wait()
        for _ in range(5):
            with suppress(ZeroDivisionError), books.database.write(books.tenant_id) as session:
                lock_counter(session).last_number += 1
                session.flush()
                1 / 0  # noqa: B018 (the transaction is rolled back)

    with ThreadPoolExecutor(6) as workers:
        for work in [workers.submit(each) for each in (close, fail, close, fail, close, fail)]:
            work.result()
    with books.database.read(books.tenant_id) as session:
        issued = list_invoices(session)
    assert [invoice.number for invoice in issued] == [1, 2, 3, 4, 5]
    assert [invoice.period_start.month for invoice in issued] == [1, 2, 3, 4, 5]
