"""From the usage lines of an invoice back to the events that they count."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

import pytest
from sqlalchemy import insert

from bridge.billing.periods import Period
from bridge.billing.pricing.price_period import PricingInput, UsageEvent, usage_plans
from bridge.database.engine import open_engine
from bridge.database.sessions import Database
from bridge.directory.tables import Join
from bridge.errors import NotFound
from bridge.oversight.explain_usage import explain_usage
from config.settings import Settings
from tests.invoicing.books import BEGINNING, at
from tests.invoicing.counting import Counting

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NIGHT = "2026-02-01"
CAPPED = {"plan": "capped", "unit_amount": "29.00", "meters": [
    {"meter": "queries", "included_per_seat": "10", "pooled": False, "unit_amount": "1.00"},
    {"meter": "peaks", "unit_amount": "1.00"},
    {"meter": "projects", "unit_amount": "1.00"},
]}  # fmt: skip
API = {
    "plan": "api_developer",
    "unit_amount": "49.00",
    "meters": [{"meter": "queries", "unit_amount": "2.00"}],
}


@pytest.fixture
def books(database_url: str) -> Iterator[Counting]:
    engine = open_engine(Settings(database_url=database_url))
    books = Counting.of(Database(engine))
    for key, aggregation in (("queries", "sum"), ("peaks", "max"), ("projects", "unique")):
        books.meter(key, aggregation)
    books.prices("2026-01-01", CAPPED, API)
    books.seat("ada", "capped", "2026-01-01")
    books.seat("bob", "api_developer", "2026-01-01")
    yield books
    engine.dispose()


def explained(books: Counting, number="1", **named):
    with books.database.read(books.tenant_id) as session:
        return [(each.plan, each.event.person_id, each.event.at, each.event.quantity)
                for each in explain_usage(session, number, **named)]  # fmt: skip


def test_the_events_are_what_the_lines_say(books: Counting):
    events = [
        books.event("ada", "queries", "2026-01-05 08:00", "7.5"),
        books.event("bob", "queries", "2026-01-06", "4"),
        books.event("ada", "queries", "2026-01-07", "6"),
        books.event("ada", "peaks", "2026-01-08", "3"),
        books.event("ada", "peaks", "2026-01-09", "9"),
        books.event("ada", "projects", "2026-01-10", value="red"),
        books.event("ada", "projects", "2026-01-11", value="red"),
        books.event("ada", "queries", "2025-12-31 23:59", "1"),
    ]
    assert books.takes(*events, now="2026-01-20").rejected == ()
    document = books.closed("2026-01-01", now=NIGHT)
    told = {line["description"]: line["quantity"] for line in document["lines"] if line["kind"] == "usage"}
    assert told == {
        "capped: 3.5 queries beyond what is included, of 13.5": "3.5",
        "capped: 9 peaks": "9",
        "capped: 1 projects": "1",
        "api_developer: 4 queries": "4",
    }
    assert explained(books) == [
        ("capped", "ada", at("2026-01-05 08:00"), Fraction("7.5")),
        ("api_developer", "bob", at("2026-01-06"), 4),
        ("capped", "ada", at("2026-01-07"), 6),
        ("capped", "ada", at("2026-01-09"), 9),
        ("capped", "ada", at("2026-01-10"), 1),
    ]
    assert sum(each[3] for each in explained(books, plan="capped", meter="queries")) == Fraction("13.5")
    assert [each[1] for each in explained(books, meter="queries", person_id="bob")] == ["bob"]
    assert explained(books, meter="nothing") == explained(books, person_id="nobody") == []


def test_what_came_after_the_invoice_is_not_on_it(books: Counting):
    books.takes(books.event("bob", "queries", "2026-01-05", "4"), now="2026-01-20")
    books.close("2026-01-01", now=NIGHT)
    books.takes(books.event("bob", "queries", "2026-01-04", "100"), now="2026-02-03")
    assert [each[3] for each in explained(books)] == [4]


def test_what_a_joined_account_used_names_the_account(books: Counting):
    books.person("bob-2")
    with books.database.write(books.tenant_id) as session:
        row = {"tenant_id": books.tenant_id, "id": "join-1", "account_id": "bob-2", "person_id": "bob",
               "start": BEGINNING, "end": None, "made_by": "administrator", "started_by": "entry",
               "ended_by": None, "reason": ""}  # fmt: skip
        known = {column.name for column in Join.__table__.columns}
        session.execute(insert(Join), {name: value for name, value in row.items() if name in known})
    books.takes(books.event("bob-2", "queries", "2026-01-05", "4"), now="2026-01-20")
    books.close("2026-01-01", now=NIGHT)
    with books.database.read(books.tenant_id) as session:
        (found,) = [each.document() for each in explain_usage(session, "1")]
    assert (found["person"], found["account"], found["plan"]) == ("bob", "bob-2", "api_developer")
    assert (found["source"], found["quantity"], found["at"]) == ("shop", "4", "2026-01-05T00:00:00+00:00")


@SQLITE
def test_many_events_are_explained_part_by_part(books: Counting):
    for first in range(0, 2400, 800):
        batch = [
            books.event("bob", "queries", f"2026-01-05 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}", "1")
            for n in range(first, first + 800)
        ]
        books.takes(*batch, now="2026-01-20")
    books.close("2026-01-01", now=NIGHT)
    found = explained(books)
    assert len(found) == 2400
    assert found == sorted(found, key=lambda each: each[2])


@SQLITE
def test_an_invoice_in_advance_counts_nothing_and_its_second_does(database_url: str):
    engine = open_engine(Settings(database_url=database_url))
    books = Counting.of(Database(engine), timing="advance")
    books.meter("queries")
    books.prices("2026-01-01", API)
    books.seat("bob", "api_developer", "2025-12-31")
    books.close("2026-01-01", now="2026-01-01")
    books.takes(books.event("bob", "queries", "2026-01-05", "4"), now="2026-01-20")
    books.close("2026-01-01", now=NIGHT)
    assert (explained(books, "1"), len(explained(books, "2"))) == ([], 1)
    engine.dispose()


@SQLITE
def test_an_invoice_without_meters_or_that_is_not_there(books: Counting):
    with pytest.raises(NotFound):
        explained(books, "1")
    plain = ({"plan": plan, "unit_amount": "1.00"} for plan in ("capped", "api_developer"))
    books.prices("2026-01-01", *plain, now=at("2026-01-01"))
    books.close("2026-01-01", now=NIGHT)
    assert explained(books) == []


def test_without_terms_no_plan_bills_an_event():
    period = Period(date(2026, 1, 1), date(2026, 2, 1))
    event = UsageEvent("ada", "queries", at("2026-01-05"), Fraction(1))
    asked = PricingInput(currency="USD", timezone="UTC", period=period, terms=(), seats=(), usage=[event])
    assert usage_plans(asked) == [None]
