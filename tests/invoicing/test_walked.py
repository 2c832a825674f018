"""Random histories of a company: seats and money as pure functions say, next to a recount that walks.

`make proof` plays 100,000 of them, an ordinary run 400. Everything is computed in memory, from facts over
timelines and lines of those who wait to the invoice; tests/invoicing/test_histories.py does it with rows.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.billing.quote import answer_quote
from bridge.directory.facts import MembershipFact, PersonFacts, PersonVersionFact
from bridge.mapping.rule_document import parse_rules
from bridge.mapping.rules import DatedRules
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.seats.admission import SeatLimit, in_order
from bridge.seats.timeline import timeline
from bridge.seats.waiting import lined_up, ranked
from tests.examples import IS_PROOF, examples
from tests.invoicing.walked import CENTS, Story, owned, recount, walk

QUARTER = timedelta(minutes=15)
#: Each example of Hypothesis is a seed of this many histories.
EACH = 20
EXAMPLES = examples(20, in_proof=5_000)

#: In how many of every hundred histories this must happen: else the rest proves little.
LEAST = {
    "waiting": 10,
    "a seat after waiting": 2,
    "a limit below what is held": 4,
    "two lines of one person": 20,
}

PERIODS = [
    (date(2026, 1, 1), date(2026, 2, 1)),
    (date(2024, 2, 1), date(2024, 3, 1)),
    (date(2026, 3, 1), date(2026, 4, 1)),
    (date(2026, 10, 20), date(2026, 11, 3)),
    (date(2026, 4, 22), date(2026, 4, 27)),
]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Auckland"]
GROUPS = ("staff", "leads", "guests")
DOINGS = [
    "on", "on", "on", "off", *(f"enters {group}" for group in (*GROUPS, *GROUPS)),
    *(f"leaves {group}" for group in GROUPS), "moves Lab", "moves Sales",
]  # fmt: skip
RULES = [
    (("leads", "premium"), ("guests", "standard"), ("staff", "standard")),
    (("leads", "premium"), ("staff", "standard")),
    (("staff", "premium"), ("leads", "standard")),
    (("guests", "standard"),),
    (),
]


def drawn(random):
    """Make up a period in a zone, and a history around it: quarters count from a day before it."""
    first, last = random.choice(PERIODS)
    zone = ZoneInfo(random.choice(ZONES))
    origin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    midnights = [
        datetime(day.year, day.month, day.day, tzinfo=zone)
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1))
    ]
    days = tuple(quarters_between(origin, midnight) for midnight in midnights)

    def quarter():
        """Often at midnight or at an instant at which something else happens."""
        if random.random() < 0.3:
            return random.choice(days)
        return (
            random.randint(0, 40) * (days[-1] // 40) if random.random() < 0.3 else random.randint(0, days[-1])
        )

    people = tuple("abcdef"[: random.randint(1, 6)])
    steps = {(quarter(), random.choice(people)): random.choice(DOINGS) for _ in range(random.randint(0, 24))}
    limits = {
        (random.choice([0, quarter()]), random.choice(list(CENTS))): random.choice([None, 0, 1, 1, 2, 3])
        for _ in range(random.choice([0, 1, 2, 4]))
    }
    rules = {0: RULES[0]} | {quarter(): random.choice(RULES) for _ in range(random.choice([0, 0, 1, 3]))}
    story = Story(
        days=days,
        people=people,
        steps=tuple((when, who, what) for (when, who), what in sorted(steps.items())),
        rules=tuple(sorted(rules.items())),
        limits=tuple((when, plan, seats) for (when, plan), seats in sorted(limits.items())),
        live=random.choice([0, 0, 0, quarter()]),
        beginning=random.choice(
            [(), ("on",), ("on", "enters staff"), ("on", "enters staff", "enters leads")]
        ),
    )
    return story, origin, (first, last), zone


def quarters_between(origin, instant):
    exact = Fraction((instant - origin) // timedelta(seconds=1), 900)
    assert exact.denominator == 1
    return exact.numerator


def facts_of(story, name, origin):
    """Write down one person's facts as the directory keeps them."""
    begun = [(-1, name, what) for what in story.beginning]
    mine = [(origin + when * QUARTER, what) for when, who, what in (*begun, *story.steps) if who == name]
    versions, memberships = [], []
    active, department, since = False, "Sales", None
    for at, what in [*mine, (None, "ends")]:
        verb, _, rest = what.partition(" ")
        if verb in ("enters", "leaves"):
            continue
        if since is not None and since != at:
            resource = {ENTERPRISE_USER_URN: {"department": department}}
            versions.append(PersonVersionFact(since, at, active, resource, "told", at and "told"))
        active, department = {"on": True, "off": False}.get(verb, active), rest or department
        since = at
    for group in GROUPS:
        entered = None
        for at, what in mine:
            if what == f"enters {group}":
                entered = entered or at
            elif what == f"leaves {group}" and entered:
                memberships.append(MembershipFact(group, entered, at, "told", "told"))
                entered = None
        if entered:
            memberships.append(MembershipFact(group, entered, None, "told", None))
    live_from = origin + story.live * QUARTER
    return PersonFacts(name, "okta", live_from, tuple(versions), tuple(memberships))


