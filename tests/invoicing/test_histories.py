"""Random months at a company, from requests to the invoice, against a slow, obvious recount.

The recount shares no code with the product. It walks from one happening to the next, knows limited seats and
who waits for one, and asks each day who held what at any instant.
"""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.seats.seat_limits import LimitBounds, WantedLimit, set_limit
from tests.examples import examples
from tests.invoicing.walked import CENTS, Story, owned, recount, walk
from tests.seats.house import database, shared_url
from tests.storms.mill import FOUNDED, MARA, NEVER, Mill, at

__all__ = ["database", "shared_url"]

PEOPLE = ("ann", "ben", "cem")
MONTH_DAYS = 31
QUARTERS = st.integers(1, MONTH_DAYS * 24 * 4 - 1)  # quarters of an hour after the month's beginning
DOINGS = ["on", "off", "enters staff", "leaves staff", "enters leads", "leaves leads"]
STEPS = st.lists(
    st.tuples(QUARTERS, st.sampled_from(PEOPLE), st.sampled_from(DOINGS)),
    max_size=14,
    unique_by=lambda step: step[0],
)
LIMITS = st.lists(
    st.tuples(QUARTERS, st.sampled_from(sorted(CENTS)), st.sampled_from([None, 0, 1, 2])),
    max_size=4,
    unique_by=lambda limit: limit[:2],
)


def january(steps, limits=()):
    return Story(
        days=tuple(range(0, (MONTH_DAYS + 1) * 96, 96)),
        people=PEOPLE,
        steps=tuple(steps),
        rules=((0, (("leads", "premium"), ("staff", "standard"))),),
        limits=tuple(limits),
        beginning=("on", "moves Loom", "enters staff"),
    )


def tell(mill, story):
    """Say it as the identity provider and the administrator do; let the workers follow now and then."""
    happenings = sorted([*story.limits, *story.steps], key=lambda each: each[0])
    for number, (quarter, who, what) in enumerate(happenings):
        when = FOUNDED + quarter * timedelta(minutes=15)
        if who in CENTS:
            limit(mill, who, what, when)
        elif what in ("on", "off"):
            mill.turns(who, active=what == "on", when=when)
        else:
            verb, group = what.split()
            mill.moves("add" if verb == "enters" else "remove", group, who, when=when)
        if number % 3 == 0:
            mill.works(when)


def limit(mill, plan, seats, when):
    with mill.database.write(mill.tenant_id) as session:
        set_limit(
            session, WantedLimit(plan=plan, seats=seats), known_plans=set(CENTS), bounds=LimitBounds(),
            cause=MARA, now=when,
        )  # fmt: skip


@settings(
    max_examples=examples(40, in_proof=5_000), suppress_health_check=[*HealthCheck]
)  # each example founds a mill of its own in the database
@given(STEPS, LIMITS)
def test_an_invoice_is_what_a_walk_from_day_to_day_says(database, steps, limits):
    mill, story = Mill(database, **NEVER), january(steps, limits)
    mill.hires(*PEOPLE, when=FOUNDED)
    assert sorted(PEOPLE, key=mill.ids.__getitem__) == list(PEOPLE)
    tell(mill, story)
    mill.works(at("02-01 00:00"))
    _total, people = mill.bill(mill.closes(at("02-01 06:00")))
    assert {(name, plan, where): (days, amount) for name, plan, where, days, amount, _ in people} == recount(
        story
    )
    assert mill.findings(at("02-01 07:00")) == ()


@pytest.mark.parametrize(("what", "plan"), [("enters leads", "premium"), ("off", "standard")])
def test_the_recount_counts_the_day_of_a_change_for_the_better_plan(what, plan):
    days = owned(january([(10 * 96 + 5, "ann", what)]))
    assert days["ann", plan, "Loom"] == (21 if plan == "premium" else 11)


def test_the_recount_lets_who_came_first_have_the_seat_that_another_gave_up():
    told = [(96, "ben", "off"), (2 * 96, "ben", "on"), (3 * 96, "ann", "off")]
    found = {
        quarter: [name for name, (plan, _, _) in standings.items() if plan]
        for quarter, standings in walk(january(told, [(1, "standard", 2)]))
    }
    assert found == {0: ["ann", "ben", "cem"], 1: ["ann", "ben", "cem"], 96: ["ann", "cem"],
                     192: ["ann", "cem"], 288: ["ben", "cem"]}  # fmt: skip
