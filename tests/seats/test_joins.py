"""Joins while the workers compute: whoever changes, whenever, the seats are those that the facts say."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bridge.directory.join_accounts import Wanted, join_accounts
from bridge.directory.tables import Membership, Person, PersonVersion
from bridge.errors import Conflict, NotFound, TooMany
from bridge.journal.tables import JournalEntry
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.seats.due import take_due
from bridge.seats.tables import AssignmentFailure
from tests.seats.facts import at
from tests.seats.joining import OPERATOR, deleted, furnished, join, leaves, restored, separate, stored
from tests.seats.test_due import Overtaken, broken

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def team(house):
    return furnished(house)


def test_two_accounts_are_one_seat_from_the_join_on(team):
    assert join(team, "bea", "ada", 3) == 1
    team.drain(3)
    assert team.seats() == [
        ("ada", at(1), at(3), "standard"), ("ada", at(3), None, "premium"), ("bea", at(1), at(3), "premium"),
    ]  # fmt: skip
    assert sorted(row[1:4] for row in team.told()[-2:]) == [
        ("ada", "changed", "premium"),
        ("bea", "released", "none"),
    ]


def test_separated_they_are_two_seats_from_that_instant(team):
    join(team, "bea", "ada", 3)
    separate(team, "bea", "ada", 5)
    team.drain(6)
    assert team.seats("ada")[1:] == [(at(3), at(5), "premium"), (at(5), None, "standard")]
    assert team.seats("bea") == [(at(1), at(3), "premium"), (at(5), None, "premium")]
    assert join(team, "bea", "ada", 7) == 1


def test_a_change_of_the_account_changes_the_person_in_the_same_step(team):
    join(team, "bea", "ada", 3)
    team.drain(3)
    leaves(team, "bea", "b", 4)
    assert team.drain(4) == 1
    assert team.seats("ada")[1:] == [(at(3), at(4), "premium"), (at(4), None, "standard")]
    assert team.still_due() == []


def test_a_change_of_the_accounts_group_reaches_the_person(team):
    join(team, "bea", "ada", 3)
    team.drain(3)
    with team.database.write(team.tenant_id) as session:
        session.execute(
            update(Membership).where(Membership.group_id == "b").values(end=at(4), ended_by="group gone")
        )
    team.due("b", kind="group", hour=4)
    team.drain(4)
    assert team.seats("ada")[-1] == (at(4), None, "standard")


def test_deleting_the_account_ends_the_join_and_a_return_is_somebody_by_themselves(team):
    join(team, "bea", "ada", 3)
    deleted(team, "bea", 5)
    restored(team, "bea", 6)
    team.drain(7)
    assert stored(team) == [("bea", "ada", at(3), at(5))]
    assert team.seats("ada")[-1] == (at(5), None, "standard")
    assert team.seats("bea") == [(at(1), at(3), "premium"), (at(6), None, "premium")]
    [entry] = [row for (row,) in team.read(select(JournalEntry).where(JournalEntry.actor_kind == "worker",
               JournalEntry.action == "directory:account:separate"))]  # fmt: skip
    assert (entry.subject_id, entry.details["person"], entry.details["caused_by"]) == (
        "bea",
        "ada",
        "deleted 5",
    )


def test_deleting_the_persons_own_account_costs_nobody_the_seat_and_bills_nobody_twice(team):
    join(team, "bea", "ada", 3)
    deleted(team, "ada", 5)
    team.drain(6)
    assert team.seats("ada")[-1] == (at(3), None, "premium")
    assert team.seats("bea") == [(at(1), at(3), "premium")]
    restored(team, "ada", 8)
    team.drain(8)
    assert stored(team) == [("bea", "ada", at(3), None)]
    assert team.seats("ada")[-1] == (at(3), None, "premium")


def test_who_is_inactive_can_be_joined_and_brings_nothing_until_active(team):
    with team.database.write(team.tenant_id) as session:
        session.execute(update(PersonVersion).where(PersonVersion.person_id == "bea").values(active=False))
    join(team, "bea", "ada", 3)
    team.drain(3)
    assert team.seats() == [("ada", at(1), None, "standard")]


def test_joining_twice_changes_nothing(team):
    assert join(team, "bea", "ada", 3) == 1
    assert join(team, "bea", "ada", 4) == 0
    assert len(stored(team)) == 1


@pytest.mark.parametrize(
    ("account", "person", "detail"),
    [
        ("ada", "ada", "is this person already"),
        ("bea", "cleo", "is joined to ada: separate it first"),
        ("cleo", "bea", "bea is joined to ada"),
        ("ada", "cleo", "other accounts are joined to ada"),
    ],
)
def test_joins_are_flat(team, account, person, detail):
    join(team, "bea", "ada", 3)
    with pytest.raises(Conflict, match=detail) as refused:
        join(team, account, person, 4)
    assert refused.value.pointer == "/account_id"
    assert len(stored(team)) == 1


def test_the_deleted_are_neither_joined_nor_joined_to(team):
    deleted(team, "cleo", 3)
    for pair in (("cleo", "ada"), ("ada", "cleo")):
        with pytest.raises(Conflict, match="cleo is deleted"):
            join(team, *pair, 4)
    for pair in (("nobody", "ada"), ("ada", "nobody")):
        with pytest.raises(NotFound, match="nobody"):
            join(team, *pair, 4)


def test_a_person_has_as_many_accounts_as_the_operator_allows(team):
    join(team, "bea", "ada", 3, most=1)
    with pytest.raises(TooMany, match="at most 1"):
        join(team, "cleo", "ada", 3, most=1)
    assert join(team, "cleo", "ada", 3, most=2) == 1


def test_only_what_is_joined_is_separated(team):
    join(team, "bea", "ada", 3)
    for account, person in (("ada", "bea"), ("bea", "cleo"), ("nobody", "ada")):
        with pytest.raises(NotFound):
            separate(team, account, person, 4)
    separate(team, "bea", "ada", 4)
    with pytest.raises(NotFound):
        separate(team, "bea", "ada", 5)


def test_an_end_that_facts_made_and_nobody_wrote_down_stands_in_nobodys_way(team):
    join(team, "bea", "ada", 3)
    deleted(team, "bea", 4)
    restored(team, "bea", 5)
    with pytest.raises(NotFound):
        separate(team, "bea", "ada", 6)
    assert join(team, "bea", "cleo", 6) == 1
    assert [row[1:] for row in sorted(stored(team), key=lambda row: row[2])] == [
        ("ada", at(3), at(4)), ("cleo", at(6), None),
    ]  # fmt: skip


def test_joined_and_separated_within_one_instant_is_a_moment_long(team):
    join(team, "bea", "ada", 3)
    separate(team, "bea", "ada", 3)
    [(_, _, start, end)] = stored(team)
    assert end - start == MICROSECOND


def test_a_join_begins_after_what_it_joins_whatever_the_clock_says(team):
    with team.database.write(team.tenant_id) as session:
        session.execute(update(Person).where(Person.id == "bea").values(changed_at=at(5)))
    join(team, "bea", "ada", 3)
    assert stored(team)[0][2] == at(5) + MICROSECOND


def test_two_joins_at_once_make_no_chain(team):
    """Each waits for the other's rows; whoever comes second is refused."""
    refused = []

    def other():
        try:
            join(team, "ada", "cleo", 3)
        except Conflict as error:
            refused.append(error.detail)

    with team.database.write(team.tenant_id) as session:
        wanted = [Wanted("bea", "ada", "")]
        join_accounts(session, wanted, reason="", most=9, cause=OPERATOR, now=at(3))
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert refused == ["other accounts are joined to ada: separate them, or name it the person"]
    assert len(stored(team)) == 1


