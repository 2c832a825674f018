"""Whole stories over HTTP."""

import socket
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby

import pytest

from bridge.simulator.company import larkspur
from bridge.simulator.events import Kind, Source
from bridge.simulator.play import play, simulate
from bridge.simulator.record import Record
from bridge.simulator.story import onboarding, six_weeks
from bridge.simulator.wire import Connection, SimulatorError, UnexpectedAnswer, Unreachable

START = datetime(2026, 9, 1, 7, tzinfo=UTC)
STORY = six_weeks(larkspur(), START)
SMALL = six_weeks(larkspur(16), START)


@pytest.fixture
def sides(okta_side, entra_side) -> dict[Source, object]:
    return {"okta": okta_side, "entra": entra_side}


def played(sides, story=STORY, **how):
    return play(story, {source: side.connection for source, side in sides.items()}, **how)


def naive_end():
    """Recounted from the events alone."""
    names = {person.key: person.user_name for person in STORY.company.people}
    active, members, called = {}, {}, {}
    for event in STORY.events:
        if event.kind in {Kind.HIRE, Kind.REACTIVATE, Kind.REPROVISION}:
            active[names[event.person]] = True
        elif event.kind is Kind.DEACTIVATE:
            active[names[event.person]] = False
        elif event.kind is Kind.DELETE:
            del active[names[event.person]]
            members = {group: people - {names[event.person]} for group, people in members.items()}
        elif event.kind in {Kind.PUSH, Kind.JOIN}:
            members[event.group] = members.get(event.group, set()) | {names[key] for key in event.people}
        elif event.kind is Kind.LEAVE:
            members[event.group] -= {names[event.person]}
        elif event.kind is Kind.RENAME:
            called[event.group] = event.new_name
    return active, {called.get(group, group): people for group, people in members.items()}


def both_ends(sides):
    people, groups = {}, {}
    for side in sides.values():
        people |= side.state[0]
        groups |= side.state[1]
    return people, groups


@pytest.mark.parametrize("how", [{"order_seed": 3}, {"order_seed": 4}, {"twice": True}])
def test_six_weeks_end_as_told_also_sent_twice_and_in_another_order(sides, how):
    played(sides, **how)
    (people, groups), (told_people, told_groups) = both_ends(sides), naive_end()
    assert people == told_people
    unnamed_twins = (
        {"Sales"} if "twice" in how else set()
    )  # Okta's repeated POST of a group makes an empty second
    assert all(groups.pop(twin) == set() for twin in unnamed_twins)
    assert groups == told_groups


def test_sent_twice_means_every_request_twice_in_a_row(sides):
    record = played(sides, SMALL, twice=True)
    runs = groupby(
        (exchange.source, exchange.method, exchange.path, str(exchange.body)) for exchange in record
    )
    assert all(len(list(run)) % 2 == 0 for _, run in runs)
    repeated = [
        exchange.status for exchange in record if exchange.method == "POST" and exchange.path == "/Users"
    ]
    assert repeated[:2] == [201, 409]


def test_a_second_delete_may_find_nobody(sides):
    (deleted,) = [event for event in STORY.events if event.kind is Kind.DELETE]
    life = tuple(replace(event, manager="") for event in STORY.events if event.people == deleted.people)
    record = played(sides, replace(STORY, events=life), twice=True)
    assert [exchange.status for exchange in record if exchange.method == "DELETE"] == [204, 404]


def test_the_clock_is_set_to_each_event_before_its_requests(sides):
    ticks = []

    def look(done):
        assert ticks[-1] == done.event.at
        assert all(exchange.at == done.event.at for exchange in done.exchanges)
        assert done.exchanges
        assert (done.number, done.total) == (len(ticks), len(SMALL.events))

    played(sides, SMALL, set_clock=ticks.append, on_event=look)
    assert ticks == [event.at for event in SMALL.events]


def test_every_exchange_is_kept_and_read_back(sides, tmp_path):
    record = played(sides, SMALL)
    log = [(method, path) for side in sides.values() for method, path, *_ in side.log]
    assert sorted((exchange.method, "/scim/v2" + exchange.path) for exchange in record) == sorted(log)
    assert all(exchange.request_id.startswith("r") for exchange in record)
    created = [exchange for exchange in record if exchange.method == "POST"]
    assert all(
        exchange.answer_id.startswith(exchange.source) for exchange in created if exchange.status == 201
    )
    record.dump(tmp_path / "wire.jsonl")
    assert Record.load(tmp_path / "wire.jsonl") == record
    assert "token-of" not in (tmp_path / "wire.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line", ["nonsense", "{}", "[]", '{"at": "2026-09-01T07:00:00+00:00", "colour": "red"}']
)
def test_a_file_that_is_no_record_is_refused_with_its_line(tmp_path, line):
    file = tmp_path / "wire.jsonl"
    file.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"wire\.jsonl:1: not a recorded exchange"):
        Record.load(file)


def test_a_missing_connection_is_named_before_anything_is_sent(okta_side):
    with pytest.raises(ValueError, match="needs a connection for entra"):
        play(STORY, {"okta": okta_side.connection})
    assert okta_side.log == []


def test_a_wrong_token_is_an_unexpected_answer_that_says_what_was_sent(okta_side):
    with pytest.raises(
        UnexpectedAnswer, match=r"okta sent GET /Users.* wanted 200, but was answered 401"
    ) as caught:
        play(onboarding(larkspur(2), START, "okta"), {"okta": Connection(okta_side.url, "wrong")})
    assert (caught.value.method, caught.value.status) == ("GET", 401)
    assert "unknown token" in caught.value.body
    assert "wrong" not in str(caught.value)


def test_nobody_listening_is_told_as_such():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/scim/v2"
        with pytest.raises(Unreachable, match="check the address"):
            simulate("okta", url, "token", people=2, start=START)
    assert issubclass(Unreachable, SimulatorError)


def test_a_connection_does_not_print_its_token():
    assert "secret" not in repr(Connection("http://127.0.0.1", "secret"))


@pytest.mark.parametrize("source", ["okta", "entra"])
def test_simulate_hires_and_pushes_and_may_be_run_again(sides, source):
    side, seen = sides[source], []
    simulate(source, side.url, side.token, people=25, start=START, on_event=seen.append)
    first = side.state
    assert len(first[0]) == 25
    assert sum(len(members) for members in first[1].values()) == 25
    gone = next(iter(side.users.values()))
    gone["active"] = False
    again = simulate(source, side.url + "/", side.token, people=25, start=START)
    assert side.state == first
    assert not [exchange for exchange in again if exchange.method == "POST"]
    assert seen[-1].number == seen[-1].total


def test_simulate_waits_where_the_endpoint_asks_for_it(okta_side):
    okta_side.scripted += [(429, {"Retry-After": "0"}, {"detail": "slow down"})] * 2
    record = simulate("okta", okta_side.url, okta_side.token, people=1, start=START)
    assert [exchange.status for exchange in record][:3] == [429, 429, 200]
