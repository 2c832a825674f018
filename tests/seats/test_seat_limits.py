"""Limits of seats in a real database: who waits, who has a seat at last, whatever the workers' order."""

import threading

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import event, select, update

from bridge.alerts.tables import Alert
from bridge.directory.tables import Membership
from bridge.errors import InvalidValue, NotFound, TooMany
from bridge.journal.tables import JournalEntry
from bridge.seats.assign import assign
from bridge.seats.boundaries import mark_passed
from bridge.seats.browse_lines import lines_at, queue_at, waiting_of
from bridge.seats.seat_limits import LimitBounds, WantedLimit, read_limits, set_limit
from bridge.seats.tables import LateChange, Seat
from bridge.tenants.tables import Tenant
from tests.examples import examples
from tests.seats.facts import at
from tests.seats.house import LEADS, OPERATOR, PLANS, SALES, House
from tests.seats.test_admission import recount, want

SAME = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
STAFF = {**SALES, "roles": ["viewer"]}
NAMES = ["ada", "bea", "cleo", "dora"]


def limit(house, seats, *, start=None, hour=0, plan="standard", access=None, bounds=LimitBounds()):  # noqa: B008 (immutable)
    wanted = WantedLimit(plan=plan, seats=seats, access=access, start=at(start))
    with house.database.write(house.tenant_id) as session:
        return set_limit(
            session, wanted, known_plans=PLANS, bounds=bounds, cause=OPERATOR, now=at(hour)
        )  # fmt: skip


def comes(house, name, start, end=None, *, group="a"):
    house.person(name)
    house.joins(name, group, start, end)
    house.due(name, hour=start)


def leaves(house, name, hour):
    with house.database.write(house.tenant_id) as session:
        session.execute(
            update(Membership)
            .where(Membership.member_id == name, Membership.end.is_(None))
            .values(end=at(hour), ended_by=f"left {hour}")
        )
    house.due(name, hour=hour)


def lines(house, name):
    """A person's spans, with what is waited for in place of the plan."""
    columns = (Seat.start, Seat.end, Seat.plan, Seat.waits_for, Seat.roles)
    rows = house.read(select(*columns).where(Seat.person_id == name).order_by(Seat.start))
    hours = {at(hour): hour for hour in range(48)} | {None: None}
    return [
        (hours[start], hours[end], f"waits for {waits_for}" if waits_for else plan, *roles)
        for start, end, plan, waits_for, roles in rows
    ]


def queue(house, hour, plan="standard"):
    with house.database.read(house.tenant_id) as session:
        return [place.person_id for place in queue_at(session, plan, at(hour))]


@pytest.fixture
def full(house):
    """Two seats: Ada and Bea have them, Cleo and Dora wait."""
    house.rules(STAFF)
    limit(house, 2)
    for start, name in enumerate(NAMES, 1):
        comes(house, name, start)
    house.drain(5)
    return house


def test_the_third_of_two_waits_and_has_the_seat_that_is_given_up(full):
    assert lines(full, "ada") == [(1, None, "standard", "viewer")]
    assert lines(full, "cleo") == [(3, None, "waits for standard")]
    assert queue(full, 5) == ["cleo", "dora"]
    leaves(full, "ada", 7)
    full.drain(8)
    assert lines(full, "cleo") == [(3, 7, "waits for standard"), (7, None, "standard", "viewer")]
    assert queue(full, 8) == ["dora"]
    assert queue(full, 6) == ["cleo", "dora"]


def test_it_is_told_in_the_journal_that_somebody_waits_and_what_freed_the_seat(full):
    leaves(full, "ada", 7)
    full.drain(8)
    leaves(full, "dora", 9)
    full.drain(10)
    told = [each[1:4] for each in full.told()]
    assert ("cleo", "waiting", "none") in told
    assert ("cleo", "assigned", "standard") in told
    assert told[-1] == ("dora", "withdrawn", "none")
    entries = select(JournalEntry.details).where(JournalEntry.action == "seat:person:assigned")
    found = {details["since"]: details for (details,) in full.read(entries)}
    assert found[at(7).isoformat()]["caused_by"] == "left 7"
    waiting = full.read(select(JournalEntry.details).where(JournalEntry.action == "seat:person:waiting"))
    assert {details["waits_for"] for (details,) in waiting} == {"standard"}


