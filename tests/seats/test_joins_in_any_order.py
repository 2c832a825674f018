"""Joins, changes of their accounts and workers in any order: the seats are those that the facts say."""

from contextlib import suppress

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from sqlalchemy import func, select

from bridge.directory.read_facts import read_facts
from bridge.directory.tables import Membership, Person
from bridge.errors import Conflict, NotFound
from bridge.mapping.rule_sets import rule_sets_in_force
from bridge.seats.due import take_due
from bridge.seats.timeline import timeline
from tests.examples import examples
from tests.seats.facts import at
from tests.seats.house import House
from tests.seats.joining import deleted, furnished, join, leaves, restored, separate, stored
from tests.seats.test_due import Overtaken

NAMES = st.sampled_from(["ada", "bea", "cleo"])
DOINGS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), NAMES, NAMES),
        st.tuples(st.just("separate"), NAMES, NAMES),
        st.tuples(st.sampled_from(["enter", "leave"]), NAMES, st.sampled_from(["a", "b"])),
        st.tuples(st.sampled_from(["delete", "restore"]), NAMES, st.just("")),
        st.tuples(st.just("drain"), st.integers(1, 3), st.just("")),
        st.tuples(st.just("overtaken"), st.just(""), st.just("")),
    ),
    min_size=1,
    max_size=14,
)


@given(DOINGS)
@settings(
    max_examples=examples(25, in_proof=1_000),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_happens_in_whatever_order_the_seats_are_those_of_the_facts(database, doings):
    house = furnished(House(database))
    doings = list(enumerate(doings, start=3))
    while doings:
        hour, doing = doings.pop(0)
        if doing[0] != "overtaken":
            do(house, hour, *doing)
        elif doings:  # a worker stops before it writes, while the next thing happens
            hour, doing = doings.pop(0)
            slow = Overtaken(house.database.engine, lambda hour=hour, doing=doing: do(house, hour, *doing))
            take_due(slow, house.tenant_id, now=at(hour), limit=9, closed_until=lambda _session: None)
    house.drain(30)
    assert house.still_due() == []
    agrees(house)
    before = house.seats(), stored(house), house.told()
    house.due("ada", "bea", "cleo", hour=30)
    house.drain(31)
    assert (house.seats(), stored(house), house.told()) == before


def agrees(house):
    with house.database.read(house.tenant_id) as session:
        facts = read_facts(session, ["ada", "bea", "cleo"])
        rules = rule_sets_in_force(session)
    expected = [
        (name, span.start, span.end, span.plan)
        for name in sorted(facts)
        for span in timeline(facts[name], rules)
    ]
    assert house.seats() == expected
    assert all(join.is_noted or join.end is None for each in facts.values() for join in each.away)


def do(house, hour, what, who, other):
    if what == "drain":
        for _ in range(who):
            take_due(
                house.database, house.tenant_id, now=at(hour), limit=1, closed_until=lambda _session: None
            )
    elif what in ("join", "separate"):
        with suppress(Conflict, NotFound):
            (join if what == "join" else separate)(house, who, other, hour)
    elif what in ("enter", "leave"):
        enter_or_leave(house, hour, what, who, other)
    elif what in ("delete", "restore"):
        living = house.read(select(Person.deleted_at).where(Person.id == who)) == [(None,)]
        if living == (what == "delete"):
            (deleted if living else restored)(house, who, hour)


def enter_or_leave(house, hour, what, who, group):
    living = house.read(select(Person.deleted_at).where(Person.id == who)) == [(None,)]
    open_ones = select(func.count()).where(
        Membership.member_id == who, Membership.group_id == group, Membership.end.is_(None)
    )
    inside = house.read(open_ones) != [(0,)]
    if what == "leave" and inside:
        leaves(house, who, group, hour)
    elif what == "enter" and living and not inside:
        house.joins(who, group, hour)
        house.due(who, hour=hour)
