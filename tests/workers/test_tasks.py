# ruff: noqa: DTZ001, PLC0415 (hypothesis takes naive bounds; workers read the settings when they are imported, which each test sets first)
import logging
from datetime import UTC, datetime, timedelta

import pytest
from celery.signals import task_failure
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from bridge.directory.counts import FOLDED_FROM, count_created
from bridge.directory.tables import ResourceCount
from bridge.errors import InvalidValue
from bridge.journal.tables import JournalEntry, JournalSeal
from bridge.logs import configure_logs
from bridge.mapping.tables import RuleSet
from bridge.tenants.nights import next_night
from bridge.tenants.tables import DueTenant, Tenant
from config.settings import settings
from tests.seats.facts import at
from tests.seats.house import LEADS, SALES, House


@pytest.fixture
def team(house, driven):
    house.rules(LEADS, SALES)
    house.person("ada")
    house.joins("ada", "a", 1)
    driven(at(2))
    return house


def due_rows(house):
    with house.database.unscoped_read() as session:
        chosen = select(DueTenant.cause, DueTenant.wake_at).where(DueTenant.tenant_id == house.tenant_id)
        return sorted(tuple(row) for row in session.execute(chosen.order_by(DueTenant.wake_at)))


def nightly(house, hour):
    with house.database.unscoped() as session:
        row = {"id": f"night {house.tenant_id}", "tenant_id": house.tenant_id, "cause": "nightly"}
        session.execute(insert(DueTenant), {**row, "wake_at": at(hour)})


def test_a_nudged_worker_computes_seals_and_crosses_off_what_was_due(team):
    from workers.assignments import assign_due

    assert due_rows(team) == [("changes", at(0))]
    assign_due(team.tenant_id)
    assert team.seats() == [("ada", at(1), None, "standard")]
    assert due_rows(team) == []
    assert len(team.read(select(JournalSeal))) == len(team.read(select(JournalEntry))) > 0


def test_a_tenant_with_much_to_do_gives_way_to_others_and_goes_on_later(team, driven, monkeypatch):
    from workers.app import database
    from workers.assignments import assign_due, drain

    for name in ("bo", "cy"):
        team.person(name)
        team.joins(name, "a", 1)
    monkeypatch.setenv("BRIDGE_ASSIGNMENT_BATCH", "1")
    monkeypatch.setenv("BRIDGE_ASSIGNMENT_TURN_SECONDS", "0.000001")
    settings.cache_clear()
    assert not drain(database(), team.tenant_id, seconds=0)
    assert len(team.seats()) == 1
    assert due_rows(team) != []
    assign_due(team.tenant_id)
    assert [person for person, *_ in team.seats()] == ["ada", "bo", "cy"]
    assert due_rows(team) == []


def test_tenants_of_one_message_are_done_one_after_another_and_one_that_fails_stops_no_other(team):
    from workers.assignments import assign_due

    broken, other = House(team.database), House(team.database)
    for house in (broken, other):
        house.rules(LEADS, SALES)
        house.person("bo")
        house.joins("bo", "a", 1)
    with team.database.write(broken.tenant_id) as session:
        session.execute(update(RuleSet).values(document={}))
    with pytest.raises(InvalidValue, match="rules"):
        assign_due(broken.tenant_id, team.tenant_id, other.tenant_id)
    assert broken.seats() == []
    assert team.seats() == [("ada", at(1), None, "standard")]
    assert [person for person, *_ in other.seats()] == ["bo"]


def test_a_worker_folds_what_requests_noted_of_the_length_of_lists(team):
    from workers.assignments import assign_due

    with team.database.write(team.tenant_id) as session:
        for _ in range(FOLDED_FROM):
            count_created(session, "person", connection_id="okta", number=2, at=at(2))
    assign_due(team.tenant_id)
    assert team.read(select(ResourceCount.delta).where(ResourceCount.connection_id == "okta")) == [(100,)]


def test_a_row_that_is_due_later_is_left_for_later(team):
    from workers.assignments import assign_due

    team.rules(effective_from=10, now=at(2))
    assign_due(team.tenant_id)
    assert set(due_rows(team)) == {("boundary", at(10))}