def test_a_worker_that_was_overtaken_by_another_writes_nothing_stale_of_the_joined(team):
    join(team, "bea", "ada", 3)
    team.drain(3)
    leaves(team, "bea", "b", 4)

    def overtake():
        team.joins("bea", "b", 6)
        team.due("bea", hour=6)
        assert team.drain(6) == 1

    slow = Overtaken(team.database.engine, overtake)
    take_due(slow, team.tenant_id, now=at(7), limit=9, closed_until=lambda _session: None)
    team.drain(8)
    assert team.seats("ada")[1:] == [
        (at(3), at(4), "premium"), (at(4), at(6), "standard"), (at(6), None, "premium"),
    ]  # fmt: skip


@pytest.mark.parametrize("computed", [False, True])
def test_a_join_that_comes_while_its_account_is_computed_is_not_lost(team, *, computed):
    leaves(team, "bea", "b", 3)

    def meanwhile():
        join(team, "bea", "ada", 4)
        if computed:  # by another worker, so that nothing but the account's next change is due
            team.drain(4)
        team.joins("bea", "b", 5)
        team.due("bea", hour=5)

    slow = Overtaken(team.database.engine, meanwhile)
    take_due(slow, team.tenant_id, now=at(6), limit=9, closed_until=lambda _session: None)
    team.drain(7)
    assert team.seats("ada")[-1] == (at(5), None, "premium")
    assert team.seats("bea") == [(at(1), at(3), "premium")]
    assert team.still_due() == []


def test_a_person_whose_account_cannot_be_read_keeps_the_seat_and_shows_up(team):
    join(team, "bea", "ada", 3)
    team.drain(3)
    with team.database.write(team.tenant_id) as session:
        session.execute(update(PersonVersion).where(PersonVersion.person_id == "ada").values(active=False))
    broken(team, "bea", {ENTERPRISE_USER_URN: 7})
    team.due("ada", hour=4)
    team.drain(4)
    assert {row.person_id for (row,) in team.read(select(AssignmentFailure))} == {"ada", "bea"}
    assert team.seats("ada") == [(at(1), at(3), "standard"), (at(3), None, "premium")]


def test_what_was_ended_twice_is_told_once(team):
    join(team, "bea", "ada", 3)
    deleted(team, "bea", 4)
    for hour in (5, 6):
        team.due("ada", "bea", hour=hour)
        team.drain(hour)
    told = select(func.count()).where(JournalEntry.action == "directory:account:separate")
    assert team.read(told) == [(1,)]
