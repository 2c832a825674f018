import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from bridge.database.sessions import Database
from bridge.directory.tables import Membership, PersonVersion
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.seats.boundaries import mark_passed
from bridge.seats.compute import Computed, noting
from bridge.seats.due import take_due
from bridge.seats.failures import Pauses
from bridge.seats.locks import lock_people, lock_seats, lock_seats_shared
from bridge.seats.tables import AssignmentFailure
from bridge.tenants.tables import DueTenant
from tests.seats.facts import at
from tests.seats.house import LEADS, SALES, House, opened


@pytest.fixture
def team(house):
    house.rules(LEADS, SALES)
    for name in ("ada", "bea", "cleo"):
        house.person(name)
        house.joins(name, "a", 1)
    house.drain(2)
    return house


def broken(house, person_id, resource):
    with house.database.write(house.tenant_id) as session:
        session.execute(
            update(PersonVersion).where(PersonVersion.person_id == person_id).values(resource=resource)
        )


def failures(house):
    return [row for (row,) in house.read(select(AssignmentFailure))]


def test_a_rule_set_concerns_everyone_and_its_row_is_used_up(team):
    assert [seat[0] for seat in team.seats()] == ["ada", "bea", "cleo"]
    assert team.still_due() == []
    team.rules(effective_from=5, now=at(6))
    assert team.still_due() == [("rule_set", team.rules(effective_from=5, now=at(6)).rule_set_id)]
    assert team.drain(6) == 3
    assert {seat[2] for seat in team.seats()} == {at(5)}


def test_nothing_due_is_nothing_done(team):
    assert team.drain(3) == 0


def test_a_storm_of_changes_to_one_person_is_one_computation(team):
    for _ in range(50):
        team.due("ada", hour=3)
    assert team.drain(3, limit=10) == 1
    assert team.still_due() == []


def test_no_more_people_than_the_limit_are_taken_in_one_step(team):
    team.due("ada", "bea", "cleo", hour=3)
    taken = take_due(team.database, team.tenant_id, now=at(3), limit=2, closed_until=lambda _session: None)
    assert (taken, len(team.still_due())) == (2, 1)


def test_a_group_concerns_all_who_were_ever_in_it_or_in_a_group_inside(team):
    team.person("dora")
    team.joins("dora", "inner", 2, 3)
    team.joins("inner", "outer", 0, kind="group")
    team.joins("outer", "inner", 0, kind="group")
    team.joins("cleo", "outer", 1, 2)
    team.due("outer", "outer", kind="group", hour=4)
    assert team.drain(4) == 2
    team.due("nobody's", kind="group", hour=4)
    assert team.drain(4) == 0
    assert team.still_due() == []


def test_a_fact_that_comes_while_seats_are_computed_is_not_lost(team):
    team.joins("ada", "b", 3)
    team.due("ada", hour=3)

    def meanwhile(_session):
        if not came:
            came.append(True)
            writer.start()
            if team.database.engine.dialect.name == "postgresql":
                writer.join()

    came = []
    writer = threading.Thread(target=lambda: team.due("ada", hour=3))
    assert take_due(team.database, team.tenant_id, now=at(3), limit=9, closed_until=meanwhile) == 1
    writer.join()
    assert team.still_due() == [("person", "ada")]


def test_a_step_that_dies_before_its_end_leaves_everything_as_it_was(team):
    team.joins("ada", "b", 3)
    team.due("ada", hour=3)

    def die(_session):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_due(team.database, team.tenant_id, now=at(3), limit=9, closed_until=die)
    assert team.still_due() == [("person", "ada")]
    assert team.seats("ada") == [(at(1), None, "standard")]
    assert team.drain(3) == 1
    assert team.seats("ada")[-1] == (at(3), None, "premium")


@pytest.mark.parametrize(
    "poison",
    [
        {ENTERPRISE_USER_URN: ["no object"]},  # cannot be computed
        {ENTERPRISE_USER_URN: {"department": {"not": "a text"}}},  # cannot be written
    ],
)
def test_a_person_whose_facts_are_broken_blocks_nobody(team, poison):
    broken(team, "bea", poison)
    for name in ("ada", "bea", "cleo"):
        team.joins(name, "b", 3)
    team.due("ada", "bea", "cleo", hour=3)
    assert team.drain(4) == 3
    assert [seat[0] for seat in team.seats() if seat[3] == "premium"] == ["ada", "cleo"]
    assert team.seats("bea") == [(at(1), None, "standard")]
    assert team.still_due() == []
    (failure,) = failures(team)
    assert (failure.person_id, failure.attempts, failure.first_failed_at) == ("bea", 1, at(4))
    assert failure.next_attempt_at == at(4) + timedelta(seconds=60)
    assert failure.next_attempt_at in team.boundaries()


@pytest.mark.parametrize("shared_url", ["sqlite"], indirect=True, scope="module")
def test_a_document_that_cannot_be_read_blocks_nobody(team):
    with team.database.write(team.tenant_id) as session:
        damage = text(
            "UPDATE person_versions SET resource = '{' WHERE person_id = 'bea' AND tenant_id = :tenant"
        )
        session.execute(damage, {"tenant": team.tenant_id})
    team.joins("ada", "b", 3)
    team.due("ada", "bea", hour=3)
    assert team.drain(4) == 2
    assert team.seats("ada")[-1] == (at(3), None, "premium")
    assert [failure.person_id for failure in failures(team)] == ["bea"]


