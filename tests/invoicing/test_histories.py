"""Random months at a company, from requests to the invoice, against a slow, obvious recount.

The recount shares no code with the product. It goes from day to day and asks who held what at any instant.
"""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.seats.house import database, shared_url
from tests.storms.mill import FOUNDED, NEVER, Mill, at

__all__ = ["database", "shared_url"]

PEOPLE = ("ann", "ben", "cem")
MONTH_DAYS = 31
CENTS = {"standard": 3900, "premium": 7900}
RANK = {None: 0, "standard": 1, "premium": 2}

STEPS = st.lists(
    st.tuples(
        st.integers(1, MONTH_DAYS * 24 * 4 - 1),  # quarters of an hour after the month's beginning
        st.sampled_from(PEOPLE),
        st.sampled_from(["on", "off", "staff in", "staff out", "leads in", "leads out"]),
    ),
    max_size=14,
    unique_by=lambda step: step[0],
)


def tell(mill, steps):
    """Say it as the identity provider does, and let the workers follow now and then."""
    for number, (quarter, name, what) in enumerate(sorted(steps)):
        when = FOUNDED + quarter * timedelta(minutes=15)
        if what in ("on", "off"):
            mill.turns(name, active=what == "on", when=when)
        else:
            group, way = what.split()
            mill.moves("add" if way == "in" else "remove", group, name, when=when)
        if number % 3 == 0:
            mill.works(when)


def plan_of(state):
    if not state["on"]:
        return None
    return "premium" if state["leads"] else "standard" if state["staff"] else None


def best_plans(name, steps):
    """Return the best plan of each day: the state at its beginning, then after each step of the day."""
    state = {"on": True, "staff": True, "leads": False}
    mine = sorted((quarter, what) for quarter, who, what in steps if who == name)
    days = []
    for day in range(MONTH_DAYS):
        plans = [None] if [quarter for quarter, _ in mine if quarter == day * 96] else [plan_of(state)]
        for quarter, what in mine:
            if day * 96 <= quarter < (day + 1) * 96:
                key, value = (what, None) if what in ("on", "off") else what.split()
                state["on" if value is None else key] = what == "on" or value == "in"
                plans.append(plan_of(state))
        days.append(max(plans, key=RANK.__getitem__))
    return days


def recount(steps, order):
    """Return what each person costs: a plan is rounded once, what is left goes to the largest remainders."""
    bill = {}
    for plan, cents in CENTS.items():
        days = {name: best_plans(name, steps).count(plan) for name in order}
        whole = cents * sum(days.values())
        total = (2 * whole + MONTH_DAYS) // (2 * MONTH_DAYS)
        amounts = {name: cents * count // MONTH_DAYS for name, count in days.items() if count}
        remainders = sorted(amounts, key=lambda name: (-(cents * days[name] % MONTH_DAYS), order.index(name)))
        for name in remainders[: total - sum(amounts.values())]:
            amounts[name] += 1
        bill |= {(name, plan): (days[name], amount) for name, amount in amounts.items()}
    return bill


@settings(suppress_health_check=[*HealthCheck])  # each example founds a mill of its own in the database
@given(STEPS)
def test_an_invoice_is_what_a_walk_from_day_to_day_says(database, steps):
    mill = Mill(database, **NEVER)
    mill.hires(*PEOPLE, when=FOUNDED)
    tell(mill, steps)
    mill.works(at("02-01 00:00"))
    _total, people = mill.bill(mill.closes(at("02-01 06:00")))
    order = sorted(PEOPLE, key=mill.ids.__getitem__)
    found = {(name, plan): (days, amount) for name, plan, _, days, amount, _ in people}
    assert found == recount(steps, order)
    assert mill.findings(at("02-01 07:00")) == ()


@pytest.mark.parametrize(("what", "plan"), [("leads in", "premium"), ("off", "standard")])
def test_the_recount_counts_the_day_of_a_change_for_the_better_plan(what, plan):
    assert best_plans("ann", [(10 * 96 + 5, "ann", what)])[10] == plan
