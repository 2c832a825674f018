"""Plans priced by sign-ins and by consumption, closed period by period."""

import random
from datetime import date
from fractions import Fraction
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.billing.issued_invoices import invoice_people, list_invoices
from bridge.billing.quote import answer_quote
from bridge.errors import Conflict, InvalidValue
from tests.examples import examples
from tests.invoicing.books import Books
from tests.invoicing.counting import Counting

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NUMBERS = count(2)  # of tenants: each example has one of its own
CAPPED = {
    "plan": "capped", "unit_amount": "31.00", "per_user_cap": "60.00",
    "meters": [{"meter": "queries", "included_per_seat": "10", "pooled": False, "unit_amount": "1.00"}],
}  # fmt: skip


@pytest.fixture
def books(database) -> Counting:
    return Counting.of(database)


def metered(books):
    books.meter("queries")
    books.prices("2026-01-01", CAPPED)


def test_a_price_by_a_meter_that_the_tenant_does_not_count_is_refused(books: Counting):
    books.meter("queries", on=False)
    books.meter("calls")
    with pytest.raises(InvalidValue, match="allowed a meter of the tenant that is on: calls") as refused:
        books.prices("2026-01-01", CAPPED)
    assert refused.value.pointer == "/terms/0/meters/0/meter"


@SQLITE
def test_a_period_with_a_meter_that_is_missing_or_off_is_not_closed(books: Counting):
    books.seat("ada", "capped", "2026-01-01")
    with pytest.raises(Conflict, match="queries, which the tenant does not have"):
        books.close("2026-01-01")
    books.meter("queries", on=False)
    with pytest.raises(Conflict, match="queries, which is switched off"):
        books.close("2026-01-01")
    books.meter("queries")
    assert books.closed("2026-01-01")["total"] == "29.00"


def test_late_consumption_is_carried_by_the_next_invoice_and_names_its_batch(books: Counting):
    metered(books)
    books.seat("ada", "capped", "2026-01-01")
    books.takes(books.event("ada", "queries", "2026-01-20", "15"), now="2026-01-21")
    assert books.closed("2026-01-01", now="2026-02-01")["total"] == "36.00"
    taken = books.takes(books.event("ada", "queries", "2026-01-30", "30"), now="2026-02-02")
    assert taken.late == 1
    books.meter("queries", on=False)  # the period that is invoiced is computed again all the same
    books.meter("queries")
    february = books.close("2026-02-01", now="2026-03-01")
    adjusted = [row for row in books.people(february.invoice_id) if row[7] == date(2026, 1, 1)]
    # 45 queries, 35 beyond what is free: 66.00, capped at 60.00. 36.00 were billed.
    assert [(row[0], row[5]) for row in adjusted] == [("ada", 2400)]
    assert adjusted[0][6]


def test_a_late_sign_in_bills_the_days_that_it_makes_active(books: Counting):
    books.seat("ada", "read_only", "2026-01-01", "2026-02-01")
    assert books.closed("2026-01-01", now="2026-02-01")["total"] == "0.00"
    books.signed_in("ada", "2026-01-22 08:00", now="2026-02-02")
    # 22 to 31 January are ten days of 9.00 for 31 days.
    assert books.closed("2026-02-01", now="2026-03-01")["total"] == "2.90"


@SQLITE
def test_a_sign_in_before_the_period_keeps_its_first_days_active(books: Counting):
    books.seat("ada", "read_only", "2026-01-01")
    books.seat("bob", "standard", "2026-01-01")
    books.signed_in("ada", "2025-12-10 23:59", now="2026-01-02")
    books.signed_in("bob", "2026-01-10", now="2026-01-12")
    # 10 December and 28 days: active to 7 January, seven days.
    lines = dict(line[1:] for line in books.lines("2026-01-01"))
    assert lines == {"read_only": "2.03", "standard": "39.00"}


@SQLITE
def test_consumption_at_the_edges_of_the_month_belongs_to_its_local_day(database):
    books = Counting.of(database, zone="America/New_York")
    metered(books)
    books.seat("ada", "capped", "2026-01-01")
    books.takes(books.event("ada", "queries", "2025-12-31 23:59:59", "1000"),
                books.event("ada", "queries", "2026-01-01 00:00", "11"), now="2026-01-05")  # fmt: skip
    books.takes(books.event("ada", "queries", "2026-02-01 00:00", "1000"), now="2026-02-02")
    assert books.closed("2026-01-01")["total"] == "32.00"