def test_one_alert_tells_that_people_wait_until_nobody_does(full):
    alerts = select(Alert.kind, Alert.cause_id, Alert.closed_at)
    assert full.read(alerts) == [("seats_used_up", "standard", None)]
    leaves(full, "cleo", 7)
    full.drain(8)
    assert full.read(alerts) == [("seats_used_up", "standard", None)]
    limit(full, 3, hour=9)
    full.drain(9)
    assert full.read(alerts) == [("seats_used_up", "standard", at(9))]


def test_a_raised_limit_gives_seats_from_then_on_and_a_lifted_one_to_all(full):
    limit(full, 3, hour=6)
    full.drain(6)
    assert lines(full, "cleo")[-1] == (6, None, "standard", "viewer")
    assert queue(full, 6) == ["dora"]
    limit(full, None, hour=8)
    full.drain(8)
    assert lines(full, "dora")[-2:] == [(4, 8, "waits for standard"), (8, None, "standard", "viewer")]
    assert queue(full, 8) == []


def test_a_raised_limit_lets_a_long_line_in_by_computing_some_of_it(house):
    house.rules(STAFF)
    limit(house, 2)
    names = [f"{number:02}" for number in range(30)]
    for start, name in enumerate(names):
        comes(house, name, start)
    house.drain(31)
    limit(house, 25, hour=32)
    assert house.drain(32) == 10
    assert [name for name, _, end, plan in house.seats() if plan == "standard" and end is None] == names[:25]
    assert {start for name, start, _, plan in house.seats() if plan == "standard" and name > "01"} == {at(32)}
    assert queue(house, 32) == names[25:]


def test_a_lowered_limit_takes_nobody_a_seat_and_gives_none_until_fewer_are_held(full):
    limit(full, 1, hour=6)
    full.drain(6)
    assert lines(full, "bea")[-1] == (2, None, "standard", "viewer")
    leaves(full, "ada", 7)
    full.drain(7)
    assert queue(full, 8) == ["cleo", "dora"]
    leaves(full, "bea", 8)
    full.drain(8)
    assert lines(full, "cleo")[-1] == (8, None, "standard", "viewer")


def test_a_limit_to_come_changes_nothing_until_then_and_is_told_when_it_comes(full):
    limit(full, 3, start=20, hour=6)
    full.drain(6)
    assert lines(full, "cleo") == [(3, 20, "waits for standard"), (20, None, "standard", "viewer")]
    assert queue(full, 19) == ["cleo", "dora"]
    assert at(20) in full.boundaries()
    assert ("cleo", "assigned", "standard") not in [each[1:4] for each in full.told()]
    mark_passed(full.database, full.tenant_id, now=at(20))
    full.drain(20)
    assert ("cleo", "assigned", "standard") in [each[1:4] for each in full.told()]


def test_those_who_wait_keep_their_roles_where_the_limit_says_so(full):
    limit(full, 2, access="roles", hour=10)
    full.drain(10)
    assert lines(full, "cleo") == [
        (3, 10, "waits for standard"), (10, None, "waits for standard", "viewer"),
    ]  # fmt: skip
    limit(full, 3, hour=12)
    full.drain(12)
    assert lines(full, "cleo") == [
        (3, 10, "waits for standard"), (10, 12, "waits for standard", "viewer"),
        (12, None, "standard", "viewer"),
    ]  # fmt: skip
    with full.database.read(full.tenant_id) as session:
        assert [each.access for each in read_limits(session)["standard"]] == ["none", "roles", "roles"]


def test_a_backdated_limit_makes_those_wait_who_came_too_late_and_the_next_invoice_knows(house):
    house.rules(SALES)
    for start, name in enumerate(NAMES, 1):
        comes(house, name, start)
    house.drain(5)
    limit(house, 3, start=2, hour=10)
    house.drain(10, closed_until=at(8))
    assert lines(house, "dora") == [(4, None, "waits for standard")]
    assert lines(house, "cleo") == [(3, None, "standard")]
    assert house.read(select(LateChange.person_id, LateChange.since)) == [("dora", at(4))]


