"""Storms that come from groups, deleted or taken out of each other: an undo makes them what they were."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from bridge.directory.counts import count_living
from bridge.directory.search import get_group, members_of
from bridge.directory.tables import Group, GroupVersion
from bridge.errors import NotFound
from bridge.journal.tables import JournalEntry
from bridge.provisioning.create_person import create_person
from bridge.provisioning.replace_group import replace_group
from bridge.scim.reading import DEFAULT_LIMITS
from bridge.seats.undo_storm import Undone, undo_storm
from tests.storms.mill import FOUNDED, GROUP, MARA, USER, Mill, at

WEAVERS = [f"w{number:02}" for number in range(30)]
CLERKS = ["ada", "bea", "cleo"]
NIGHT = at("01-20 02:00")
MORNING = at("01-20 09:00")
FEBRUARY, MARCH = at("02-01 00:00"), at("03-01 00:00")


def founded(database):
    """Staff have a seat: three clerks, and thirty weavers by a group in a group."""
    mill = Mill(database)
    for name in ("loom", "hall"):
        mill.group(name, externalId=f"hr-{name}")
    mill.hires(*WEAVERS, group="loom")
    mill.hires(*CLERKS)
    mill.moves("add", "hall", "loom", when=at("01-01 01:00"))
    mill.moves("add", "staff", "hall", when=at("01-01 01:00"))
    mill.works(at("01-02 00:00"))
    return mill


@pytest.fixture
def mill(database):
    return founded(database)


def undo(mill, when=MORNING):
    [storm] = [each for each in mill.storms if each.status == "open"]
    with mill.database.write(mill.tenant_id) as session:
        undone = undo_storm(session, storm.id, cause=MARA, now=when)
    mill.works(when)
    return undone


def shown(mill, *names):
    """The groups as their provider reads them, without what tells when they changed."""
    with mill.database.read(mill.tenant_id) as session:
        ids = [mill.ids[name] for name in names]
        found = [get_group(session, connection_id=mill.connection_id, group_id=id_) for id_ in ids]
        members = members_of(session, ids)
    return [
        (each.id, each.resource, each.created_at, {member.id for member in members[each.id]})
        for each in found
    ]


def version(mill, name):
    with mill.database.read(mill.tenant_id) as session:
        return get_group(session, connection_id=mill.connection_id, group_id=mill.ids[name]).version


def living(mill):
    with mill.database.read(mill.tenant_id) as session:
        return count_living(session, "group", connection_id=mill.connection_id)


def empties(mill, group, *, when):
    body = {"schemas": [GROUP], "displayName": group, "members": []}
    mill.say(replace_group, mill.ids[group], body, if_match=None, when=when)


def is_as_if_nothing_had_been(mill):
    calm = founded(mill.database)
    later = MORNING + timedelta(hours=1)
    assert mill.held() == calm.held()
    assert mill.paid_seats() == calm.paid_seats()
    assert mill.findings(later) == ()
    return mill.bill(mill.closes(FEBRUARY)) == calm.bill(calm.closes(FEBRUARY)) and mill.bill(
        mill.closes(MARCH)
    ) == calm.bill(calm.closes(MARCH))


@pytest.mark.parametrize("how", ["patch", "put", "patch above"])
def test_a_group_that_was_taken_out_of_the_one_with_the_plan_is_in_it_again(mill, how):
    before = shown(mill, "staff", "hall", "loom")
    if how == "patch":
        mill.moves("remove", "staff", "hall", when=NIGHT)
    elif how == "put":
        empties(mill, "staff", when=NIGHT)
    else:
        mill.moves("remove", "hall", "loom", when=NIGHT)
        mill.moves("remove", "staff", "hall", when=NIGHT + timedelta(minutes=1))
    mill.works(MORNING)
    assert {mill.held()[name] for name in WEAVERS} == {"standard*"}
    undone = undo(mill)
    assert undone == Undone(people=0, groups=0, memberships={"patch": 1, "put": 4, "patch above": 2}[how],
                            left_people=0, left_memberships=0)  # fmt: skip
    assert shown(mill, "staff", "hall", "loom") == before
    assert is_as_if_nothing_had_been(mill)


@pytest.mark.parametrize("dropped", [["staff"], ["loom"], ["hall"], ["staff", "hall", "loom"]])
def test_a_deleted_group_is_back_under_its_old_id_with_all_who_were_in_it(mill, dropped):
    names = ("staff", "hall", "loom", "leads")
    before, versions = shown(mill, *names), {name: version(mill, name) for name in dropped}
    for number, name in enumerate(dropped):
        mill.drops(name, when=NIGHT + timedelta(minutes=number))
    mill.works(MORNING)
    assert {mill.held()[name] for name in WEAVERS} == {"standard*"}
    assert living(mill) == 4 - len(dropped)
    undone = undo(mill)
    assert (undone.groups, undone.people, undone.left_memberships) == (len(dropped), 0, 0)
    assert shown(mill, *names) == before
    assert living(mill) == 4
    for name in dropped:
        assert version(mill, name) > versions[name] + 1
    assert is_as_if_nothing_had_been(mill)


def test_the_journal_and_the_facts_tell_since_when_a_group_is_back(mill):
    mill.drops("staff", when=NIGHT)
    mill.works(MORNING)
    undo(mill)
    entries = mill.rows(JournalEntry, JournalEntry.id)
    [entry] = [each for each in entries if each.action == "directory:group:restore"]
    assert (entry.subject_id, entry.at) == (mill.ids["staff"], MORNING)
    assert entry.details == {"members": 4, "revived": True}
    [storm] = [each for each in entries if each.action == "seat:storm:undo"]
    assert storm.details == {"people": 0, "groups": 1, "memberships": 4, "left": 0}
    old, new = [
        row for row in mill.rows(GroupVersion, GroupVersion.start) if row.group_id == entry.subject_id
    ]
    assert (old.start, old.end, new.start, new.end) == (FOUNDED, NIGHT, MORNING, None)
    assert (new.display_name, new.started_by) == ("staff", entry.id)
    [row] = [row for row in mill.rows(Group) if row.id == entry.subject_id]
    assert (row.changed_at, row.deleted_at) == (MORNING, None)


def test_who_is_in_the_group_and_no_part_of_the_storm_is_in_it_again(mill):
    mill.moves("add", "leads", "ada", when=at("01-05 00:00"))
    mill.hires("dora", when=at("01-05 00:00"))
    mill.fires("dora", when=at("01-06 00:00"))
    mill.works(at("01-06 01:00"))
    before = shown(mill, "staff")
    mill.drops("staff", when=NIGHT)
    mill.works(MORNING)
    assert mill.held()["ada"] == "premium"
    undo(mill)
    assert shown(mill, "staff") == before
    mill.moves("remove", "leads", "ada", when=MORNING + timedelta(hours=3))
    mill.works(MORNING + timedelta(hours=5))
    assert mill.held()["ada"] == "standard"


def test_who_left_before_the_deletion_and_who_is_gone_since_are_not_put_into_the_group(mill):
    mill.moves("remove", "staff", "ada", when=at("01-10 00:00"))
    mill.moves("add", "leads", "bea", when=at("01-10 00:00"))
    mill.works(at("01-10 01:00"))
    mill.drops("staff", when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=1))
    mill.deletes("bea", when=NIGHT + timedelta(hours=4))
    mill.works(MORNING)
    undone = undo(mill)
    assert (undone.groups, undone.memberships, undone.left_memberships) == (1, 2, 0)
    [(*_, members)] = shown(mill, "staff")
    assert members == {mill.ids["hall"], mill.ids["cleo"]}
    assert mill.findings(MORNING) == ()


def test_people_and_groups_that_were_deleted_together_are_back_together(mill):
    before = shown(mill, "staff", "hall", "loom")
    mill.moves("remove", "loom", *WEAVERS[:5], when=NIGHT)
    mill.drops("loom", when=NIGHT + timedelta(minutes=1))
    mill.deletes(*WEAVERS[3:], when=NIGHT + timedelta(minutes=2))
    mill.drops("staff", when=NIGHT + timedelta(minutes=5))
    mill.works(MORNING)
    undone = undo(mill)
    assert (undone.people, undone.groups, undone.left_memberships) == (27, 2, 0)
    assert shown(mill, "staff", "hall", "loom") == before
    assert len({row.changed_at for row in mill.rows(Group) if row.id != mill.ids["leads"]}) == 1
    assert is_as_if_nothing_had_been(mill)


def test_who_has_another_name_by_now_stays_out_of_the_group_that_is_back(mill):
    mill.drops("loom", when=NIGHT)
    mill.deletes("w00", when=NIGHT + timedelta(minutes=1))
    mill.works(NIGHT + timedelta(minutes=2))
    gone = mill.ids["w00"]
    body = {"schemas": [USER], "userName": "w00@mill.example"}
    mill.ids["newcomer"] = mill.say(create_person, body, when=NIGHT + timedelta(minutes=3)).found.id
    undone = undo(mill)
    assert (undone.groups, undone.memberships, undone.left_people) == (1, 30, 1)
    [(*_, members)] = shown(mill, "loom")
    assert gone not in members
    assert members == {mill.ids[name] for name in WEAVERS[1:]}
    assert mill.findings(MORNING) == ()


@pytest.mark.parametrize("taken", ["name", "externalId"])
def test_a_group_whose_name_another_one_has_by_now_stays_deleted(database, taken):
    mill = Mill(database)
    if taken == "name":
        mill.dialect = "entra"
    mill.group("loom", externalId="hr-loom")
    mill.moves("add", "staff", "loom", when=at("01-01 01:00"))
    mill.hires(*WEAVERS, group="loom")
    mill.works(at("01-02 00:00"))
    old = mill.ids["loom"]
    mill.drops("loom", when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=1))
    if taken == "name":
        mill.group("LOOM", when=NIGHT + timedelta(minutes=2))
    else:
        mill.group("another", externalId="hr-loom", when=NIGHT + timedelta(minutes=2))
    undone = undo(mill)
    assert undone == Undone(people=0, groups=0, memberships=0, left_people=0, left_memberships=31)
    with pytest.raises(NotFound), mill.database.read(mill.tenant_id) as session:
        get_group(session, connection_id=mill.connection_id, group_id=old)
    assert set(mill.held().values()) == {"none"}
    assert mill.findings(MORNING) == ()


def test_where_names_need_not_differ_another_group_of_the_name_is_no_obstacle(mill):
    mill.drops("loom", when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=1))
    old = mill.ids["loom"]
    mill.group("loom", when=NIGHT + timedelta(minutes=2))
    mill.ids["loom"], mill.ids["namesake"] = old, mill.ids["loom"]
    assert undo(mill).groups == 1
    assert is_as_if_nothing_had_been(mill)


def test_of_two_deleted_groups_of_one_name_the_first_is_back(database):
    mill = Mill(database)
    mill.dialect = "entra"
    mill.group("loom")
    mill.moves("add", "staff", "loom", when=at("01-01 01:00"))
    mill.hires(*WEAVERS, group="loom")
    mill.works(at("01-02 00:00"))
    first = mill.ids["loom"]
    mill.drops("loom", when=NIGHT)
    mill.group("loom", when=NIGHT + timedelta(minutes=1))
    mill.moves("add", "loom", *WEAVERS, when=NIGHT + timedelta(minutes=2))
    mill.ids["second"], mill.ids["loom"] = mill.ids["loom"], first
    mill.drops("second", when=NIGHT + timedelta(minutes=3))
    mill.works(MORNING)
    undone = undo(mill)
    assert (undone.groups, undone.left_memberships) == (1, 30)
    assert len(mill.held()) == 30
    assert set(mill.held().values()) == {"standard"}


def test_a_group_that_was_deleted_at_another_time_stays_deleted(mill):
    mill.group("old")
    mill.moves("add", "old", *WEAVERS, when=at("01-05 00:00"))
    mill.drops("old", when=at("01-06 00:00"))
    mill.fires(*WEAVERS, when=NIGHT)
    mill.works(MORNING)
    undone = undo(mill)
    assert (undone.people, undone.groups, undone.left_memberships) == (30, 0, 0)


def test_what_would_make_a_group_be_in_itself_is_left_and_told(mill):
    mill.moves("remove", "staff", "hall", when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=1))
    mill.moves("add", "loom", "staff", when=NIGHT + timedelta(minutes=2))
    before = shown(mill, "staff", "hall", "loom")
    undone = undo(mill)
    assert (undone.memberships, undone.left_memberships) == (0, 1)
    assert shown(mill, "staff", "hall", "loom") == before
    assert mill.findings(MORNING) == ()


def test_of_two_nestings_that_exclude_each_other_the_older_one_is_back(mill):
    mill.moves("remove", "staff", "hall", when=NIGHT)
    mill.moves("add", "hall", "staff", when=NIGHT + timedelta(minutes=1))
    mill.moves("remove", "hall", "staff", when=NIGHT + timedelta(minutes=2))
    mill.works(MORNING)
    undone = undo(mill)
    assert (undone.memberships, undone.left_memberships) == (1, 1)
    assert is_as_if_nothing_had_been(mill)


def test_a_provider_that_deletes_the_group_again_makes_a_storm_of_its_own(mill):
    for hours in (0, 24):
        mill.drops("staff", when=NIGHT + timedelta(hours=hours))
        mill.works(MORNING + timedelta(hours=hours))
        assert set(mill.held().values()) == {"standard*"}
        assert undo(mill, MORNING + timedelta(hours=hours)).groups == 1
    assert [storm.status for storm in mill.storms] == ["undone", "undone"]
    assert is_as_if_nothing_had_been(mill)


def test_a_confirmed_storm_leaves_the_group_deleted(mill):
    mill.drops("staff", when=NIGHT)
    mill.works(MORNING)
    mill.decides("confirm", when=MORNING)
    assert living(mill) == 3
    assert set(mill.held().values()) == {"none"}


def test_groups_in_a_long_row_are_back_in_each_other(database):
    mill = Mill(database)
    row = [f"level {number}" for number in range(DEFAULT_LIMITS.group_levels - 1)]
    for name in row:
        mill.group(name)
    for outer, inner in zip(["staff", *row], row, strict=False):
        mill.moves("add", outer, inner, when=at("01-01 01:00"))
    mill.hires(*WEAVERS, group=row[-1])
    mill.works(at("01-02 00:00"))
    before = shown(mill, "staff", *row)
    for minute, name in enumerate(["staff", *row]):
        mill.drops(name, when=NIGHT + timedelta(minutes=minute))
    mill.works(MORNING)
    assert undo(mill).groups == len(row) + 1
    assert shown(mill, "staff", *row) == before
    assert {mill.held()[name] for name in WEAVERS} == {"standard"}


def test_the_number_of_statements_does_not_grow_with_people_or_groups(database):
    assert statements_of_an_undo(database, people=12) == statements_of_an_undo(database, people=48)


def statements_of_an_undo(database, *, people):
    """Count what an undo sends where all groups with all people were deleted."""
    mill = Mill(database)
    names = [f"n{number:02}" for number in range(people)]
    mill.hires(*names, group=None)
    teams = [f"team {number}" for number in range(people // 4)]
    for number, team in enumerate(teams):
        mill.group(team)
        mill.moves("add", team, *names[number :: len(teams)], when=at("01-01 01:00"))
    mill.moves("add", "staff", *teams, when=at("01-01 01:00"))
    mill.works(at("01-02 00:00"))
    for group in ("staff", *teams):
        mill.drops(group, when=NIGHT)
    mill.works(MORNING)
    [storm] = mill.storms
    sent = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with database.write(mill.tenant_id) as session:
        undone = undo_storm(session, storm.id, cause=MARA, now=MORNING)
    assert (undone.groups, undone.memberships) == (len(teams) + 1, len(teams) + people)
    return len(sent)
