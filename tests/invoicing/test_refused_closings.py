"""A closing that is refused is an alert, once for each cause, until the period is closed."""

from datetime import date

import pytest
from sqlalchemy import insert

from bridge.alerts.browse import alerts_page
from bridge.billing.cancel_subscription import cancel_subscription
from bridge.billing.close_period import close_due_periods, close_period
from bridge.errors import BridgeError, Conflict, InvalidValue
from bridge.seats.tables import AssignmentFailure
from tests.invoicing.books import BEGINNING, OPERATOR, Books, at
from tests.invoicing.counting import Counting

CAPPED = {"plan": "capped", "unit_amount": "29.00", "meters": [{"meter": "queries", "unit_amount": "0.02"}]}


@pytest.fixture
def books(database) -> Counting:
    """Books with a price whose meter was switched off later."""
    books = Counting.of(database)
    books.meter("queries")
    books.prices("2026-01-01", CAPPED)
    books.meter("queries", on=False)
    books.seat("ada", "capped", "2026-01-01")
    return books


def night(books: Books, now: str):
    try:
        return close_due_periods(books.database, books.tenant_id, now=at(now))
    except BridgeError as refusal:
        return refusal.detail


def alerts(books: Books, *, only_open: bool = False):
    with books.database.read(books.tenant_id) as session:
        rows = alerts_page(session, before=None, only_open=only_open, limit=100)
        return [(row.kind, row.opened_at, row.closed_at, row.detail) for row in rows]


def test_nights_that_are_refused_for_one_cause_are_one_alert_until_the_close_succeeds(books: Counting):
    for day in ("2026-02-02", "2026-02-03", "2026-02-04"):
        assert "queries, which is switched off" in night(books, day)
    ((kind, opened_at, closed_at, detail),) = alerts(books)
    assert (kind, opened_at, closed_at) == ("close_refused", at("2026-02-02"), None)
    assert "bridge meters apply" in detail
    books.meter("queries")
    assert [each.number for each in night(books, "2026-02-05")] == [1]
    assert alerts(books) == [("close_refused", at("2026-02-02"), at("2026-02-05"), detail)]
    assert alerts(books, only_open=True) == []


def test_a_refusal_by_hand_rings_and_a_close_by_hand_resolves_it(books: Counting):
    with pytest.raises(Conflict, match="switched off"):
        books.close("2026-01-01")
    assert len(alerts(books, only_open=True)) == 1
    books.meter("queries")
    books.close("2026-01-01")
    assert alerts(books, only_open=True) == []


def test_the_alert_says_why_it_is_refused_now(books: Counting):
    assert "switched off" in night(books, "2026-02-02")
    books.meter("queries")
    books.person("bob")
    with books.database.write(books.tenant_id) as session:
        session.execute(
            insert(AssignmentFailure),
            {"tenant_id": books.tenant_id, "person_id": "bob", "error": "facts", "attempts": 1,
             "first_failed_at": BEGINNING, "next_attempt_at": at("2030-01-01")},
        )  # fmt: skip
    assert "seats of 1 people" in night(books, "2026-02-03")
    ((_, opened_at, _, detail),) = alerts(books)
    assert opened_at == at("2026-02-02")
    assert "seats of 1 people" in detail


def test_the_same_cause_after_it_was_resolved_rings_again(books: Counting):
    night(books, "2026-02-02")
    books.meter("queries")
    night(books, "2026-02-03")
    books.meter("queries", on=False)
    night(books, "2026-03-02")
    assert [closed_at for _, _, closed_at, _ in alerts(books)] == [None, at("2026-02-03")]


def test_an_alert_of_a_period_that_is_not_to_be_closed_any_more_is_resolved(database):
    books = Counting.of(database, timing="advance")
    books.meter("queries")
    books.prices("2026-02-01", CAPPED)
    books.meter("queries", on=False)
    books.seat("ada", "capped", "2026-02-01")
    night(books, "2026-02-02")
    assert len(alerts(books, only_open=True)) == 1
    with books.database.write(books.tenant_id) as session:
        cancel_subscription(session, None, ends_on=date(2026, 2, 1), cause=OPERATOR, now=at("2026-01-20"))
    assert night(books, "2026-02-03") == ()
    assert alerts(books, only_open=True) == []


def test_prices_that_leave_open_what_is_next_ring_as_well(database):
    books = Counting.of(database, interval="year")
    books.seat("ada", "standard", "2026-01-01")
    for day in ("2027-01-02", "2027-01-03"):
        assert "price per year" in night(books, day)
    assert [(opened_at, closed_at) for _, opened_at, closed_at, _ in alerts(books)] == [
        (at("2027-01-02"), None)
    ]
    books.prices("2026-01-01", {"plan": "standard", "unit_amount": "365.00", "interval": "year"})
    assert len(night(books, "2027-01-04")) == 1
    assert alerts(books, only_open=True) == []


def test_what_is_asked_for_too_early_is_no_alert(books: Counting):
    with pytest.raises(InvalidValue, match="due on"):
        close_period(books.database, books.tenant_id, None, None, cause=OPERATOR, now=at("2026-01-20"))
    assert night(books, "2026-01-31") == ()
    assert alerts(books) == []
