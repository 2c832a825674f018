"""Who cancels inside a period and comes back in the rest of it has periods of their own from then on."""

from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.billing.subscriptions import create_subscription
from bridge.errors import Conflict
from tests.examples import examples
from tests.invoicing.acts import findings
from tests.invoicing.books import BEGINNING, OPERATOR
from tests.invoicing.counting import Counting

NUMBERS = count(1)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def books(database) -> Counting:
    books = Counting.of(database)
    books.seat("ada", "standard", "2026-01-01")
    return books


def come_back(books, starts_on, *, anchor_day, **wanted):
    terms = {"interval": "month", "timing": "arrears"} | wanted
    with books.database.write(books.tenant_id) as session:
        return create_subscription(
            session, **terms, anchor_day=anchor_day, starts_on=date.fromisoformat(starts_on),
            cause=OPERATOR, now=BEGINNING,
        )  # fmt: skip


@pytest.mark.parametrize("closed_first", [True, False])
def test_the_days_between_cost_nothing_and_numbers_have_no_gap(books: Counting, closed_first):
    books.cancel("2026-01-10", now="2026-01-09")
    if closed_first:
        books.close("2026-01-01", now="2026-01-10")
    come_back(books, "2026-01-20", anchor_day=20)
    documents = [books.closed(now="2026-03-31") for _ in range(2 if closed_first else 3)]
    told = [(each["number"], each["period"]["start"], each["total"]) for each in documents]
    expected = [(1, "2026-01-01", "11.32"), (2, "2026-01-20", "39.00"), (3, "2026-02-20", "39.00")]
    assert told == expected[int(closed_first) :]
    assert findings(books) == ()


@SQLITE
def test_in_advance_what_was_billed_ahead_is_given_back_before_the_new_one_bills(database):
    books = Counting.of(database, timing="advance")
    books.seat("ada", "standard", "2025-12-31")
    assert books.closed("2026-01-01", now="2026-01-01")["total"] == "39.00"
    books.cancel("2026-01-10", now="2026-01-05")
    come_back(books, "2026-01-20", anchor_day=20, timing="advance")
    assert books.closed(now="2026-01-20")["total"] == "-27.68"
    third = books.closed(now="2026-01-20")
    assert (third["total"], third["issued_on"]) == ("39.00", "2026-01-20")
    assert findings(books) == ()


@SQLITE
def test_a_late_fact_corrects_the_period_whose_days_it_is_about(books: Counting):
    books.cancel("2026-01-10", now="2026-01-09")
    come_back(books, "2026-01-20", anchor_day=20)
    for _ in range(2):
        books.close(now="2026-02-20")
    books.unseat("ada")
    books.seat("ada", "standard", "2026-01-05", "2026-01-25")
    books.late("ada", "2026-01-01", now="2026-02-21")
    document = books.closed(now="2026-03-20")
    corrections = {
        line["for_period_start"]: line["amount"] for line in document["lines"] if line["kind"] == "adjustment"
    }
    # 9 days become 5 of 31 in the first, 31 days become 5 of 31 in the second.
    assert corrections == {"2026-01-01": "-5.03", "2026-01-20": "-32.71"}
    assert findings(books) == ()


@SQLITE
@pytest.mark.parametrize("closed_first", [True, False])
def test_one_that_would_share_the_period_is_refused(books: Counting, closed_first):
    books.cancel("2026-01-10", now="2026-01-09")
    if closed_first:
        books.close("2026-01-01", now="2026-01-10")
    with pytest.raises(Conflict, match=r"until 2026-01-10 .* start on 2026-02-01, or with 20 as its anchor"):
        come_back(books, "2026-01-20", anchor_day=1)
    with pytest.raises(Conflict, match="until 2026-01-10"):
        come_back(books, "2026-01-09", anchor_day=9)
    come_back(books, "2026-02-01", anchor_day=1)


@SQLITE
def test_prices_can_change_with_the_return(books: Counting):
    books.cancel("2026-01-10", now="2026-01-09")
    books.close("2026-01-01", now="2026-01-10")
    come_back(books, "2026-01-20", anchor_day=20)
    with pytest.raises(Conflict, match="until 2026-01-10"):
        books.prices("2026-01-09", {"plan": "standard", "unit_amount": "31.00"})
    books.prices("2026-01-20", {"plan": "standard", "unit_amount": "31.00"})
    assert books.closed(now="2026-03-31")["total"] == "31.00"
    assert findings(books) == ()


@SQLITE
def test_a_year_may_follow_from_the_day_of_the_return(books: Counting):
    books.prices("2026-01-20", {"plan": "standard", "unit_amount": "365.00", "interval": "year"})
    books.cancel("2026-01-10", now="2026-01-09")
    with pytest.raises(Conflict, match="with 20 as its anchor day"):
        come_back(books, "2026-01-20", anchor_day=1, interval="year")
    come_back(books, "2026-01-20", anchor_day=20, interval="year")
    assert [books.closed(now="2027-02-01")["total"] for _ in range(2)] == ["11.32", "365.00"]


@SQLITE
@given(
    gone=st.integers(1, 30),
    away=st.integers(0, 30),
    basis=st.sampled_from(["day_any", "month_any", "high_water"]),
)
@settings(
    max_examples=examples(10, in_proof=500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_nobody_pays_more_than_one_full_price_for_a_period(database, gone, away, basis):
    left = date(2026, 1, 1) + timedelta(days=gone)
    back = min(left + timedelta(days=away), date(2026, 1, 31))
    books = Counting.of(database, tenant_id=f"northwind-{next(NUMBERS)}")
    books.prices("2026-01-01", {"plan": "standard", "unit_amount": "39.00", "count": {"basis": basis}})
    books.seat("ada", "standard", "2026-01-01")
    books.cancel(left.isoformat(), now="2026-01-01")
    come_back(books, back.isoformat(), anchor_day=back.day)
    for _ in range(3):
        invoice = books.close(now="2026-06-01")
        (amount,) = books.amounts(invoice.invoice_id).values()
        assert 0 <= amount <= 3900