def test_a_late_fact_puts_who_came_earlier_before_who_came_later(full):
    comes(full, "abel", 0)
    full.drain(9)
    assert lines(full, "abel") == [(0, None, "standard", "viewer")]
    assert lines(full, "bea")[-1] == (2, None, "waits for standard")
    assert queue(full, 9) == ["bea", "cleo", "dora"]
    assert full.still_due() == []


def test_another_role_keeps_the_place_another_plan_gives_it_up(house):
    house.rules(SALES, LEADS, {"name": "Trial", "when": 'groups.value eq "t"', "roles": ["analyst"]})
    limit(house, 1)
    for start, name in enumerate(NAMES[:3], 1):
        comes(house, name, start)
    house.joins("bea", "t", 5)
    house.drain(6)
    assert queue(house, 6) == ["bea", "cleo"]
    house.joins("ada", "b", 7)
    with house.database.write(house.tenant_id) as session:
        session.execute(
            update(Membership)
            .where(Membership.group_id == "a", Membership.member_id == "ada")
            .values(end=at(7))
        )
    house.due("ada", hour=7)
    house.drain(8)
    assert lines(house, "ada") == [(1, 7, "standard"), (7, None, "premium")]
    assert lines(house, "bea") == [
        (2, 5, "waits for standard"), (5, 7, "waits for standard"), (7, None, "standard", "analyst"),
    ]  # fmt: skip


def test_who_waits_is_told_why_with_the_place_in_the_queue(full):
    with full.database.read(full.tenant_id) as session:
        found = waiting_of(session, "dora", "standard", at(5))
        assert found.sentence == (
            f"waits for a seat of plan standard since {at(4).isoformat()}: 2 of 2 are held; "
            "number 2 in the queue"
        )
        assert waiting_of(session, "ada", "standard", at(5)) is None
        assert waiting_of(session, "dora", "standard", at(3)) is None
        (line,) = lines_at(session, at(3))
    assert (line.plan, line.held, line.waiting, line.limit.seats) == ("standard", 2, 1, 2)
    limit(full, None, hour=6)
    with full.database.read(full.tenant_id) as session:  # no worker has seen it yet
        assert "2 of any number are held" in waiting_of(session, "dora", "standard", at(6)).sentence


def test_what_is_settled_stays_and_what_follows_goes_on_from_it(full):
    with full.database.write(full.tenant_id) as session:
        session.execute(update(Tenant).values(settled_until=at(6)))
    with pytest.raises(InvalidValue, match="an instant from") as refused:
        limit(full, 1, start=5, hour=7)
    assert refused.value.pointer == "/effective_from"
    comes(full, "abel", 0)
    full.drain(9)
    assert lines(full, "bea")[-1] == (2, None, "standard", "viewer")
    assert lines(full, "abel") == [(6, None, "waits for standard")]
    assert queue(full, 9) == ["cleo", "dora", "abel"]


def test_the_same_limit_again_writes_nothing(full):
    assert not limit(full, 2, hour=6).applied
    assert not limit(full, None, hour=6, plan="premium").applied
    assert limit(full, 2, start=6, hour=6).applied
    assert not limit(full, 2, start=6, hour=7).applied
    assert limit(full, 4, start=6, hour=7).applied
    with full.database.read(full.tenant_id) as session:
        found = read_limits(session)["standard"]
    assert [(each.start, each.seats) for each in found] == [(at(0), 2), (at(6), 4)]


@pytest.mark.parametrize(
    ("wrong", "pointer", "told"),
    [
        ({"plan": "gold"}, "/plan", "'gold', allowed premium, standard"),
        ({"plan": "none"}, "/plan", "allowed premium, standard"),
        ({"seats": -1}, "/seats", "found -1, allowed 0 to 1000000, or null"),
        ({"seats": 1_000_001}, "/seats", "found 1000001, allowed"),
        ({"access": "all"}, "/access", "'all', allowed none, roles"),
    ],
)
def test_a_wrong_limit_is_refused_where_it_is_wrong_and_changes_nothing(house, wrong, pointer, told):
    with pytest.raises(InvalidValue, match=told) as refused:
        limit(house, **{"seats": 1, **wrong})
    assert refused.value.pointer == pointer
    assert house.read(select(JournalEntry.action)) == []