def test_the_sweep_finds_who_nobody_announced_and_leaves_who_is_not_due(team):
    from workers.timetable import sweep

    other = House(team.database)
    other.due("nobody", hour=5)
    sweep()
    assert team.seats() == [("ada", at(1), None, "standard")]
    assert due_rows(team) == []
    assert due_rows(other) == [("changes", at(5))]


def test_the_sweep_has_sessions_asked_for_again_and_computes_no_seats_for_that(team):
    from workers.timetable import sweep

    other = House(team.database)
    with team.database.unscoped() as session:
        row = {"id": f"refresh {other.tenant_id}", "tenant_id": other.tenant_id, "cause": "refresh"}
        session.execute(insert(DueTenant), {**row, "wake_at": at(1)})
    sweep()
    assert due_rows(other) == []


def test_a_boundary_that_came_is_told_by_the_sweep(team, driven):
    from workers.timetable import sweep

    team.rules(effective_from=10, now=at(2))
    sweep()
    driven(at(10))
    sweep()
    assert team.told()[-1] == (at(10), "ada", "released", "none", at(10).isoformat())
    sweep()
    assert due_rows(team) == []
    assert len(team.told()) == 2


def test_a_night_does_its_work_and_moves_to_the_next(team):
    from workers.timetable import sweep

    [[timezone]] = team.read(select(Tenant.timezone))
    nightly(team, 1)
    sweep()
    assert due_rows(team) == [("nightly", next_night(timezone, at(2)))]
    assert team.seats() == [("ada", at(1), None, "standard")]


def test_a_night_that_is_begun_is_not_begun_twice_until_its_lease_ends(team):
    from workers.timetable import LEASE, lease

    nightly(team, 1)
    assert lease(team.database, team.tenant_id, now=at(2)) == at(2) + LEASE
    assert lease(team.database, team.tenant_id, now=at(2)) is None
    assert lease(team.database, team.tenant_id, now=at(3)) == at(3) + LEASE


def test_a_night_that_was_taken_over_is_not_moved_by_who_was_late(team):
    from workers.timetable import LEASE, do_nightly, lease

    nightly(team, 1)
    first = lease(team.database, team.tenant_id, now=at(2))
    lease(team.database, team.tenant_id, now=at(3))
    do_nightly(team.database, team.tenant_id, leased_until=first)
    assert ("nightly", at(3) + LEASE) in due_rows(team)


def test_a_night_that_fails_stays_on_its_lease_and_its_other_parts_are_done(team, driven, tmp_path):
    from workers.timetable import do_nightly, lease

    nightly(team, 1)
    leased_until = lease(team.database, team.tenant_id, now=at(2))
    (tmp_path / "clock").write_text("no instant")
    with pytest.raises(Exception, match="holds no instant"):
        do_nightly(team.database, team.tenant_id, leased_until=leased_until)
    assert ("nightly", leased_until) in due_rows(team)
    assert team.read(select(JournalSeal))
    driven(at(4))
    do_nightly(team.database, team.tenant_id, leased_until=leased_until)
    assert ("nightly", leased_until) not in due_rows(team)


def test_closing_and_sealing_can_be_asked_for_alone(team):
    from workers.closing import close_periods
    from workers.journal import seal_journal

    close_periods(team.tenant_id)
    seal_journal(team.tenant_id)
    assert len(team.read(select(JournalSeal))) == len(team.read(select(JournalEntry)))


@given(now=st.datetimes(timezones=st.just(UTC), max_value=datetime(9000, 1, 1)))
def test_the_next_night_is_within_a_day_and_always_at_the_same_time(now):
    night = next_night("UTC", now)
    assert now < night <= now + timedelta(days=1)
    assert next_night("UTC", night) == night + timedelta(days=1)
    assert night.hour == 2


def test_a_task_that_fails_is_logged_by_kind_and_place_never_by_the_errors_words(capsys, driven):
    from workers.assignments import assign_due

    configure_logs(settings(), process="worker")
    try:
        int("ada@example.com")
    except ValueError as error:
        task_failure.send(sender=assign_due, task_id="7", exception=error)
    logging.getLogger("celery.app.trace").error("Task raised unexpected: ada@example.com")
    told = capsys.readouterr().err
    assert '"event":"task.failed"' in told
    assert '"task":"bridge.assign_due"' in told
    assert '"task_id":"7"' in told
    assert "ValueError" in told
    assert "ada@example.com" not in told
