from dataclasses import replace
from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import given

from bridge.directory.facts import JoinFact
from bridge.seats.holds import Hold, held_back
from bridge.seats.losses import Ending, endings
from bridge.seats.timeline import Span
from tests.seats.facts import at


def span(start, end, plan="standard", **more):
    ended_by = None if end is None else f"left {end}"
    return Span(
        at(start), at(end), plan, (), None, None, "rules", "rule", ("a",), f"joined {start}", ended_by, **more
    )


def hold(hour, until=None):
    return Hold(at(hour), at(until), "storm", None if until is None else "undone")


def brief(spans):
    return [(each.start, each.end, each.plan, each.storm_id is not None) for each in spans]


def test_an_open_storm_holds_on_without_end():
    assert held_back([span(1, 5)], [hold(5)]) == (
        span(1, 5),
        replace(span(5, None), started_by="left 5", storm_id="storm"),
    )


def test_an_undone_storm_holds_until_the_undo():
    [_, held, after] = held_back([span(1, 5), span(8, None)], [hold(5, 8)])
    assert (held.start, held.end, held.ended_by, after.start) == (at(5), at(8), "joined 8", at(8))
    [_, held] = held_back([span(1, 5)], [hold(5, 8)])
    assert (held.end, held.ended_by) == (at(8), "undone")


def test_what_is_lesser_waits_until_the_hold_ends():
    spans = [span(1, 5, "premium"), span(5, 20, "standard")]
    assert brief(held_back(spans, [hold(5)])) == [
        (at(1), at(5), "premium", False), (at(5), None, "premium", True),
    ]  # fmt: skip
    assert brief(held_back(spans, [hold(5, 9)])) == [
        (at(1), at(5), "premium", False), (at(5), at(9), "premium", True), (at(9), at(20), "standard", False),
    ]  # fmt: skip


def test_who_begins_to_count_as_somebody_else_is_held_no_longer():
    join = JoinFact("ada", "bea", at(7), None, "administrator", None, "", "joined", None)
    [_, held] = held_back([span(1, 5)], [hold(5)], [join])
    assert (held.end, held.ended_by) == (at(7), "joined")


def test_a_hold_where_nothing_ends_or_that_ends_before_it_begins_does_nothing():
    assert held_back([span(1, 5)], [hold(4), hold(6)]) == (span(1, 5),)
    assert held_back([span(1, 5)], [hold(5, 5)]) == (span(1, 5),)


@st.composite
def timelines(draw):
    cuts = sorted(draw(st.sets(st.integers(0, 24), min_size=2, max_size=8)))
    pieces = [(start, end, draw(st.sampled_from(["standard", "premium", "none", ""])))
              for start, end in zip(cuts, [*cuts[1:], None], strict=True)]  # fmt: skip
    return [span(start, end, plan) for start, end, plan in pieces if plan]


HOLDS = st.dictionaries(st.integers(0, 24), st.one_of(st.none(), st.integers(0, 30)), max_size=4)


@given(timelines(), HOLDS)
def test_spans_never_overlap_and_nobody_holds_less_than_without_holds(spans, given_holds):
    found = held_back(spans, [hold(hour, until) for hour, until in given_holds.items()])
    for before, after in pairwise(found):
        assert before.end is not None
        assert before.end <= after.start
    for hour in range(26):
        plain = _plan(spans, hour)
        assert plain == "none" or plain is None or _plan(found, hour) not in (None, "none")


def _plan(spans, hour):
    return next(
        (each.plan for each in spans if each.start <= at(hour) and (each.end is None or at(hour) < each.end)),
        None,
    )


def test_a_change_of_department_is_no_loss_and_a_lesser_plan_is_no_release():
    moved = replace(span(5, 9), department="Law")
    assert endings([span(1, 5), moved, span(9, None, "premium")]) == (
        Ending(at(9), False, ("a",), "left 9"),  # noqa: FBT003 (a row of a table)
    )
    assert endings([span(1, 5), span(5, None, "none")]) == (
        Ending(at(5), True, ("a",), "left 5"),  # noqa: FBT003 (a row of a table)
    )
    assert endings([span(1, 5, "none")]) == (Ending(at(5), True, (), "left 5"),)  # noqa: FBT003 (as above)
    assert endings([span(1, 5, "none"), span(5, None)]) == ()
