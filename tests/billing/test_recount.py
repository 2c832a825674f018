"""A second, slow, obvious recount of whole days as an oracle: it shares no code with the product.

It walks every quarter of an hour of the period and asks who holds what, in local time.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.billing.quote import answer_quote

QUARTER = timedelta(minutes=15)
ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kolkata", "America/Havana",
    "Pacific/Auckland",
]  # fmt: skip
PERIODS = [
    (date(2024, 3, 8), 12),
    (date(2024, 3, 29), 5),
    (date(2024, 10, 26), 9),
    (date(2024, 4, 24), 6),
    (date(2024, 2, 27), 4),
]
PLANS = {"standard": 20, "premium": 30, "admin": 50}


@st.composite
def histories(draw):
    start, length = draw(st.sampled_from(PERIODS))
    first = datetime(start.year, start.month, start.day, tzinfo=UTC) - timedelta(days=1)
    quarters = st.integers(0, (length + 2) * 96)
    held = []
    for _ in range(draw(st.integers(0, 9))):
        begin, end = sorted((draw(quarters), draw(quarters)))
        person, plan = draw(st.sampled_from("abcd")), draw(st.sampled_from(sorted(PLANS)))
        held.append(
            (person, plan, first + begin * QUARTER, first + end * QUARTER if draw(st.booleans()) else None)
        )
    return start, length, draw(st.sampled_from(ZONES)), held


def walked(start, length, zone, held):
    """For each local date, the quarters of an hour with the set of (person, plan) held in them."""
    dates = defaultdict(list)
    now = datetime(start.year, start.month, start.day, tzinfo=UTC) - timedelta(days=1)
    for _ in range((length + 2) * 96):
        local = now.astimezone(ZoneInfo(zone)).date()
        if start <= local < start + timedelta(days=length):
            dates[local].append(
                {(who, plan) for who, plan, begin, end in held if begin <= now and (end is None or now < end)}
            )
        now += QUARTER
    assert len(dates) == length
    return dates


def owners(quarters):
    """person → the highest plan held at any instant of the day."""
    best = {}
    for who, plan in set().union(*quarters):
        if who not in best or PLANS[plan] > PLANS[best[who]]:
            best[who] = plan
    return best


def cost_of(count, tiers, mode):
    if mode == "volume":
        return count * next(Fraction(price) for bound, price in tiers if bound is None or count <= bound)
    cost = Fraction(0)
    for number in range(1, count + 1):
        cost += next(Fraction(price) for bound, price in tiers if bound is None or number <= bound)
    return cost


def answered(start, length, zone, held, agreed):
    def told(instant):
        return instant and instant.isoformat().replace("+00:00", "Z")

    document = {
        "currency": "KWD",
        "timezone": zone,
        "period": {"start": start.isoformat(), "end": (start + timedelta(days=length)).isoformat()},
        "terms": [{"plan": plan, "rank": rank} | agreed for plan, rank in PLANS.items()],
        "seats": [
            {"person": who, "plan": plan, "start": told(begin), "end": told(end)}
            for who, plan, begin, end in held
        ],
    }
    (invoice,) = answer_quote(document)["invoices"]
    return invoice


def by_plan(invoice):
    return {line["plan"]: Fraction(line["amount"]) for line in invoice["lines"]}


def rounded(exact):
    """To a thousandth, a half up: amounts here are positive."""
    return Fraction((exact * 2000 + 1) // 2, 1000)


@settings(max_examples=200)
@given(histories())
def test_days_and_plain_prices_are_those_of_a_naive_recount(history):
    start, length, zone, held = history
    counted = defaultdict(int)
    for quarters in walked(start, length, zone, held).values():
        for who, plan in owners(quarters).items():
            counted[who, plan] += 1
    invoice = answered(start, length, zone, held, {"unit_amount": "39.00"})
    assert {(row["person"], row["plan"]): row["billable_days"] for row in invoice["people"]} == dict(counted)
    expected = defaultdict(Fraction)
    for (_, plan), days in counted.items():
        expected[plan] += Fraction(39 * days, length)
    assert by_plan(invoice) == {plan: rounded(exact) for plan, exact in expected.items()}


@settings(max_examples=200)
@given(histories(), st.sampled_from(["graduated", "volume"]), st.integers(0, 1), st.sampled_from([None, 2]))
def test_slots_and_tiers_are_those_of_a_naive_recount(history, mode, included, most):
    start, length, zone, held = history
    tiers = [(1, "30.00"), (2, "20.00"), (None, "7.77")]
    expected = defaultdict(Fraction)
    for quarters in walked(start, length, zone, held).values():
        owned = owners(quarters)
        for plan in set(owned.values()):
            peak = max(
                len({who for who, which in at_once if which == plan and owned[who] == plan})
                for at_once in quarters
            )
            count = max(0, peak - included)
            count = count if most is None else min(count, most)
            expected[plan] += cost_of(count, tiers, mode) / length
    written = [{"up_to": bound, "unit_amount": price} for bound, price in tiers]
    agreed = {"tiers": written, "tiers_mode": mode, "included_seats": included, "max_seats": most}
    invoice = answered(start, length, zone, held, agreed)
    assert by_plan(invoice) == {plan: rounded(exact) for plan, exact in expected.items()}