def computed(story, origin):
    """Everybody's spans as the product has them."""
    ends = [when for when, _ in story.rules[1:]]
    rule_sets = [
        DatedRules(f"rules {when}", when, origin + when * QUARTER,
                   None if end is None else origin + end * QUARTER, parsed(rules), "applied")
        for (when, rules), end in zip(story.rules, [*ends, None], strict=True)
    ]  # fmt: skip
    limits = {
        plan: in_order(
            SeatLimit(origin + when * QUARTER, None, seats, "none", "limited")
            for when, which, seats in story.limits
            if which == plan
        )
        for plan in {plan for _, plan, _ in story.limits}
    }
    timelines = {name: timeline(facts_of(story, name, origin), rule_sets) for name in story.people}
    return lined_up(timelines, limits, ranked(rule_sets))


PARSED = {
    rules: parse_rules(
        {"rules": [{"name": f"{group} get {plan}", "when": f'groups.value eq "{group}"', "plan": plan}
                   for group, plan in rules]},
        known_plans=set(CENTS), known_roles=set(),
    ) for rules in RULES
}  # fmt: skip
parsed = PARSED.__getitem__


def priced(spans, period, zone):
    """Return the days and cents of each (person, plan, department) on the invoice."""
    document = {
        "currency": "USD",
        "timezone": str(zone),
        "period": {"start": period[0].isoformat(), "end": period[1].isoformat()},
        "terms": [
            {"plan": plan, "rank": rank, "unit_amount": f"{CENTS[plan] // 100}.00"}
            for rank, plan in enumerate(CENTS)
        ],
        "seats": [
            {"person": name, "plan": span.plan, "start": span.start.isoformat(),
             "end": span.end and span.end.isoformat(), "department": span.department}
            for name, held in spans.items() for span in held if span.plan != "none"
        ],
    }  # fmt: skip
    (invoice,) = answer_quote(document)["invoices"]
    return {
        (row["person"], row["plan"], row["department"]): (
            row["billable_days"],
            int(Fraction(row["amount"]) * 100),
        )
        for row in invoice["people"]
    }


def held_at(spans, instant):
    """Plan, what is waited for, and department of who has to do with either."""
    found = {}
    for name, held in spans.items():
        for span in held:
            if span.start <= instant and (span.end is None or instant < span.end):
                assert name not in found
                found[name] = (None if span.plan == "none" else span.plan, span.waits_for, span.department)
    return found


def difference(drawing):
    """Say where product and recount differ; None where they agree."""
    story, origin, period, zone = drawing
    spans = computed(story, origin)
    for quarter, standings in walk(story):
        expected = {name: told for name, told in standings.items() if told[0] or told[1]}
        found = held_at(spans, origin + quarter * QUARTER)
        if found != expected:
            return quarter, expected, found
    expected, found = recount(story), priced(spans, period, zone)
    return None if found == expected else (expected, found)


def smallest(drawing):
    """Leave out what is not needed to see the difference."""
    story, *where = drawing
    for part in ("steps", "limits", "rules"):
        for number in reversed(range(len(getattr(story, part)))):
            listed = getattr(story, part)
            fewer = replace(story, **{part: listed[:number] + listed[number + 1 :]})
            if fewer.rules and difference((fewer, *where)):
                story = fewer
    return story, *where


def happens(story):
    """Name what of interest happens in a story, so that it may be counted."""
    found, waited = set(), set()
    for quarter, standings in walk(story):
        held = Counter(plan for plan, _, _ in standings.values())
        if any(plan and (name, plan) in waited for name, (plan, _, _) in standings.items()):
            found.add("a seat after waiting")
        waited = {(name, waits_for) for name, (_, waits_for, _) in standings.items() if waits_for}
        if waited:
            found.add("waiting")
        if any(
            seats is not None and held[plan] > seats for when, plan, seats in story.limits if when == quarter
        ):
            found.add("a limit below what is held")
    places = Counter(name for name, _, _ in owned(story))
    return found | ({"two lines of one person"} if max(places.values(), default=0) > 1 else set())


@pytest.mark.hypothesis
def test_seats_and_money_of_any_history_are_what_a_walk_from_instant_to_instant_says(capsys):
    different, tally = set(), Counter()

    def agree(seed):
        for number in range(EACH):
            drawing = drawn(Random(f"{seed} {number}"))  # noqa: S311 - not a secret
            different.add(hash(drawing))
            tally.update({"histories", *happens(drawing[0])})
            if difference(drawing):
                least = smallest(drawing)
                pytest.fail(
                    f"history {number} of seed {seed}, at its smallest:\n{least}\n{difference(least)}"
                )

    settings(max_examples=EXAMPLES)(given(st.integers(0, 2**60))(agree))()
    if IS_PROOF:
        with capsys.disabled():
            print(f"\n{len(different)} different {dict(tally)}")  # noqa: T201 (what the proof is to show)
    assert tally["histories"] >= EXAMPLES * EACH
    assert len(different) >= EXAMPLES * EACH * 9 // 10
    assert {what for what in LEAST if tally[what] < EXAMPLES * EACH * LEAST[what] // 100} == set(), tally
