"""Who holds a limited seat and who waits, next to a slow recount that asks instant by instant."""

from datetime import timedelta
from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import example, given

from bridge.mapping.assignments import ASSIGNED
from bridge.mapping.overrides import OVERRIDE
from bridge.seats.admission import Grant, SeatLimit, Want, admit, in_order, limit_at
from bridge.seats.timeline import Span
from bridge.seats.waiting import LAST, as_granted, as_wanted, lined_up, ranked, wants_of
from tests.seats.facts import at, dated_rules

HOURS = range(12)


def want(name, start, end=None, rank=0):
    return Want(name, at(start), at(end), rank, f"{name} leaves")


def limit(start, seats, access="none"):
    return SeatLimit(at(start), None, seats, access, f"limit {seats} at {start}")


def since(grants):
    """From which hour each person has a seat."""
    return {name: (grant.at - at(0)) / timedelta(hours=1) for (name, _), grant in grants.items()}


def test_who_comes_when_all_seats_are_held_waits_until_one_is_free():
    wants = [want("ada", 1, 7), want("bea", 2), want("cleo", 3), want("dora", 4)]
    grants = admit(wants, in_order([limit(0, 2)]))
    assert since(grants) == {"ada": 1, "bea": 2, "cleo": 7}
    assert grants["cleo", at(3)] == Grant(at(7), "ada leaves")
    assert grants["ada", at(1)].freed_by == ""


def test_a_raised_limit_lets_in_who_has_waited_longest():
    wants = [want("ada", 1), want("bea", 2), want("cleo", 3)]
    grants = admit(wants, in_order([limit(0, 1), limit(5, 2)]))
    assert since(grants) == {"ada": 1, "bea": 5}
    assert grants["bea", at(2)].freed_by == "limit 2 at 5"
    assert since(admit(wants, in_order([limit(0, 1), limit(5, None)]))) == {"ada": 1, "bea": 5, "cleo": 5}


def test_a_lowered_limit_takes_nobody_their_seat():
    wants = [want("ada", 1, 8), want("bea", 2, 9), want("cleo", 3), want("dora", 6)]
    assert since(admit(wants, in_order([limit(5, 1)]))) == {"ada": 1, "bea": 2, "cleo": 3}
    assert since(admit([*wants, want("ella", 7)], in_order([limit(0, 3), limit(5, 2)]))) == {
        "ada": 1, "bea": 2, "cleo": 3, "dora": 9,
    }  # fmt: skip


def test_zero_seats_are_none_and_a_lifted_limit_any_number():
    wants = [want("ada", 1), want("bea", 2)]
    assert admit(wants, in_order([limit(0, 0)])) == {}
    assert since(admit(wants, ())) == {"ada": 1, "bea": 2}


def test_of_those_who_come_at_once_the_higher_rule_is_first_then_the_lower_id():
    wants = [want("ada", 1, rank=2), want("cleo", 1, rank=1), want("bea", 1, rank=1)]
    assert since(admit(wants, in_order([limit(0, 1)]))) == {"bea": 1}
    assert since(admit(wants, in_order([limit(0, 2)]))) == {"bea": 1, "cleo": 1}


def test_a_seat_given_up_at_an_instant_is_free_at_that_instant():
    wants = [want("ada", 1, 3), want("bea", 3, 5), want("ada", 5)]
    assert since(admit(wants[:2], in_order([limit(0, 1)]))) == {"ada": 1, "bea": 3}
    assert admit(wants, in_order([limit(0, 1)]))["ada", at(5)] == Grant(at(5), "")


def test_who_leaves_the_line_frees_no_seat():
    wants = [want("ada", 1), want("bea", 2, 3), want("cleo", 2, 6)]
    assert since(admit(wants, in_order([limit(0, 1)]))) == {"ada": 1}


