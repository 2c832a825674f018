"""Counting of losses by hours, against a slow and obvious count."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from bridge.seats.storm_windows import (
    WINDOW,
    Emptied,
    FuseLimits,
    Headcount,
    Loss,
    emptied_groups,
    in_storms,
)

START = datetime(2024, 2, 29, 23, tzinfo=UTC)


def at(minute):
    return START + timedelta(minutes=minute)


MINUTES = st.integers(0, 240)
losses = st.builds(
    lambda minute, who, releases, groups: Loss(at(minute), who, "okta", releases, tuple(sorted(groups))),
    MINUTES, st.sampled_from("abcdefg"), st.booleans(), st.sets(st.sampled_from("xy")),
)  # fmt: skip
limits = st.builds(FuseLimits, st.integers(0, 4), st.sampled_from([0, 20, 50, 100]), st.just(2))
steps = st.lists(st.tuples(MINUTES.map(at), st.sampled_from([-1, 1])), max_size=8)
headcounts = st.builds(lambda first, known: Headcount(first, tuple(known)), st.integers(8, 20), steps)


def crowded(found, loss, headcount, limit, decided):
    """Whether any hour that ends with some release, and has this one in it, is too much."""
    epoch = sum(each < loss.at for each in decided)
    known = [each for each in found if each.releases and sum(d < each.at for d in decided) == epoch]
    for last in known:
        hour = [each for each in known if last.at - WINDOW < each.at <= last.at]
        if loss not in hour:
            continue
        first = min(each.at for each in hour)
        people = headcount.first + sum(step for when, step in headcount.steps if when < first)
        lost = len({each.person_id for each in hour})
        if lost > limit.people and lost * 100 > limit.percent * people:
            return True
    return False


@given(st.lists(losses, max_size=14, unique_by=lambda loss: (loss.at, loss.person_id)), headcounts, limits,
       st.lists(MINUTES.map(at), max_size=2), st.randoms())  # fmt: skip
def test_a_loss_is_in_a_storm_if_some_hour_with_it_is_too_much(found, headcount, limit, decided, shuffled):
    expected = {loss for loss in found if loss.releases and crowded(found, loss, headcount, limit, decided)}
    assert in_storms(found, headcount, [], decided, limit) == expected
    shuffled.shuffle(found)
    assert in_storms(found, headcount, [], decided, limit) == expected


def test_at_the_limit_nothing_is_held_and_one_past_it_everything():
    limit = FuseLimits(3, 0, 2)
    three = [Loss(at(n), f"p{n}", "okta", True, ()) for n in range(3)]  # noqa: FBT003 (a row of a table)
    fourth = Loss(at(59), "p9", "okta", True, ())  # noqa: FBT003 (a row of a table)
    assert in_storms(three, Headcount(10), [], [], limit) == set()
    assert in_storms([*three, fourth], Headcount(10), [], [], limit) == {*three, fourth}
    late = Loss(at(60), "p9", "okta", True, ())  # noqa: FBT003 (a row of a table)
    assert in_storms([*three, late], Headcount(10), [], [], limit) == set()


def test_one_person_who_flaps_is_one_person():
    found = [Loss(at(n), "ada", "okta", True, ()) for n in range(30)]  # noqa: FBT003 (a row of a table)
    assert in_storms(found, Headcount(10), [], [], FuseLimits(1, 0, 2)) == set()


def test_an_emptied_group_takes_its_own_losses_of_that_hour():
    before = Loss(at(0), "ada", "okta", False, ("x",))  # noqa: FBT003 (a row of a table)
    inside = Loss(at(61), "bea", "okta", False, ("x",))  # noqa: FBT003 (a row of a table)
    other = Loss(at(61), "cleo", "okta", False, ("y",))  # noqa: FBT003 (a row of a table)
    limit = FuseLimits(9, 0, 2)
    emptied = [Emptied("x", at(61))]
    assert in_storms([before, inside, other], Headcount(10), emptied, [], limit) == {inside}
    assert in_storms([before, inside, other], Headcount(10), emptied, [at(61)], limit) == {inside}
    assert in_storms([inside, Loss(at(60), "ada", "okta", False, ("x",))], Headcount(10),  # noqa: FBT003 (a row)
                     emptied, [at(60)], limit) == {inside}  # fmt: skip


memberships = st.lists(
    st.tuples(st.sampled_from("xy"), st.sampled_from("abc"), st.integers(0, 100), st.integers(1, 60)),
    max_size=8,
).map(lambda rows: [(g, m, at(s), at(s + n) if n < 55 else None) for g, m, s, n in rows])


@given(memberships, st.integers(1, 3))
def test_groups_are_emptied_when_the_last_membership_ends(rows, least):
    found = emptied_groups(rows, since=at(10), until=at(90), least=least)
    expected = set()
    for group in "xy":
        own = [row for row in rows if row[0] == group]
        for end in {row[3] for row in own if row[3] is not None}:
            inside = [row for row in own if row[2] <= end and (row[3] is None or row[3] > end)]
            left = {row[1] for row in own if row[3] is not None and end - WINDOW < row[3] <= end}
            if not inside and len(left) >= least and at(10) < end <= at(90):
                expected.add(Emptied(group, end))
    assert set(found) == expected
    assert len(found) == len(expected)
