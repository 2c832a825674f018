"""Subscriptions that begin with a trial, that end."""

from datetime import date

import pytest

from bridge.billing.subscriptions import create_subscription
from bridge.errors import Conflict, InvalidValue, NotFound
from bridge.oversight.reconcile import reconcile
from tests.invoicing.books import BEGINNING, OPERATOR, at
from tests.invoicing.counting import Counting

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def tried(database, until, **more):
    return Counting.of(database, trial_ends_on=date.fromisoformat(until), **more)


def test_the_days_of_a_trial_cost_nothing_and_are_shown(database):
    books = tried(database, "2026-01-16")
    books.seat("ada", "standard", "2026-01-01")
    assert books.preview()["total"] == "20.13"  # 16 of 31 days
    document = books.closed("2026-01-01")
    trial, seats = document["lines"]
    assert (trial["kind"], trial["quantity"], trial["amount"]) == ("trial", "15", "0.00")
    assert (seats["kind"], seats["amount"], document["total"]) == ("seats", "20.13", "20.13")
    assert [line["kind"] for line in books.closed("2026-02-01")["lines"]] == ["seats"]


@SQLITE
def test_a_period_within_the_trial_is_an_invoice_of_nothing(database):
    books = tried(database, "2026-03-01")
    books.seat("ada", "standard", "2025-12-15")
    books.seat("bob", "gold", "2026-01-02", "2026-02-27")
    for month, days in (("2026-01-01", "31"), ("2026-02-01", "28")):
        document = books.closed(month)
        assert [(line["kind"], line["quantity"]) for line in document["lines"]] == [("trial", days)]
        assert (document["total"], document["people"]["count"]) == ("0.00", 0)
    assert books.closed("2026-03-01")["total"] == "39.00"


@SQLITE
def test_what_is_used_and_committed_in_a_trial_costs_nothing(database):
    books = tried(database, "2026-01-16")
    books.meter("queries")
    books.prices("2026-01-01", {
        "plan": "capped", "unit_amount": "31.00", "minimum": {"seats": 2},
        "meters": [{"meter": "queries", "unit_amount": "1.00"}],
    })  # fmt: skip
    books.seat("ada", "capped", "2026-01-01")
    books.takes(books.event("ada", "queries", "2026-01-15 23:59", "100"),
                books.event("ada", "queries", "2026-01-16 00:00", "3"), now="2026-01-31")  # fmt: skip
    lines = [line for line in books.lines("2026-01-01") if line[0] != "trial"]
    # 16 days of 1.00 for Ada, as much for the seat that is missing, three queries.
    assert lines == [
        ("seats", "capped", "16.00"),
        ("usage", "capped", "3.00"),
        ("minimum", "capped", "16.00"),
    ]


@SQLITE
def test_a_trial_in_advance_ends_inside_a_period(database):
    books = tried(database, "2026-01-16", timing="advance")
    books.seat("ada", "standard", "2026-01-01")
    first = books.closed("2026-01-01")
    second = books.closed("2026-01-01")
    assert (first["total"], second["total"]) == ("20.13", "0.00")
    assert [line["kind"] for line in second["lines"]] == []


def test_a_trial_that_is_cancelled_gives_back_what_was_billed_ahead(database):
    books = tried(database, "2026-01-16", timing="advance")
    books.seat("ada", "standard", "2026-01-01")
    assert books.closed("2026-01-01", now="2026-01-01")["total"] == "20.13"
    books.cancel("2026-01-10", now="2026-01-09")
    document = books.closed("2026-01-01", now="2026-01-10")
    assert (document["total"], document["issued_on"]) == ("-20.13", "2026-01-10")
    assert reconciled(books) == []
    with pytest.raises(Conflict, match="ended on 2026-01-10"):
        books.close()


@SQLITE
def test_periods_within_a_trial_in_advance_cost_nothing(database):
    books = tried(database, "2026-02-01", timing="advance")
    books.seat("ada", "standard", "2026-01-01")
    totals = [books.closed(now="2026-02-01")["total"] for _ in range(3)]
    assert totals == ["0.00", "0.00", "39.00"]


@SQLITE
@pytest.mark.parametrize("until", ["2026-01-01", "2025-12-31"])
def test_a_trial_that_ends_before_it_begins_is_refused(database, until):
    with pytest.raises(InvalidValue) as refused:
        tried(database, until)
    assert refused.value.pointer == "/trial_ends_on"


@SQLITE
def test_a_committed_year_has_no_trial(database):
    books = tried(database, "2026-01-16", interval="year")
    terms = {"plan": "standard", "unit_amount": "100.00", "interval": "year"}
    books.prices("2026-01-01", terms | {"annual": {"committed_seats": 1}})
    with pytest.raises(Conflict, match="committed for the whole year"):
        books.close("2026-01-01")


@pytest.fixture
def books(database) -> Counting:
    return Counting.of(database)


def reconciled(books):
    """Say what reconciliation finds of money; the seats of these books have no facts behind them."""
    found = reconcile(books.database, books.tenant_id, now=at("2026-12-31")).findings
    return [each for each in found if each.kind != "seats_differ"]


def test_a_cancelled_subscription_ends_with_its_period_and_is_billed_no_more(books: Counting):
    books.seat("ada", "standard", "2026-01-01")
    assert books.cancel(now="2026-01-10").ends_on == date(2026, 2, 1)
    assert books.closed("2026-01-01")["total"] == "39.00"
    with pytest.raises(Conflict, match="ended on 2026-02-01"):
        books.close()
    with pytest.raises(NotFound, match="nothing is left"):
        books.preview()


