"""People who are priced together pay what each would alone."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.billing.money import allocate
from bridge.billing.periods import Period
from bridge.billing.pricing.cohorts import Alike, Cohort, SeatSpan, Stay, alike_of, by_days
from bridge.billing.pricing.period_days import PeriodDays
from bridge.billing.pricing.price_period import price_period
from bridge.billing.pricing.rows import RowKey, joined, overlaid, put
from bridge.billing.pricing.sharing import share_out
from bridge.billing.quote import answer_quote, parse_quote
from bridge.errors import InvalidValue
from tests.billing.quotes import quote, term
from tests.billing.test_properties import quotes

JANUARY = PeriodDays.of(Period(date(2024, 1, 1), date(2024, 2, 1)), "UTC")
METERED = term("nobody's", 7, meters=[{"meter": "calls of nobody", "unit_amount": "1.00"}])
TWINS = 3


def crowd(document):
    """Give everybody twins who hold, do and use the same, so that many are alike."""

    def twins(facts):
        return [{**fact, "person": f"{fact['person']}{number}"} for number in range(TWINS) for fact in facts]

    return document | {name: twins(document[name]) for name in ("seats", "logins", "usage")}


def apart(document):
    """Say of everybody that he used, long before the period, a meter of a plan that nobody holds.

    It costs nothing, and nobody who used anything is priced together with others.
    """
    people = {fact["person"] for name in ("seats", "logins") for fact in document[name]}
    events = [
        {"person": person, "meter": "calls of nobody", "at": "2023-06-01T00:00:00Z", "quantity": "1"}
        for person in people
    ]
    return document | {"usage": document["usage"] + events}


@given(quotes())
def test_priced_together_or_each_alone_is_the_same_answer(document):
    document = crowd(document)
    document |= {"terms": [*document["terms"], METERED]}
    assert answer_quote(document) == answer_quote(apart(document))


def test_a_cent_that_some_of_the_alike_get_goes_to_the_first_by_name():
    seats = [
        {"person": person, "plan": "standard", "start": "2023-12-01T00:00:00Z", "end": None}
        for person in ("cy", "ada", "bob")
    ]
    terms = [term("standard", 20, unit_amount="10.00", discount_percent="33.3")]
    [invoice] = answer_quote(quote(terms, seats))["invoices"]
    assert [(row["person"], row["amount"]) for row in invoice["people"]] == [
        ("ada", "6.67"), ("bob", "6.67"), ("cy", "6.67"),
    ]  # fmt: skip
    terms = [term("standard", 20, unit_amount="0.07", discount_percent="10")]
    [invoice] = answer_quote(quote(terms, seats))["invoices"]
    assert [(row["person"], row["amount"]) for row in invoice["people"]] == [
        ("ada", "0.06"), ("bob", "0.06"), ("cy", "0.07"),
    ]  # fmt: skip


NAMES = st.tuples(st.sampled_from([None, "p", "q"]), st.sampled_from([None, "Ops"]))
WEIGHTS = st.integers(0, 3) | st.fractions(0, 2, max_denominator=6)


@st.composite
def carriers(draw):
    """Some cohorts with their rows, in which neighbours weigh the same, and somebody who is nobody."""
    everybody = [f"{letter}{digit}" for letter in "abc" for digit in range(4)]
    rows = {}
    for number in range(draw(st.integers(1, 3))):
        people = sorted(
            person for person in everybody if draw(st.booleans()) and name_sum(person) % 3 == number
        )
        if not people:
            continue
        cohort = Cohort(people)
        for plan, department in draw(st.sets(NAMES, min_size=1, max_size=2)):
            weights = [draw(WEIGHTS) for _ in people]
            rows[RowKey(cohort, plan, department)] = joined((1, weight) for weight in weights)
    rows[RowKey("zoe", "p")] = ((1, draw(WEIGHTS)),)
    rows[RowKey(None, "p")] = ((1, draw(WEIGHTS.filter(bool))),)
    return rows


def name_sum(name):
    return sum(map(ord, name))


def each(rows):
    """Write runs out: (person, plan, department) → number."""
    found = {}
    for key, runs in rows.items():
        people = key.person.people if isinstance(key.person, Cohort) else [key.person]
        numbers = [number for count, number in runs for _ in range(count)]
        found |= {
            (person, key.plan, key.department): number for person, number in zip(people, numbers, strict=True)
        }
    return found


def by_name(key):
    return tuple((part is None, part or "") for part in key)


@given(carriers(), st.fractions(-50, 50, max_denominator=8))
def test_shares_of_cohorts_are_the_shares_of_their_people(rows, exact):
    amount = int(exact.__round__())
    alone = sorted((pair for pair in each(rows).items() if pair[1] > 0), key=lambda pair: by_name(pair[0]))
    shares = each(dict(share_out(amount, rows, exact)))
    assert {key: part for key, part in shares.items() if each(rows)[key] > 0} == dict(
        allocate(amount, alone, exact=exact)
    )
    assert sum(shares.values()) == amount


@given(st.lists(st.integers(0, 2), min_size=1, max_size=9), st.data())
def test_runs_are_added_person_by_person(numbers, data):
    others = data.draw(st.lists(st.integers(0, 2), min_size=len(numbers), max_size=len(numbers)))
    left, right = (joined((1, number) for number in each) for each in (numbers, others))
    people = [row for count, row in overlaid((left, right)) for _ in range(count)]
    assert people == list(zip(numbers, others, strict=True))
    key = RowKey(Cohort([str(number) for number in range(len(numbers))]), "p")
    for sign in (1, -1):
        rows = {key: left}
        put(rows, [(key, right)], sign=sign)
        assert list(each(rows).values()) == [a + sign * b for a, b in zip(numbers, others, strict=True)]


def held(person, plan, start, end):
    return SeatSpan(
        person, plan, datetime(2024, 1, *start, tzinfo=UTC), end and datetime(2024, 1, *end, tzinfo=UTC)
    )


def test_who_came_on_the_same_day_is_alike_where_days_count_and_not_where_instants_do():
    seats = [held("ada", "standard", (9, 8), None), held("bob", "standard", (9, 17, 30), None)]
    alike = alike_of(seats, (JANUARY.start, JANUARY.end))
    assert [each.people for each in by_days(alike, JANUARY, {"standard"})] == [["ada", "bob"]]
    assert [each.people for each in by_days(alike, JANUARY, set())] == [["ada"], ["bob"]]


def test_who_came_in_the_first_day_is_not_alike_to_who_was_there_at_its_beginning():
    seats = [held("ada", "standard", (1, 0), None), held("bob", "standard", (1, 9), None)]
    alike = alike_of(seats, (JANUARY.start, JANUARY.end))
    assert [each.people for each in by_days(alike, JANUARY, {"standard"})] == [["ada"], ["bob"]]


def test_when_a_seat_began_before_the_period_tells_nobody_apart():
    seats = [
        SeatSpan(person, "standard", datetime(year, 5, 1, tzinfo=UTC))
        for person, year in [("ada", 2021), ("bob", 2023)]
    ]
    [alike] = by_days(alike_of(seats, (JANUARY.start, JANUARY.end)), JANUARY, set())
    assert isinstance(alike, Alike)
    assert alike.people == ["ada", "bob"]


def test_a_seat_outside_the_period_or_of_no_length_is_held_by_nobody():
    seats = [
        SeatSpan("ada", "standard", datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)),
        held("bob", "standard", (5,), (5,)),
        SeatSpan("cy", "standard", datetime(2024, 2, 1, tzinfo=UTC)),
    ]
    assert alike_of(seats, (JANUARY.start, JANUARY.end)) == []


def test_a_seat_of_a_plan_without_a_term_is_refused_although_people_are_put_together():
    asked = parse_quote(quote([term()], []))
    stays = (Stay("premium", JANUARY.start, JANUARY.end, JANUARY.start, None, None),)
    with pytest.raises(InvalidValue, match="premium"):
        price_period(replace(asked, alike=[Alike(["ada"], stays)]))
