"""Whatever becomes of groups and who is in them within an hour: an undo leaves no trace of it."""

from contextlib import suppress
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from bridge.errors import BridgeError
from tests.examples import examples
from tests.storms.mill import Mill, at
from tests.storms.test_storm_groups import FEBRUARY, MORNING, NIGHT, living

SAME = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

KINDS = [
    "fire", "delete", "leave staff", "leave loom", "drop staff", "drop loom", "drop leads", "drop warp",
    "part staff loom", "part leads warp",
]  # fmt: skip
NAMES = ["ada", "bea", "cleo", "dora", "ella"]
DOINGS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(NAMES), st.integers(0, 3), st.integers(0, 2)),
    max_size=12,
)


def village(database):
    """Everybody has a seat by a way of their own, Ella by two; any loss is a storm."""
    mill = Mill(database, people=0, percent=0, group_people=1)
    for name in ("loom", "warp"):
        mill.group(name)
    mill.hires(*NAMES, group=None)
    early = at("01-02 00:00")
    for group, members in (
        ("loom", ["ada", "bea"]), ("staff", ["cleo", "dora", "ella", "loom"]), ("warp", ["ella"]),
        ("leads", ["warp"]),
    ):  # fmt: skip
        mill.moves("add", group, *members, when=early)
    mill.works(at("01-03 00:00"))
    return mill


def do(mill, kind, who, when):
    verb, *groups = kind.split()
    with suppress(BridgeError):  # what is not possible at the moment is answered so, and changes nothing
        if verb == "fire":
            mill.turns(who, active=False, when=when)
        elif verb == "delete":
            mill.deletes(who, when=when)
        elif verb == "drop":
            mill.drops(*groups, when=when)
        else:
            group, member = groups if verb == "part" else (*groups, who)
            mill.moves("remove", group, member, when=when)


@given(DOINGS)
@settings(max_examples=examples(8, in_proof=300), suppress_health_check=SAME)
def test_whatever_becomes_of_groups_within_an_hour_an_undo_makes_it_nothing(database, story):
    struck, calm = village(database), village(database)
    now = NIGHT
    for kind, who, pause, steps in story:
        now += timedelta(minutes=pause)
        do(struck, kind, who, now)
        if steps:
            struck.works(now + timedelta(seconds=10), limit=2, steps=steps)
    struck.works(MORNING)
    struck.decides("undo", when=MORNING)
    assert struck.active() == calm.active()
    assert struck.held() == calm.held()
    assert struck.paid_seats() == calm.paid_seats()
    assert living(struck) == living(calm)
    assert struck.findings(MORNING + timedelta(hours=1)) == ()
    assert struck.bill(struck.closes(FEBRUARY)) == calm.bill(calm.closes(FEBRUARY))