def test_one_that_ends_at_once_is_billed_to_that_day_on_that_day(books: Counting):
    books.seat("ada", "standard", "2026-01-01")
    books.cancel("2026-01-18", now="2026-01-17 15:00")
    with pytest.raises(InvalidValue, match="due on 2026-01-18"):
        books.close("2026-01-01", now="2026-01-17 23:59")
    document = books.closed("2026-01-01", now="2026-01-18")
    assert (document["total"], document["issued_on"]) == ("21.39", "2026-01-18")  # 17 of 31 days
    assert reconciled(books) == []


def test_in_advance_what_was_billed_ahead_is_given_back_by_name(database):
    books = Counting.of(database, timing="advance")
    books.seat("ada", "standard", "2025-12-31")
    books.close("2026-01-01", now="2026-01-01")
    books.cancel("2026-01-18", now="2026-01-10")
    assert reconciled(books) == []
    closed = books.close("2026-01-01", now="2026-01-18")
    rows = [row for row in books.people(closed.invoice_id) if row[5]]
    [(person, plan, _, _, days, amount, cause, _)] = rows
    assert (person, plan, days, amount) == ("ada", "standard", -14, 2139 - 3900)
    assert cause
    assert books.document(closed.invoice_id)["total"] == "-17.61"
    assert reconciled(books) == []
    with pytest.raises(Conflict, match="ended on 2026-01-18"):
        books.close()


@SQLITE
def test_a_late_fact_about_an_ended_period_finds_the_prices_of_then(books: Counting):
    books.seat("ada", "standard", "2026-01-01")
    books.cancel("2026-01-18", now="2026-01-10")
    books.close("2026-01-01", now="2026-01-18")
    with books.database.write(books.tenant_id) as session:
        create_subscription(session, interval="month", anchor_day=1, timing="arrears",
                            starts_on=date(2026, 2, 1), cause=OPERATOR, now=BEGINNING)  # fmt: skip
    books.seat("bob", "standard", "2026-01-10", "2026-01-25")
    books.late("bob", "2026-01-10")
    amounts = [line[2] for line in books.lines("2026-02-01")]
    assert amounts == ["39.00", "10.06"]  # Bob's 8 days before the end


@SQLITE
@pytest.mark.parametrize("ends_on", ["2026-01-01", "2025-12-31", "2026-01-31"])
def test_a_date_that_is_invoiced_already_is_refused(books: Counting, ends_on):
    books.close("2026-01-01")
    with pytest.raises(InvalidValue, match="allowed 2026-02-01 or later") as refused:
        books.cancel(ends_on, now="2026-02-05")
    assert refused.value.pointer == "/ends_on"


@SQLITE
def test_it_can_end_where_the_invoices_do(books: Counting):
    books.close("2026-01-01")
    assert books.cancel("2026-02-01", now="2026-02-05").ends_on == date(2026, 2, 1)
    with pytest.raises(Conflict, match="ended on"):
        books.close()


@SQLITE
def test_of_a_period_billed_in_advance_one_day_is_kept(database):
    books = Counting.of(database, timing="advance")
    books.seat("ada", "standard", "2026-01-01")
    books.close("2026-01-01", now="2026-01-01")
    with pytest.raises(InvalidValue, match="allowed 2026-01-02"):
        books.cancel("2026-01-01", now="2026-01-10")
    books.cancel("2026-01-02", now="2026-01-10")
    assert books.closed("2026-01-01", now="2026-01-10")["total"] == "-37.74"


@SQLITE
def test_cancelling_twice_is_refused(books: Counting):
    books.cancel(now="2026-01-10")
    with pytest.raises(Conflict, match="ends on 2026-02-01 already"):
        books.cancel(now="2026-01-10")


@SQLITE
def test_a_new_subscription_starts_when_the_cancelled_one_has_ended(books: Counting):
    books.cancel("2026-03-01", now="2026-01-10")
    more = {"interval": "month", "anchor_day": 1, "timing": "arrears", "cause": OPERATOR, "now": BEGINNING}
    with books.database.write(books.tenant_id) as session:
        with pytest.raises(Conflict, match="runs until 2026-03-01"):
            create_subscription(session, starts_on=date(2026, 2, 1), **more)
        create_subscription(session, starts_on=date(2026, 4, 1), **more)
    starts = [books.closed(now="2026-12-31")["period"]["start"] for _ in range(3)]
    assert starts == ["2026-01-01", "2026-02-01", "2026-04-01"]


@SQLITE
def test_a_committed_year_is_cancelled_at_its_end_alone(database):
    books = Counting.of(database, interval="year")
    terms = {"plan": "standard", "unit_amount": "100.00", "interval": "year"}
    books.prices("2026-01-01", terms | {"annual": {"committed_seats": 1}})
    with pytest.raises(Conflict, match="can end on 2027-01-01"):
        books.cancel("2026-06-01", now="2026-01-10")
    assert books.cancel(now="2026-01-10").ends_on == date(2027, 1, 1)
    assert [books.closed(now="2027-01-01")["total"] for _ in range(2)] == ["100.00", "0.00"]


def test_an_annual_commitment_is_trued_up_by_the_quarter_as_agreed(database):
    books = Counting.of(database, interval="year")
    annual = {"committed_seats": 100, "true_up": "quarterly"}
    books.prices(
        "2026-01-01", {"plan": "standard", "unit_amount": "100.00", "interval": "year", "annual": annual}
    )
    for number in range(105):
        books.seat(f"p{number}", "standard", "2026-01-01")
    for number in range(5):
        books.seat(f"q{number}", "standard", "2026-02-01", "2026-03-01")
    for number in range(15):
        books.seat(f"r{number}", "standard", "2026-08-01")
    dates = ("2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01")
    totals = [books.closed("2026-01-01", now=on)["total"] for on in dates]
    assert totals == ["10000.00", "750.00", "0.00", "250.00", "0.00"]
    assert reconciled(books) == []
