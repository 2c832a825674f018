"""What always holds, whatever the history."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bridge.billing.pricing.price_period import price_period
from bridge.billing.pricing.rows import carried
from bridge.billing.quote import answer_quote, parse_quote
from tests.billing.quotes import adds_up, invoices, lines, quote, term

BASES = [
    "day_any", "second", "month_any", "sticky_month", "high_water", "average", "snapshot_start",
    "snapshot_end", "active_login",
]  # fmt: skip
PEOPLE = ["ada", "bob", "cy", "di"]
PLANS = {"standard": 20, "premium": 30, "admin": 50}
JANUARY = datetime(2024, 1, 1, tzinfo=UTC)


def told(minutes):
    return (JANUARY + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


# Hours and odd minutes around January: many events meet at one instant and at midnight.
MINUTES = st.one_of(
    st.integers(-3, 34).map(lambda day: day * 1440), st.integers(-4000, 48000).map(lambda m: m * 7 % 48000)
)


@st.composite
def seats(draw, plans=tuple(PLANS)):
    held = []
    for _ in range(draw(st.integers(0, 8))):
        start, end = sorted((draw(MINUTES), draw(MINUTES)))
        held.append(
            {
                "person": draw(st.sampled_from(PEOPLE)),
                "plan": draw(st.sampled_from(plans)),
                "start": told(start),
                "end": None if draw(st.booleans()) else told(end),
                "department": draw(st.sampled_from([None, "Sales", "Ops"])),
                "cost_centre": draw(st.sampled_from([None, "1"])),
            }
        )
    return held


PRICES = st.sampled_from(["0.00", "0.01", "9.99", "31.00", "39.00"])
TIERS = st.builds(
    lambda bound, first, second, flat: [
        {"up_to": bound, "unit_amount": first, "flat_amount": flat},
        {"up_to": None, "unit_amount": second, "flat_amount": "1.00"},
    ],
    st.integers(1, 3), PRICES, PRICES, st.sampled_from(["0", "5.00"]),
)  # fmt: skip


@st.composite
def terms(draw):
    agreed = []
    for plan, rank in PLANS.items():
        basis = draw(st.sampled_from(BASES))
        more = {"unit_amount": draw(PRICES)} if draw(st.booleans()) else {"tiers": draw(TIERS)}
        more["tiers_mode"] = draw(st.sampled_from(["graduated", "volume"]))
        more["count"] = {"basis": basis, "window_days": draw(st.integers(0, 9))}
        more["timing"] = draw(st.sampled_from(["arrears", "advance"]))
        more["discount_percent"] = draw(st.sampled_from(["0", "7.5"]))
        more["per_user_cap"] = draw(st.sampled_from([None, "12.00"]))
        more["plan_cap"] = draw(st.sampled_from([None, "50.00"]))
        more["plan_floor"] = draw(st.sampled_from([None, "20.00"]))
        more["minimum"] = draw(st.sampled_from([None, {"amount": "30.00", "overage_factor": "1.5"}]))
        more["valid"] = draw(st.sampled_from([None, {"from": "2024-01-11"}, {"until": "2024-01-21"}]))
        if draw(st.booleans()):
            more["meters"] = [
                {
                    "meter": "calls",
                    "unit_amount": "0.013",
                    "included_per_seat": "50",
                    "pooled": draw(st.booleans()),
                }
            ]
        agreed.append(term(plan, rank, **more))
    return agreed


@st.composite
def quotes(draw):
    agreed = draw(terms())
    metered = any("meters" in each for each in agreed)
    events = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), MINUTES, st.integers(0, 999)), max_size=6))
    signed = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), MINUTES), max_size=6))
    return quote(
        agreed,
        draw(seats()),
        timezone=draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])),
        usage=[
            {"person": who, "meter": "calls", "at": told(at), "quantity": str(much)}
            for who, at, much in events
            if metered
        ],
        logins=[{"person": who, "at": told(at)} for who, at in signed],
        tenant_cap=draw(st.sampled_from([None, "90.00"])),
        tenant_floor=draw(st.sampled_from([None, "60.00"])),
        tax_percent=draw(st.sampled_from(["0", "19", "8.875"])),
        credit_available=draw(st.sampled_from(["0", "25.00"])),
    )


@given(quotes())
def test_lines_people_departments_and_cost_centres_are_the_same_money(document):
    for invoice in price_period(parse_quote(document)):
        adds_up(invoice.document())
        assert all(
            sum(carried(runs) for _, runs in line.shares) == line.amount
            for line in invoice.lines
            if line.kind not in {"tax", "credit"}
        )


@given(quotes(), st.randoms())
def test_the_order_in_which_facts_arrive_changes_nothing(document, random):
    shuffled = dict(document)
    for name in ("seats", "usage", "logins"):
        shuffled[name] = random.sample(document[name], len(document[name]))
    assert answer_quote(shuffled) == answer_quote(document)


@given(quotes())
def test_facts_told_twice_cost_once(document):
    doubled = document | {"seats": document["seats"] * 2, "logins": document["logins"] * 2}
    assert answer_quote(doubled) == answer_quote(document)


@given(quotes())
def test_the_adjustment_of_an_unchanged_period_is_zero(document):
    document |= {"tax_percent": "0", "credit_available": "0"}
    issued = [
        {name: row[name] for name in ("person", "plan", "department", "cost_centre", "amount")}
        for invoice in answer_quote(document)["invoices"]
        for row in invoice["people"]
    ]
    if not issued:
        return
    (again,) = answer_quote(document | {"already_issued": issued})["invoices"]
    assert (again["total"], lines(again)) == ("0.00", [])


@given(quotes())
def test_both_invoices_of_a_period_billed_in_advance_are_the_one_in_arrears(document):
    document |= {"tax_percent": "0", "credit_available": "0"}
    late = document | {"terms": [each | {"timing": "arrears"} for each in document["terms"]]}
    (closed,) = answer_quote(late)["invoices"]
    paid = sum(Decimal(each["total"]) for each in answer_quote(document)["invoices"])
    assert paid == Decimal(closed["total"])


@given(seats(), st.sampled_from(["day_any", "second", "sticky_month", "month_any"]))
def test_nobody_costs_more_than_one_full_price(held, basis):
    agreed = [
        term(plan, rank, unit_amount=f"{rank}.00", count={"basis": basis}) for plan, rank in PLANS.items()
    ]
    (answer,) = invoices(agreed, held)
    for person in PEOPLE:
        rows = [row for row in answer["people"] if row["person"] == person]
        # Each plan is rounded by itself: a person in three of them may carry a cent of each.
        assert sum(Decimal(row["amount"]) for row in rows) <= 50 + Decimal("0.03")
        if basis != "second":  # where instants are counted, two plans may share a day
            assert sum(row["billable_days"] for row in rows) <= 31


@given(seats(("standard",)), st.integers(2, 31))
def test_a_period_in_two_parts_costs_the_same_by_the_second(held, day):
    yearly = term(interval="year", year_start="2024-01-01", unit_amount="3660.00", count={"basis": "second"})
    parts = [("2024-01-01", f"2024-01-{day:02}"), (f"2024-01-{day:02}", "2024-02-01")]
    exact = [exactly(held, yearly, start, end) for start, end in [("2024-01-01", "2024-02-01"), *parts]]
    assert exact[0] == exact[1] + exact[2]


def exactly(held, agreed, start, end):
    """Units before the one rounding, as the product of what was held and a price without remainder."""
    fine = agreed | {"unit_amount": str(366 * 24 * 60 * 60)}  # a year of seconds: a minor unit is 10 ms
    (answer,) = answer_quote(quote(fine, held, {"start": start, "end": end}))["invoices"]
    return Fraction(answer["total"])