def test_of_two_limits_with_one_start_the_later_holds():
    found = in_order([limit(3, 1), limit(0, 5), limit(3, 2)])
    assert [(each.start, each.end, each.seats) for each in found] == [(at(0), at(3), 5), (at(3), None, 2)]
    assert (limit_at(found, at(2)).seats, limit_at(found, at(3)).seats) == (5, 2)
    assert limit_at(found, at(-1)) is None


@st.composite
def wants(draw):
    found = []
    for name in draw(st.lists(st.sampled_from("abcdefgh"), unique=True)):
        cuts = sorted(draw(st.sets(st.integers(0, 11), min_size=1, max_size=4)))
        ends = [*cuts[1::2], *([None] if len(cuts) % 2 else [])]
        rank = draw(st.integers(0, 1))
        found += [want(name, *pair, rank) for pair in zip(cuts[::2], ends, strict=True)]
    return found


LIMITS = st.lists(
    st.builds(limit, st.integers(0, 11), st.one_of(st.none(), st.integers(0, 4))), max_size=4
).map(in_order)


def present(each, hour):
    return each.start <= at(hour) and (each.end is None or at(hour) < each.end)


def holds(grants, each, hour):
    grant = grants.get((each.person_id, each.start))
    return present(each, hour) and grant is not None and grant.at <= at(hour)


def recount(everyone, limits):
    """Hour by hour: keep those who held and still want, then let in the first of the others."""
    held, found = [], {}
    for hour in HOURS:
        held = [each for each in held if present(each, hour)]
        seats = limit_at(limits, at(hour))
        line = sorted(
            (each for each in everyone if present(each, hour) and each not in held),
            key=lambda each: (each.start, each.rank, each.person_id),
        )
        free = len(line) if seats is None or seats.seats is None else max(0, seats.seats - len(held))
        held += line[:free]
        found[hour] = set(held)
    return found


@given(wants(), LIMITS)
def test_it_is_as_a_slow_recount_finds_hour_by_hour(everyone, limits):
    grants = admit(everyone, limits)
    expected = recount(everyone, limits)
    for hour in HOURS:
        assert {each for each in everyone if holds(grants, each, hour)} == expected[hour]


@given(wants(), LIMITS, st.randoms())
def test_the_order_in_which_facts_are_told_plays_no_part(everyone, limits, random):
    shuffled = random.sample(everyone, len(everyone))
    assert admit(shuffled, limits) == admit(everyone, limits)


@given(wants(), LIMITS)
def test_nobody_waits_while_a_seat_is_free_and_no_more_is_held_than_before_beyond_the_limit(everyone, limits):
    grants = admit(everyone, limits)
    before = set()
    for hour in HOURS:
        held = {each for each in everyone if holds(grants, each, hour)}
        waiting = [each for each in everyone if present(each, hour) and each not in held]
        now = limit_at(limits, at(hour))
        if now is None or now.seats is None:
            assert not waiting
        else:
            assert len(held) <= now.seats or held <= before
            assert not waiting or len(held) >= now.seats
        assert not any(present(each, hour) for each in before - held)  # nobody is taken a seat
        before = held


@given(wants(), LIMITS)
def test_holders_have_come_before_whoever_waits(everyone, limits):
    grants = admit(everyone, limits)
    for hour in HOURS:
        here = sorted(
            (each for each in everyone if present(each, hour)),
            key=lambda each: (each.start, each.rank, each.person_id),
        )
        told = [holds(grants, each, hour) for each in here]
        assert told == sorted(told, reverse=True)


def span(start, end, plan="standard", roles=("viewer",), *, storm=None):
    return Span(
        at(start), at(end), plan, roles, "Law", None, "rules", "Staff", ("g",), f"from {start}",
        None if end is None else f"until {end}", storm,
    )  # fmt: skip


SPANS = st.lists(
    st.tuples(
        st.sampled_from(["standard", "premium", "none"]),
        st.sampled_from([("viewer",), ("analyst", "viewer")]),
        st.sampled_from([None, None, "storm"]),
    ),
    max_size=5,
)
PEOPLE = st.dictionaries(st.sampled_from("abcd"), st.tuples(SPANS, st.sets(st.integers(0, 9), max_size=6)))


