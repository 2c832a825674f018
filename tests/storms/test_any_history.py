"""Whatever people and workers do in whatever order: a storm that is confirmed or undone leaves no trace."""

from contextlib import suppress
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from bridge.errors import BridgeError
from bridge.seats.tables import StormPerson
from tests.examples import examples
from tests.storms.mill import NEVER, Mill, at

NAMES = ["ada", "bea", "cleo", "dora", "ella"]
BEGIN = at("01-10 00:00")
SAME = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
TOUCHY = {"people": 1, "percent": 0, "group_people": 2}
ANY_LOSS = {"people": 0, "percent": 0, "group_people": 1}

WHO = st.sampled_from(NAMES)
PAUSE = st.sampled_from([1, 7, 30, 61, 600])
LOSING = ["fire", "delete", "leave staff"]
CHANGES = [*LOSING, "leave leads", "rehire", "enter staff", "enter leads"]


def doings(kinds):
    return st.lists(st.tuples(st.sampled_from(kinds), WHO, PAUSE, st.integers(0, 2)), max_size=12)


def founded(database, **fuse):
    mill = Mill(database, **fuse)
    mill.hires(*NAMES)
    mill.moves("add", "leads", *NAMES[:3], when=at("01-02 00:00"))
    mill.works(at("01-03 00:00"))
    return mill


def do(mill, kind, who, when):
    verb, _, group = kind.partition(" ")
    with suppress(BridgeError):  # what is not possible at the moment is answered so, and changes nothing
        if verb == "fire":
            mill.turns(who, active=False, when=when)
        elif verb == "delete":
            mill.deletes(who, when=when)
        elif verb == "rehire":
            mill.hires(who, group=None, when=when)
        else:
            mill.moves("add" if verb == "enter" else "remove", group, who, when=when)


def play(mill, story, *, working=True):
    """Do everything, with some steps of a worker in between; return when it is over."""
    now = BEGIN
    for kind, who, pause, steps in story:
        now += timedelta(minutes=pause)
        do(mill, kind, who, now)
        if working and steps:
            mill.works(now + timedelta(seconds=10), limit=2, steps=steps)
    mill.works(now + timedelta(minutes=1))
    return now + timedelta(minutes=2)


def sums(mill, *invoices):
    found = {}
    for _total, people in map(mill.bill, invoices):
        for name, plan, department, days, amount, period in people:
            key = (name, plan, department, period)
            found[key] = tuple(map(sum, zip(found.get(key, (0, 0)), (days, amount), strict=True)))
    return {key: value for key, value in found.items() if any(value)}


@given(doings(CHANGES), st.booleans())
@settings(max_examples=examples(5, in_proof=200), suppress_health_check=SAME)
def test_fuse_and_confirmation_are_no_fuse(database, story, closes_first):
    fused, plain = founded(database, **TOUCHY), founded(database, **NEVER)
    over = play(fused, story)
    assert play(plain, story) == over
    assert fused.findings(over) == ()
    first = fused.closes(at("02-01 00:00")) if closes_first else None
    fused.decides("confirm", when=at("02-02 00:00") if closes_first else over)
    first = first or fused.closes(at("02-03 00:00"))
    assert fused.paid_seats() == plain.paid_seats()
    assert fused.findings(at("02-03 00:00")) == ()
    mine = sums(fused, first, fused.closes(at("03-01 00:00")))
    assert mine == sums(plain, plain.closes(at("02-03 00:00")), plain.closes(at("03-01 00:00")))
    assert plain.storms == []


@given(doings(LOSING), st.booleans())
@settings(max_examples=examples(5, in_proof=200), suppress_health_check=SAME)
def test_fuse_and_undo_are_nothing_at_all(database, story, closes_first):
    fused, calm = founded(database, **ANY_LOSS), founded(database)
    over = play(fused, [each for each in story if not (each[0] == "leave staff" and each[1] in NAMES[:3])])
    first = fused.closes(at("02-01 00:00")) if closes_first else None
    fused.decides("undo", when=at("02-02 00:00") if closes_first else over)
    first = first or fused.closes(at("02-03 00:00"))
    assert fused.active() == calm.active()
    assert {who: held.rstrip("*") for who, held in fused.held().items()} == calm.held()
    assert not any(held.endswith("*") for held in fused.held().values())
    assert fused.paid_seats() == calm.paid_seats()
    assert fused.findings(at("02-03 00:00")) == ()
    assert fused.bill(first) == calm.bill(calm.closes(at("02-03 00:00")))
    assert fused.bill(fused.closes(at("03-01 00:00"))) == calm.bill(calm.closes(at("03-01 00:00")))


@given(doings(CHANGES))
@settings(max_examples=examples(5, in_proof=200), suppress_health_check=SAME)
def test_it_does_not_matter_when_workers_work_or_where_they_were_stopped(database, story):
    diligent, lazy = founded(database, **TOUCHY), founded(database, **TOUCHY)
    play(diligent, story)
    play(lazy, story, working=False)
    assert diligent.paid_seats() == lazy.paid_seats()
    assert diligent.held() == lazy.held()
    assert hit(diligent) == hit(lazy)


def hit(mill):
    return {(mill.named[row.person_id], row.at) for row in mill.rows(StormPerson)}