@SQLITE
def test_prices_by_the_instant_get_the_instants(books: Counting):
    books.meter("queries")
    second = {"count": {"basis": "second"}, "meters": [{"meter": "queries", "unit_amount": "1.00"}]}
    other = {"count": {"basis": "second"}, "meters": [{"meter": "queries", "unit_amount": "2.00"}]}
    books.prices("2026-01-01", {"plan": "standard", "unit_amount": "0", **second},
                 {"plan": "premium", "unit_amount": "0", **other})  # fmt: skip
    books.seat("ada", "standard", "2026-01-01", "2026-01-10 12:00")
    books.seat("ada", "premium", "2026-01-10 12:00")
    books.takes(books.event("ada", "queries", "2026-01-10 11:00", "1"),
                books.event("ada", "queries", "2026-01-10 13:00", "1"), now="2026-01-11")  # fmt: skip
    lines = {plan: amount for kind, plan, amount in books.lines("2026-01-01") if kind == "usage"}
    assert lines == {"standard": "1.00", "premium": "2.00"}


def as_quoted(usage, seats):
    """What a quote says of the same facts."""
    document = {
        "currency": "USD", "period": {"start": "2026-01-01", "end": "2026-02-01"},
        "terms": [{**CAPPED, "rank": 25}], "tenant_floor": "20.00", "tenant_cap": "100.00",
        "tax_percent": "19", "credit_available": "7.77",
        "seats": [{"person": person, "plan": "capped", "start": f"{start}T00:00:00Z",
                   "end": f"{end}T00:00:00Z", "department": "Sales", "cost_centre": "4711"}
                  for person, start, end in seats],
        "usage": [{"person": person, "meter": "queries", "at": f"{when}T10:00:00Z", "quantity": quantity}
                  for person, when, quantity in usage],
    }  # fmt: skip
    [invoice] = answer_quote(document)["invoices"]
    return invoice


january = st.integers(1, 30).map(lambda number: f"2026-01-{number:02}")
used = st.tuples(st.sampled_from(["ada", "bob", "cleo"]), january, st.sampled_from(["0.5", "7", "33", "120"]))


@given(
    usage=st.lists(used, max_size=8, unique_by=lambda each: each[:2]),
    starts=st.lists(january, min_size=1, max_size=3),
    seed=st.integers(0, 2**32),
)
@settings(
    max_examples=examples(8, in_proof=400),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_an_invoice_is_the_quote_of_its_facts_in_whatever_order_they_come(database, usage, starts, seed):
    books = Counting.of(database, tenant_id=f"northwind-{next(NUMBERS)}")
    metered(books)
    books.bill("2026-01-01", tenant_floor="20.00", tenant_cap="100.00", tax_percent="19")
    books.credit("7.77")
    for person in ("ada", "bob", "cleo"):
        books.person(person)
    seats = [
        (person, start, "2026-01-31") for person, start in zip(("ada", "bob", "cleo"), starts, strict=False)
    ]
    shuffled = random.Random(seed)  # noqa: S311 - an order, no secret
    for person, start, end in shuffled.sample(seats, len(seats)):
        books.seat(person, "capped", start, end)
    events = [books.event(person, "queries", f"{when} 10:00", quantity) for person, when, quantity in usage]
    for event in shuffled.sample(events, len(events)):
        books.takes(event, now="2026-01-31")
    books.takes(*events, now="2026-01-31")  # all of it once more
    previewed = books.preview()
    document = books.closed("2026-01-01", now="2026-02-01")
    quoted = as_quoted(usage, seats)
    assert {name: document[name] for name in previewed} == previewed
    names = ("departments", "cost_centres", "subtotal", "tax", "total", "credit_used", "due")
    assert {name: document[name] for name in names} == {name: quoted[name] for name in names}
    lines = [{name: line[name] for name in quoted["lines"][0]} for line in document["lines"]]
    assert lines == quoted["lines"]
    assert Fraction(document["due"]) == sum(Fraction(line["amount"]) for line in lines)
    assert books.balance == 777 - round(Fraction(document["credit_used"]) * 100)


@given(usage=st.lists(used, max_size=6, unique_by=lambda each: each[:2]))
@settings(
    max_examples=examples(5, in_proof=200),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_came_late_and_what_came_in_time_cost_the_same_in_the_end(database, usage):
    totals = []
    for late in (False, True):
        books = Counting.of(database, tenant_id=f"northwind-{next(NUMBERS)}")
        metered(books)
        books.bill("2026-01-01", tenant_cap="150.00")
        for person in ("ada", "bob", "cleo"):
            books.seat(person, "capped", "2026-01-01", "2026-02-01")
        events = [books.event(person, "queries", f"{when} 10:00", number) for person, when, number in usage]
        if late:
            books.close("2026-01-01", now="2026-02-01")
            books.takes(*events, now="2026-02-02")
        else:
            books.takes(*events, now="2026-01-31")
            books.close("2026-01-01", now="2026-02-01")
        books.close("2026-02-01", now="2026-03-01")
        totals.append(books_total(books))
    assert totals[0] == totals[1]


def books_total(books: Books):
    """Sum what each person was ever billed."""
    totals: dict[str, int] = {}
    with books.database.read(books.tenant_id) as session:
        for invoice in list_invoices(session):
            for share in invoice_people(session, invoice.id):
                totals[share.person_id] = totals.get(share.person_id, 0) + share.amount_minor
    return {person: amount for person, amount in totals.items() if amount}
