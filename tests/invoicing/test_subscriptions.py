"""Subscriptions: intervals, anchors, timing, one after the other."""

from datetime import date

import pytest

from bridge.billing.subscriptions import create_subscription, read_subscription, read_subscriptions
from bridge.errors import Conflict, InvalidValue, NotFound
from tests.invoicing.books import BEGINNING, OPERATOR, Books

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
YEARLY = {"plan": "standard", "unit_amount": "365.00", "interval": "year"}


def subscribe(books, starts_on, **wanted):
    terms = {"interval": "month", "anchor_day": 1, "timing": "arrears"} | wanted
    with books.database.write(books.tenant_id) as session:
        return create_subscription(
            session, **terms, starts_on=date.fromisoformat(starts_on), cause=OPERATOR, now=BEGINNING
        )


def test_a_tenant_comes_with_a_monthly_one_in_arrears(books: Books):
    with books.database.read(books.tenant_id) as session:
        document = read_subscription(session, None).document()
    assert document | {"id": ""} == {
        "id": "", "interval": "month", "anchor_day": 1, "timing": "arrears", "starts_on": "2026-01-01",
        "ends_on": None, "trial_ends_on": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"interval": "week"}, "/interval"),
        ({"timing": "whenever"}, "/timing"),
        ({"anchor_day": 0}, "/anchor_day"),
        ({"anchor_day": 32}, "/anchor_day"),
    ],
)
def test_what_no_subscription_can_be_is_refused(books: Books, wanted, pointer):
    with pytest.raises(InvalidValue) as refused:
        subscribe(books, "2026-01-01", **wanted)
    assert refused.value.pointer == pointer


def test_a_tenant_that_does_not_exist_has_none(database):
    books = Books(database, "nobody", "UTC")
    with pytest.raises(NotFound, match="no such tenant"):
        subscribe(books, "2026-01-01")
    with database.read("nobody") as session, pytest.raises(NotFound, match="no subscription"):
        read_subscription(session, None)


def test_a_new_one_ends_the_one_before_and_is_billed_after_it(books: Books):
    books.prices("2026-01-01", YEARLY)
    books.seat("ada", "standard", "2026-01-01")
    subscribe(books, "2026-02-01", interval="year")
    assert books.closed()["period"] == {"start": "2026-01-01", "end": "2026-02-01"}
    document = books.closed(now="2027-02-01")
    assert document["period"] == {"start": "2026-02-01", "end": "2027-02-01"}
    assert document["total"] == "365.00"


def test_one_that_starts_inside_a_period_of_the_other_is_refused(books: Books):
    with pytest.raises(Conflict, match="can start on 2026-02-01 or 2026-03-01"):
        subscribe(books, "2026-02-10")


def test_one_that_starts_in_invoiced_days_is_refused(books: Books):
    books.close("2026-01-01")
    with pytest.raises(Conflict, match="until 2026-02-01"):
        subscribe(books, "2026-01-01")


def test_one_that_replaces_another_before_it_began_stands_alone(books: Books):
    new = subscribe(books, "2026-01-01", anchor_day=15)
    with books.database.read(books.tenant_id) as session:
        assert read_subscriptions(session) == (new,)


def test_an_ended_subscription_is_billed_to_its_end_and_no_further(books: Books):
    books.close("2026-01-01")
    first = books.document(books.close("2026-02-01").invoice_id)["subscription"]
    subscribe(books, "2026-03-01", anchor_day=1)
    with pytest.raises(InvalidValue):
        books.close("2026-02-15")
    with books.database.read(books.tenant_id) as session:
        assert read_subscription(session, first).ends_on == date(2026, 3, 1)
    from bridge.billing.close_period import close_period  # noqa: PLC0415 (by its id, in this test alone)
    from tests.invoicing.books import at  # noqa: PLC0415 (as above)

    with pytest.raises(Conflict, match="ended on 2026-03-01"):
        close_period(books.database, books.tenant_id, first, None, cause=OPERATOR, now=at("2026-12-01"))


def test_a_months_price_cannot_stand_for_a_year(database):
    books = Books.of(database, interval="year")
    books.seat("ada", "standard", "2026-01-01")
    with pytest.raises(InvalidValue, match="price per year"):
        books.close("2026-01-01", now="2027-01-01")


def test_a_years_price_is_billed_month_by_month_and_adds_up(books: Books):
    books.prices("2026-01-01", YEARLY)
    books.seat("ada", "standard", "2026-01-01")
    totals = [float(books.closed(now="2027-01-01")["total"]) for _ in range(12)]
    assert (totals[0], totals[1], sum(totals)) == (31.0, 28.0, 365.0)


def test_a_year_from_29_february_keeps_the_day(database):
    books = Books.of(database, interval="year", anchor_day=29, starts_on=date(2024, 2, 29))
    books.prices("2024-02-29", YEARLY)
    periods = [books.closed(now="2029-01-01")["period"] for _ in range(4)]
    assert [each["start"] for each in periods] == ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28"]
    assert periods[-1]["end"] == "2028-02-29"


def test_in_advance_a_period_has_two_invoices(database):
    books = Books.of(database, timing="advance")
    books.seat("ada", "standard", "2026-01-01")
    books.seat("bob", "standard", "2026-01-22")
    with pytest.raises(InvalidValue, match="due on 2026-01-01"):
        books.close(now="2025-12-31 23:59")
    assert books.closed("2026-01-01", now="2026-01-01")["total"] == "39.00"
    with pytest.raises(InvalidValue, match="due on 2026-02-01"):
        books.close("2026-01-01", now="2026-01-31")
    second = books.close("2026-01-01", now="2026-02-01")
    assert books.document(second.invoice_id)["total"] == "12.58"
    assert books.close("2026-01-01", now="2026-02-01").already_closed
    assert books.document(second.invoice_id)["revision"] == 1


def test_in_advance_a_leaver_is_credited_and_late_facts_about_the_first_day_count_once(database):
    books = Books.of(database, timing="advance")
    books.seat("ada", "standard", "2025-12-31", "2026-01-11")
    books.seat("bob", "standard", "2025-12-31")
    first = books.close("2026-01-01", now="2026-01-01")
    assert books.amounts(first.invoice_id) == {"ada": 3900, "bob": 3900}
    books.unseat("bob")  # bob never came, which is known only now
    books.late("bob", "2025-12-31", now="2026-01-20")
    second = books.close("2026-01-01", now="2026-02-01")
    total = sum(row[5] for invoice in (first, second) for row in books.people(invoice.invoice_id))
    assert total == 1258
    books.document(second.invoice_id)
