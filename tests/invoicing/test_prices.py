"""The price book: catalogue, a tenant's own terms, their dates."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.billing.dated_terms import DatedTerms, in_force
from bridge.errors import Conflict, InvalidValue
from tests.invoicing.books import Books, at

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
JANUARY = {"start": date(2026, 1, 1), "end": date(2026, 2, 1)}
STANDARD = {"plan": "standard", "unit_amount": "31.00"}


def test_a_tenants_own_price_takes_the_place_of_the_catalogues(books: Books):
    books.prices("2026-01-01", STANDARD)
    books.seat("ada", "standard", "2026-01-01")
    assert books.closed("2026-01-01")["total"] == "31.00"


@SQLITE
def test_a_price_that_begins_in_the_period_holds_from_its_day(books: Books):
    books.prices("2026-01-16", STANDARD)
    books.seat("ada", "standard", "2026-01-01")
    document = books.closed("2026-01-01")
    assert document["total"] == "34.87"  # 15 days of 39.00 and 16 days of 31.00
    assert [term.get("valid") for term in document["terms"]] == [
        {"from": "2026-01-01", "until": "2026-01-16"},
        {"from": "2026-01-16", "until": "2026-02-01"},
    ]


@SQLITE
def test_a_price_that_ends_gives_way_to_the_catalogues(books: Books):
    books.prices("2026-01-01", STANDARD, valid_until="2026-02-01")
    books.seat("ada", "standard", "2026-01-01")
    assert [books.closed(month)["total"] for month in ("2026-01-01", "2026-02-01")] == ["31.00", "39.00"]


@SQLITE
def test_of_two_prices_for_a_day_the_later_decision_holds(books: Books):
    books.prices("2026-01-01", STANDARD)
    books.prices("2026-01-01", STANDARD | {"unit_amount": "62.00"}, now=at("2025-12-02"))
    books.seat("ada", "standard", "2026-01-01")
    assert books.closed("2026-01-01")["total"] == "62.00"


@SQLITE
def test_a_commitment_binds_also_when_nobody_holds_the_plan(books: Books):
    books.prices("2026-01-01", {"plan": "committed", "unit_amount": "10.00", "minimum": {"seats": 3}})
    closed = books.close("2026-01-01")
    assert books.document(closed.invoice_id)["total"] == "30.00"
    assert books.amounts(closed.invoice_id) == {None: 3000}


@SQLITE
def test_the_catalogues_commitment_binds_nobody_who_has_not_agreed_to_it(books: Books):
    books.seat("ada", "standard", "2026-01-01")
    assert books.closed("2026-01-01")["total"] == "39.00"


@SQLITE
@pytest.mark.parametrize(
    ("term", "pointer"),
    [
        ({"plan": "gold", "unit_amount": "1.00"}, "/terms/1/plan"),
        (STANDARD, "/terms/1/plan"),
        ({"plan": "premium", "unit_amount": "a lot"}, "/terms/1/unit_amount"),
        ({"plan": "premium", "unit_amount": "1.00", "timing": "advance"}, "/terms/1/timing"),
        ({"plan": "premium", "unit_amount": "1.00", "valid": None}, "/terms/1/valid"),
        ({"plan": "premium", "unit_amount": "1.00", "plan_cap": "0.001"}, "/terms/1/plan_cap"),
    ],
)
def test_prices_that_cannot_be_are_refused_where_they_stand(books: Books, term, pointer):
    with pytest.raises(InvalidValue) as refused:
        books.prices("2026-01-01", STANDARD, term)
    assert refused.value.pointer == pointer


@SQLITE
@pytest.mark.parametrize(
    ("dates", "pointer"),
    [((None, None), "/valid_from"), (("2026-02-01", "2026-02-01"), "/valid_until")],
)
def test_dates_that_cannot_be_are_refused(books: Books, dates, pointer):
    with pytest.raises(InvalidValue) as refused:
        books.prices(dates[0], STANDARD, valid_until=dates[1])
    assert refused.value.pointer == pointer


@SQLITE
def test_invoiced_days_keep_their_prices(books: Books):
    books.close("2026-01-01")
    with pytest.raises(Conflict, match="until 2026-02-01"):
        books.prices("2026-01-31", STANDARD)
    assert books.prices("2026-02-01", STANDARD) == ("standard",)


@SQLITE
def test_a_plan_whose_catalogue_price_is_gone_is_named(books: Books):
    books.seat("ada", "gold", "2026-01-01")
    with pytest.raises(Conflict, match="gold between 2026-01-01 and 2026-02-01, which no catalogue knows"):
        books.close("2026-01-01")


days = st.dates(date(2025, 12, 1), date(2026, 3, 1))
dated = st.builds(
    lambda start, end, name: DatedTerms(start, end if end and end > start else None, {"name": name}),
    days,
    st.none() | days,
    st.integers(),
)


@given(own=st.lists(dated, max_size=5), default=st.none() | st.just({"name": "catalogue"}))
def test_every_day_has_the_latest_decision_that_names_it(own, default):
    runs = in_force(own, default, **JANUARY)
    for number in range(1, 32):
        day = date(2026, 1, number)
        wanted = [each.terms for each in own if each.holds_on(day)][-1:] or [default]
        assert [terms for start, end, terms in runs if start <= day < end] == [
            terms for terms in wanted if terms is not None
        ]
    assert all(a[1] <= b[0] and (a[1] < b[0] or a[2] is not b[2]) for a, b in pairwise(runs))