def test_trouble_of_the_database_is_nobodys_failure(team):
    team.due("ada", hour=3)

    def lose_the_connection(_session):
        raise OperationalError("COMMIT", {}, Exception("the server closed the connection"))

    with pytest.raises(OperationalError):
        take_due(team.database, team.tenant_id, now=at(3), limit=9, closed_until=lose_the_connection)
    with pytest.raises(OperationalError), noting(Computed(), "ada"):
        lose_the_connection(None)
    assert failures(team) == []
    assert team.still_due() == [("person", "ada")]


def test_a_failure_is_tried_again_at_its_time_with_growing_pauses_and_forgotten_once_it_heals(team):
    broken(team, "bea", {ENTERPRISE_USER_URN: ["no object"]})
    team.due("bea", hour=3)
    assert team.drain(3) == 1
    assert team.drain(3) == 0
    assert team.drain(4) == 1
    (failure,) = failures(team)
    assert (failure.attempts, failure.first_failed_at) == (2, at(3))
    assert failure.next_attempt_at == at(4) + timedelta(seconds=120)
    broken(team, "bea", {})
    team.joins("bea", "b", 4)
    assert team.drain(5) == 1
    assert failures(team) == []
    assert team.seats("bea")[-1] == (at(4), None, "premium")
    assert team.drain(6) == 0


def test_a_pause_doubles_up_to_a_day():
    pauses = Pauses(first_seconds=60)
    assert [pauses.after(n).total_seconds() for n in (1, 2, 3, 12, 10_000)] == [60, 120, 240, 86_400, 86_400]


def test_the_error_that_is_kept_holds_nothing_of_the_person(team):
    broken(team, "bea", {ENTERPRISE_USER_URN: {"department": {"name": "Secret"}}})
    team.due("bea", hour=3)
    team.drain(3)
    (failure,) = failures(team)
    assert failure.error
    assert "Secret" not in failure.error


def test_work_of_one_tenant_is_not_another_tenants(team):
    other = House(team.database)
    team.due("ada", hour=3)
    assert other.drain(3) == 0
    assert team.drain(3) == 1


def test_a_boundary_that_came_to_pass_is_told_by_the_clock(team):
    team.rules(effective_from=10, now=at(3))
    team.drain(3)
    assert mark_passed(team.database, team.tenant_id, now=at(9)) == 0
    assert mark_passed(team.database, team.tenant_id, now=at(10)) == 3
    assert team.drain(10) == 3
    assert {news[2:] for news in team.told()[-3:]} == {("released", "none", at(10).isoformat())}
    assert mark_passed(team.database, team.tenant_id, now=at(11)) == 0
    with team.database.unscoped_read() as session:
        assert session.scalar(select(DueTenant.wake_at).where(DueTenant.wake_at == at(10)))


def test_two_drains_at_once_make_the_seats_of_one(house):
    house.rules(LEADS, SALES)
    people = [f"p{number:02}" for number in range(16)]
    for name in people:
        house.person(name)
        house.joins(name, "a", 1)
    for name in people[::2]:
        house.joins(name, "b", 2)
    house.due(*people, *people, hour=2)
    url = house.database.engine.url.render_as_string(hide_password=False)
    errors = []

    def work():
        mine = opened(url)
        try:
            while take_due(mine, house.tenant_id, now=at(3), limit=7, closed_until=lambda _session: None):
                pass
        except Exception as error:  # noqa: BLE001 (whatever it is, the test must see it)
            errors.append(error)
        finally:
            mine.dispose()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert house.still_due() == []
    expected = []
    for number, name in enumerate(people):
        leads = number % 2 == 0
        expected.append((name, at(1), at(2) if leads else None, "standard"))
        if leads:
            expected.append((name, at(2), None, "premium"))
    assert house.seats() == expected
    assert len(house.told()) == 24


@pytest.mark.parametrize("shared_url", ["postgresql"], indirect=True, scope="module")
def test_a_closing_waits_for_computations_and_they_for_it(house):
    order = []

    def close():
        with house.database.write(house.tenant_id) as session:
            lock_seats(session)
            order.append("closed")

    with house.database.write(house.tenant_id) as session:
        lock_seats_shared(session)
        lock_people(session, [])
        closing = threading.Thread(target=close)
        closing.start()
        closing.join(0.3)
        order.append("computed")
    closing.join()
    assert order == ["computed", "closed"]


@pytest.mark.parametrize("shared_url", ["sqlite"], indirect=True, scope="module")
def test_sqlite_needs_no_locks(house):
    with house.database.write(house.tenant_id) as session:
        lock_seats(session)
        lock_seats_shared(session)
        lock_people(session, ["ada"])


class Overtaken(Database):
    """A worker that is held up before it writes, while ``meanwhile`` happens once."""

    def __init__(self, engine, meanwhile) -> None:
        super().__init__(engine)
        self.meanwhile = [meanwhile]

    @contextmanager
    def write(self, tenant_id):
        while self.meanwhile:
            self.meanwhile.pop()()
        with super().write(tenant_id) as session:
            yield session


def test_a_worker_that_was_overtaken_writes_nothing_stale(team):
    team.joins("ada", "b", 3)
    team.due("ada", "bea", hour=3)

    def overtake():
        with team.database.write(team.tenant_id) as session:
            session.execute(
                update(Membership).where(Membership.group_id == "b").values(end=at(4), ended_by="left 4")
            )
        team.due("ada", hour=4)
        assert team.drain(4) == 2

    slow = Overtaken(team.database.engine, overtake)
    assert take_due(slow, team.tenant_id, now=at(5), limit=9, closed_until=lambda _session: None) == 2
    assert team.seats("ada") == [
        (at(1), at(3), "standard"),
        (at(3), at(4), "premium"),
        (at(4), None, "standard"),
    ]
    assert team.drain(6) == 0
