"""Storms where seats are limited: a held seat is held, and who waits gets it only once it is given up."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings

from bridge.seats.browse_lines import lines_at, queue_at
from bridge.seats.seat_limits import LimitBounds, WantedLimit, set_limit
from bridge.seats.tables import Seat
from tests.examples import examples
from tests.storms.mill import FOUNDED, MARA, NEVER, Mill, at
from tests.storms.test_any_history import CHANGES, NAMES, TOUCHY, doings, play, sums

SAME = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
PLANS = {"standard", "premium"}


def limits(mill, **seats):
    for plan, number in seats.items():
        with mill.database.write(mill.tenant_id) as session:
            set_limit(
                session, WantedLimit(plan=plan, seats=number), known_plans=PLANS, bounds=LimitBounds(),
                cause=MARA, now=FOUNDED,
            )  # fmt: skip


def founded(database, **fuse):
    mill = Mill(database, **fuse)
    limits(mill, standard=2, premium=1)
    mill.hires(*NAMES)
    mill.moves("add", "leads", *NAMES[:3], when=at("01-02 00:00"))
    mill.works(at("01-03 00:00"))
    return mill


def line(mill, plan, when):
    with mill.database.read(mill.tenant_id) as session:
        (held,) = (each.held for each in lines_at(session, when) if each.plan == plan)
        return held, [mill.named[place.person_id] for place in queue_at(session, plan, when)]


def struck(database):
    """Two seats of three people who are all on strike at once."""
    mill = Mill(database, **TOUCHY)
    limits(mill, standard=2)
    mill.hires("ada", "bea", "cleo")
    mill.works(at("01-03 00:00"))
    assert line(mill, "standard", at("01-03 00:00")) == (2, ["cleo"])
    mill.fires("ada", "bea", when=at("01-10 09:00"))
    mill.works(at("01-10 10:00"))
    assert [storm.status for storm in mill.storms] == ["open"]
    return mill


def test_a_seat_that_a_storm_holds_is_not_free(database):
    mill = struck(database)
    assert line(mill, "standard", at("01-10 10:00")) == (2, ["cleo"])
    assert {name: held for name, held in mill.held().items() if held != "none"} == {
        "ada": "standard*", "bea": "standard*",
    }  # fmt: skip
    assert mill.findings(at("01-10 10:00")) == ()


def test_a_confirmed_storm_gives_the_seat_to_who_waits_from_its_original_instant(database):
    mill = struck(database)
    mill.decides("confirm", when=at("01-12 00:00"))
    assert line(mill, "standard", at("01-12 00:00")) == (1, [])
    start = [seat.start for seat in mill.rows(Seat) if seat.plan == "standard" and seat.end is None]
    assert start == [at("01-10 09:00")]
    assert mill.findings(at("01-12 00:00")) == ()


def test_an_undone_storm_leaves_the_line_as_it_was(database):
    mill = struck(database)
    mill.decides("undo", when=at("01-12 00:00"))
    assert line(mill, "standard", at("01-12 00:00")) == (2, ["cleo"])
    assert mill.paid_seats().keys() == {"ada", "bea"}
    assert mill.findings(at("01-12 00:00")) == ()


@given(doings(CHANGES))
@settings(max_examples=examples(4, in_proof=200), suppress_health_check=SAME)
def test_fuse_and_confirmation_are_no_fuse_where_seats_are_limited_either(database, story):
    fused, plain = founded(database, **TOUCHY), founded(database, **NEVER)
    over = play(fused, story)
    assert play(plain, story) == over
    assert fused.findings(over) == ()
    first = fused.closes(at("02-01 00:00"))
    fused.decides("confirm", when=at("02-02 00:00"))
    assert fused.paid_seats() == plain.paid_seats()
    assert fused.findings(at("02-03 00:00")) == ()
    mine = sums(fused, first, fused.closes(at("03-01 00:00")))
    assert mine == sums(plain, plain.closes(at("02-03 00:00")), plain.closes(at("03-01 00:00")))


@given(doings(CHANGES))
@settings(max_examples=examples(4, in_proof=200), suppress_health_check=SAME)
def test_it_does_not_matter_when_workers_work_where_seats_are_limited(database, story):
    diligent, lazy = founded(database, **NEVER), founded(database, **NEVER)
    over = play(diligent, story)
    play(lazy, story, working=False)
    assert diligent.paid_seats() == lazy.paid_seats()
    assert diligent.held() == lazy.held()
    assert diligent.findings(over + timedelta(hours=1)) == ()
    for plan, seats in (("standard", 2), ("premium", 1)):
        held, waiting = line(diligent, plan, over)
        assert held <= seats
        assert held == seats or not waiting