def test_limits_are_set_no_more_often_than_is_allowed(house):
    bounds = LimitBounds(seats=5, changes=2)
    limit(house, 5, bounds=bounds)
    limit(house, 0, hour=1, bounds=bounds)
    with pytest.raises(TooMany, match="2 times, at most 2"):
        limit(house, 1, hour=2, bounds=bounds)


def test_another_tenants_limit_and_people_play_no_part(full, database):
    other = House(database)
    other.rules(SALES)
    for start, name in enumerate(NAMES, 1):
        comes(other, f"their {name}", start)
    other.drain(5)
    assert lines(other, "their dora") == [(4, None, "standard")]
    assert queue(full, 5) == ["cleo", "dora"]
    limit(other, 3, hour=6)
    other.drain(6)
    assert queue(other, 6) == []
    with database.write("no tenant") as session, pytest.raises(NotFound):
        set_limit(
            session, WantedLimit(plan="standard", seats=1), known_plans=PLANS, bounds=LimitBounds(),
            cause=OPERATOR, now=at(0),
        )  # fmt: skip


STAYS = st.tuples(st.integers(0, 10), st.one_of(st.none(), st.integers(1, 6)))
CHANGES = st.lists(st.tuples(st.integers(0, 10), st.one_of(st.none(), st.integers(0, 3))), max_size=3)


@given(
    st.dictionaries(st.sampled_from("abcdef"), STAYS, min_size=1),
    CHANGES,
    st.randoms(),
    st.integers(1, 3),
)
@settings(max_examples=examples(8, in_proof=300), suppress_health_check=SAME)
def test_in_whatever_order_facts_and_workers_come_seats_are_as_a_slow_recount_finds_them(
    database, stays, changes, random, batch
):
    house = House(database)
    house.rules(SALES)
    wants = [
        want(name, start, None if stay is None else start + stay) for name, (start, stay) in stays.items()
    ]
    todo = [("person", name) for name in stays] + [("limit", each) for each in dict(changes).items()]
    random.shuffle(todo)
    for kind, what in todo:
        if kind == "limit":
            limit(house, what[1], start=what[0], hour=20)
        else:
            start, stay = stays[what]
            comes(house, f"{what}{house.tenant_id}", start, None if stay is None else start + stay)
        if random.random() < 0.5:
            house.drain(21, limit=batch)
    house.drain(22, limit=batch)
    with house.database.read(house.tenant_id) as session:
        limits = read_limits(session).get("standard", ())
    held = {
        hour: {
            name[0] for name, start, end, plan in house.seats()
            if plan == "standard" and start <= at(hour) and (end is None or at(hour) < end)
        }
        for hour in range(12)
    }  # fmt: skip
    expected = recount(wants, limits)
    assert held == {hour: {each.person_id for each in expected[hour]} for hour in held}


@pytest.mark.parametrize("shared_url", ["postgresql"], indirect=True)
def test_many_workers_at_once_never_give_more_seats_than_there_are(database, shared_url):
    house = House(database)
    house.rules(SALES)
    limit(house, 3)
    names = [f"{number:02} {house.tenant_id}" for number in range(24)]
    for start, name in enumerate(names):
        comes(house, name, start)
    most, stop = [], threading.Event()

    def watch():
        while not stop.is_set():
            with house.database.read(house.tenant_id) as session:
                most.append(sum(line.held for line in lines_at(session, at(40))))

    workers = [threading.Thread(target=house.drain, args=(41,), kwargs={"limit": 2}) for _ in range(4)]
    watcher = threading.Thread(target=watch)
    for each in (watcher, *workers):
        each.start()
    for each in workers:
        each.join()
    stop.set()
    watcher.join()
    assert max(most) == 3
    assert house.still_due() == []
    assert [name for name, _, _, plan in house.seats() if plan == "standard"] == names[:3]
    assert queue(house, 40) == names[3:]


def test_many_people_ask_the_database_no_more_often_than_few(house):
    house.rules(SALES)
    limit(house, 2)
    asked = []
    event.listen(house.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    counts = []
    for number in (10, 10, 40):  # the first time rules are compiled
        names = [f"{len(counts)} {each:02} {house.tenant_id}" for each in range(number)]
        for name in names:
            house.person(name)
            house.joins(name, "a", 1)
        asked.clear()
        with house.database.write(house.tenant_id) as session:
            assign(session, names, now=at(2))
        counts.append(len(asked))
    assert counts[1] == counts[2]