def timelines(drawn):
    """Neighbours differ in what is held, as in every timeline."""
    found = {}
    for name, (held, cuts) in drawn.items():
        spans = []
        for (plan, roles, storm), start, end in zip(
            held, sorted(cuts), [*sorted(cuts)[1:], None], strict=False
        ):
            if spans and (spans[-1].holding, spans[-1].storm_id) == ((plan, roles, "Law", None), storm):
                continue
            spans.append(span(start, end, plan, roles, storm=storm))
        found[name] = tuple(spans)
    return found


@st.composite
def both_limits(draw):
    changes = st.builds(
        limit, st.integers(0, 11), st.one_of(st.none(), st.integers(0, 2)), st.sampled_from(["none", "roles"])
    )
    plans = draw(st.sets(st.sampled_from(["standard", "premium"])))
    return {plan: in_order(draw(st.lists(changes, min_size=1, max_size=3))) for plan in sorted(plans)}


def nobody_ranks(_rule_set_id, _rule):
    return 0


@given(PEOPLE.map(timelines), both_limits())
@example(
    {"a": (span(1, 5),), "b": (span(2, None),)}, {"standard": in_order([limit(0, 1), limit(3, 1, "roles")])}
)
def test_what_is_wanted_is_found_again_in_what_is_granted(people, limits):
    granted = lined_up(people, limits, nobody_ranks)
    assert {name: as_wanted(spans, limits) for name, spans in granted.items()} == people
    assert lined_up(granted, limits, nobody_ranks) == granted


@given(PEOPLE.map(timelines), both_limits())
def test_a_wait_covers_the_time_before_the_grant_and_nothing_else(people, limits):
    granted = lined_up(people, limits, nobody_ranks)
    for name, spans in granted.items():
        for hour in HOURS:
            wanted = next((each for each in people[name] if present(each, hour)), None)
            found = next((each for each in spans if present(each, hour)), None)
            assert (found is None) == (wanted is None)
            if found is None or found == wanted or found.plan == wanted.plan:
                continue
            now = limit_at(limits[wanted.plan], at(hour))
            assert (found.plan, found.waits_for, found.storm_id) == ("none", wanted.plan, wanted.storm_id)
            assert found.roles == (wanted.roles if now.access == "roles" else ())
            assert found.roles + found.withheld_roles == wanted.roles
        assert all(before.end <= after.start for before, after in pairwise(spans))


def test_a_plan_without_a_limit_is_left_alone():
    spans = (span(1, 3, "premium"), span(3, None))
    limits = {"standard": in_order([limit(0, 0)])}
    found = as_granted("ada", spans, limits, {"standard": {}})
    assert (found[0], found[1].plan, found[1].waits_for) == (spans[0], "none", "standard")
    assert list(wants_of("ada", spans, {"admin"}, nobody_ranks)) == []


def test_a_want_goes_on_through_other_roles_and_ends_with_another_plan():
    spans = (span(1, 3), span(3, 4, roles=()), span(4, 5, "premium"), span(5, 7), span(8, None))
    found = [each for _, each in wants_of("ada", spans, {"standard"}, nobody_ranks)]
    assert [(each.start, each.end, each.ended_by) for each in found] == [
        (at(1), at(4), "until 4"), (at(5), at(7), "until 7"), (at(8), None, ""),
    ]  # fmt: skip


def test_who_comes_by_override_is_first_then_assigned_then_by_rule_in_order():
    rules = [
        {"name": "Leads", "when": "active eq true", "plan": "premium"},
        {"name": "Staff", "when": "active eq true", "plan": "standard"},
    ]
    rank = ranked([dated_rules({"rules": rules}, 1, 0, None)])
    told = [OVERRIDE, ASSIGNED, "Leads", "Staff", "default"]
    assert sorted(told, key=lambda rule: rank("rules 1", rule)) == told
    assert rank("rules 0", "Leads") == rank("rules 1", "default") == LAST
