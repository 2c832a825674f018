from datetime import timedelta

import pytest
from sqlalchemy import select

from bridge.alerts.browse import alerts_page
from bridge.directory.counts import count_living
from bridge.entitlements.read_entitlements import read_entitlements
from bridge.errors import Conflict, InvalidValue, NotFound
from bridge.journal.tables import JournalEntry
from bridge.mapping.rule_sets import rule_sets_in_force
from bridge.oversight.preview_change import change_of_rules
from bridge.oversight.try_change import try_change
from bridge.seats.confirm_storm import confirm_storm
from bridge.seats.fuse_limits import fuse_limits, set_fuse
from bridge.seats.tables import Seat, StormPerson
from bridge.seats.undo_storm import undo_storm
from tests.storms.mill import MARA, Mill, at

NAMES = [f"p{number:02}" for number in range(40)]
NIGHT = at("01-20 02:00")
MORNING = at("01-20 09:00")
FEBRUARY, MARCH = at("02-01 00:00"), at("03-01 00:00")


@pytest.fixture
def mill(database):
    mill = Mill(database)
    mill.hires(*NAMES)
    mill.works(at("01-02 00:00"))
    return mill


def alerts(mill):
    with mill.database.read(mill.tenant_id) as session:
        rows = alerts_page(session, before=None, only_open=False, limit=10)
    return [(row.kind, row.cause_id, row.closed_at) for row in rows]


def undo(mill, storm, when):
    with mill.database.write(mill.tenant_id) as session:
        return undo_storm(session, storm.id, cause=MARA, now=when)


def confirm(mill, storm, when):
    with mill.database.write(mill.tenant_id) as session:
        return confirm_storm(session, storm.id, cause=MARA, now=when)


def test_a_provider_that_deactivates_thirty_percent_takes_access_and_leaves_the_seats(mill):
    mill.fires(*NAMES[:12], when=NIGHT)
    mill.works(MORNING)
    assert mill.active() == set(NAMES[12:])
    assert [held for held in mill.held().values() if held == "standard*"] == ["standard*"] * 12
    [storm] = mill.storms
    assert (storm.status, storm.connection_id) == ("open", mill.connection_id)
    assert (storm.first_at, storm.last_at) == (NIGHT, NIGHT + timedelta(seconds=11))
    assert alerts(mill) == [("fuse_blown", storm.id, None)]
    assert mill.findings(MORNING) == ()


def test_ten_people_of_a_small_company_are_let_go(mill):
    mill.fires(*NAMES[:10], when=NIGHT)
    mill.works(MORNING)
    assert len(mill.held()) == 30
    assert mill.storms == []
    assert alerts(mill) == []


def test_the_eleventh_within_the_hour_brings_back_those_who_were_let_go_before(mill):
    mill.fires(*NAMES[:10], when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=5))
    assert len(mill.held()) == 30
    mill.fires(NAMES[10], when=NIGHT + timedelta(minutes=59))
    mill.works(MORNING)
    assert sum(held.endswith("*") for held in mill.held().values()) == 11
    actions = [
        row.action for row in mill.rows(JournalEntry, JournalEntry.id)
        if row.subject_id == mill.ids["p00"] and row.action.startswith("seat:")
    ]  # fmt: skip
    assert actions[-2:] == ["seat:person:released", "seat:person:held"]


def test_eleven_people_over_more_than_an_hour_are_no_storm(mill):
    mill.fires(*NAMES[:11], when=NIGHT, every=6 * 60)
    mill.works(MORNING)
    assert mill.storms == []


def test_of_a_large_company_it_takes_more_than_its_percentage(database):
    mill = Mill(database, people=2, percent=50)
    mill.hires(*NAMES[:8])
    mill.fires(*NAMES[:4], when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=1))
    assert mill.storms == []
    mill.fires(NAMES[4], when=NIGHT + timedelta(minutes=2))
    mill.works(MORNING)
    assert len(mill.storms) == 1


def test_who_follows_within_the_hour_joins_the_storm_and_who_comes_later_does_not(mill):
    mill.fires(*NAMES[:11], when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=1))
    mill.fires(NAMES[20], when=NIGHT + timedelta(minutes=50))
    mill.fires(NAMES[21], when=NIGHT + timedelta(hours=2))
    mill.works(MORNING)
    [storm] = mill.storms
    held = mill.held()
    assert held[NAMES[20]] == "standard*"
    assert NAMES[21] not in held
    assert storm.last_at == NIGHT + timedelta(minutes=50)


def test_a_group_that_gives_a_plan_and_is_emptied_is_held_however_small(mill):
    mill.moves("add", "leads", "p00", "p01", when=at("01-10 00:00"))
    mill.works(at("01-10 01:00"))
    mill.moves("remove", "leads", "p00", "p01", when=NIGHT)
    mill.works(MORNING)
    assert (mill.held()["p00"], mill.held()["p01"]) == ("premium*", "premium*")
    assert mill.findings(MORNING) == ()
    mill.decides("confirm", when=MORNING)
    assert (mill.held()["p00"], mill.held()["p01"]) == ("standard", "standard")


def test_a_group_that_keeps_a_member_is_not_emptied(mill):
    mill.moves("add", "leads", "p00", "p01", "p02", when=at("01-10 00:00"))
    mill.moves("remove", "leads", "p00", "p01", when=NIGHT)
    mill.works(MORNING)
    assert mill.storms == []
    assert mill.held()["p00"] == "standard"


def test_one_person_who_leaves_a_group_of_one_is_no_storm(mill):
    mill.moves("add", "leads", "p00", when=at("01-10 00:00"))
    mill.moves("remove", "leads", "p00", when=NIGHT)
    mill.works(MORNING)
    assert mill.storms == []


def test_a_group_that_is_deleted_with_its_members_is_held(mill):
    mill.drops("staff", when=NIGHT)
    mill.works(MORNING)
    assert set(mill.held().values()) == {"standard*"}
    assert len(mill.held()) == 40


def test_what_an_operator_does_is_meant(mill):
    rows = [
        {"name": "Nobody", "when": 'userName eq "nobody"', "plan": "standard"},
    ]
    from bridge.mapping.apply_rules import apply_rules  # noqa: PLC0415 (only here)

    with mill.database.write(mill.tenant_id) as session:
        apply_rules(
            session, {"rules": rows}, author="mara", note="", effective_from=NIGHT, cause=MARA, now=NIGHT,
            known_plans={"standard"}, known_roles=set(),
        )  # fmt: skip
    mill.works(MORNING)
    assert mill.held() == {}
    assert mill.storms == []


def test_invoices_that_close_meanwhile_bill_held_seats_and_confirmation_adjusts(database):
    mill, plain = Mill(database), Mill(database, people=1_000)
    for each in (mill, plain):
        each.hires(*NAMES)
        each.fires(*NAMES[:12], when=NIGHT)
        each.works(MORNING)
    held, released = mill.bill(mill.closes(FEBRUARY)), plain.bill(plain.closes(FEBRUARY))
    assert held[0] == f"{40 * 39}.00"
    mill.decides("confirm", when=at("02-10 09:00"))
    assert mill.paid_seats() == plain.paid_seats()
    assert mill.findings(MARCH) == ()
    both = _sums(held, mill.bill(mill.closes(MARCH)))
    assert both == _sums(released, plain.bill(plain.closes(MARCH)))


def _sums(*bills):
    """Each person's money for each period, over all invoices; nothing is nothing."""
    found = {}
    for _total, people in bills:
        for name, plan, department, days, amount, period in people:
            key = (name, plan, department, period)
            found[key] = tuple(map(sum, zip(found.get(key, (0, 0)), (days, amount), strict=True)))
    return {key: value for key, value in found.items() if any(value)}


def test_undo_brings_everybody_back_and_the_bill_never_knew(database):
    mill, calm = Mill(database), Mill(database)
    for each in (mill, calm):
        each.hires(*NAMES)
        each.moves("add", "leads", *NAMES[:3], when=at("01-05 00:00"))
    mill.fires(*NAMES[:6], when=NIGHT)
    mill.deletes(*NAMES[6:13], when=NIGHT + timedelta(minutes=1))
    mill.moves("remove", "leads", *NAMES[:3], when=NIGHT + timedelta(minutes=2))
    mill.works(MORNING)
    mill.decides("undo", when=at("01-21 12:00"))
    calm.works(MORNING)
    assert mill.active() == set(NAMES)
    assert mill.held() == calm.held()
    assert mill.paid_seats() == calm.paid_seats()
    assert mill.findings(at("01-21 13:00")) == ()
    assert mill.bill(mill.closes(FEBRUARY)) == calm.bill(calm.closes(FEBRUARY))
    assert alerts(mill)[0][2] == at("01-21 12:00")


def test_who_was_undone_is_a_user_like_before_to_the_provider(mill):
    mill.deletes(*NAMES[:11], when=NIGHT)
    mill.works(MORNING)
    mill.decides("undo", when=MORNING)
    mill.turns("p00", active=False, when=MORNING + timedelta(hours=3))
    mill.works(MORNING + timedelta(hours=4))
    assert "p00" not in mill.held()
    assert len(mill.storms) == 1


def test_a_provider_that_does_it_again_after_the_undo_makes_a_storm_of_its_own(mill):
    mill.fires(*NAMES[:11], when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=1))
    mill.decides("undo", when=NIGHT + timedelta(minutes=2))
    mill.fires(*NAMES[:5], when=NIGHT + timedelta(minutes=3))
    mill.works(NIGHT + timedelta(minutes=4))
    assert len(mill.storms) == 1
    mill.fires(*NAMES[5:12], when=NIGHT + timedelta(minutes=5))
    mill.works(MORNING)
    assert [storm.status for storm in mill.storms] == ["undone", "open"]


def test_who_has_come_back_alone_or_whose_name_is_taken_is_left_as_they_are(mill):
    mill.deletes(*NAMES[:12], when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=1))
    old = mill.ids["p00"]
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "p00@mill.example"}
    from bridge.provisioning.create_person import create_person  # noqa: PLC0415 (only here)

    newcomer = mill.say(create_person, body, when=NIGHT + timedelta(minutes=2)).found.id
    mill.ids["newcomer"] = newcomer
    mill.hires("p01", group=None, when=NIGHT + timedelta(minutes=3))
    mill.works(MORNING)
    undone = undo(mill, mill.storms[0], MORNING)
    mill.works(MORNING)
    assert newcomer != old
    assert (undone.people, undone.left_people) == (10, 1)
    assert mill.active() == {*NAMES, "newcomer"} - {"p00"}
    assert mill.findings(MORNING) == ()


def test_deciding_twice_changes_nothing_and_deciding_otherwise_is_refused(mill):
    mill.fires(*NAMES[:11], when=NIGHT)
    mill.works(MORNING)
    [storm] = mill.storms
    assert confirm(mill, storm, MORNING) is True
    assert confirm(mill, storm, at("01-21 00:00")) is False
    assert mill.storms[0].decided_at == MORNING
    with pytest.raises(Conflict, match="confirmed"):
        undo(mill, storm, MORNING)
    other = Mill(mill.database)
    with pytest.raises(NotFound):
        confirm(other, storm, MORNING)
    with pytest.raises(NotFound):
        undo(other, storm, MORNING)


def test_undoing_twice_is_undoing_once(mill):
    mill.fires(*NAMES[:11], when=NIGHT)
    mill.works(MORNING)
    [storm] = mill.storms
    assert undo(mill, storm, MORNING).people == 11
    assert undo(mill, storm, MORNING) is None
    with pytest.raises(Conflict, match="undone"):
        confirm(mill, storm, MORNING)


def test_a_straggler_that_is_seen_after_the_confirmation_is_confirmed_with_it(mill):
    mill.fires(*NAMES[:12], when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=1))
    mill.fires(NAMES[12], when=NIGHT + timedelta(minutes=2))
    mill.decides("confirm", when=NIGHT + timedelta(minutes=3))
    mill.works(MORNING)
    assert len(mill.held()) == 27
    assert [storm.status for storm in mill.storms] == ["confirmed"]


def test_who_comes_back_during_a_storm_has_one_seat_all_along(mill):
    mill.fires(*NAMES[:11], when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=1))
    mill.turns("p00", active=True, when=NIGHT + timedelta(minutes=30))
    mill.works(MORNING)
    assert mill.held()["p00"] == "standard"
    assert mill.paid_seats()["p00"] == [(at("01-01 00:00:01"), None, ("standard", "Loom", None))]


def test_computing_again_writes_nothing_new(mill):
    mill.fires(*NAMES[:11], when=NIGHT)
    mill.works(MORNING)
    before = [[row.__dict__ | {"_sa_instance_state": None} for row in mill.rows(each)]
              for each in (Seat, StormPerson, JournalEntry)]  # fmt: skip
    from bridge.directory.changes import mark_due  # noqa: PLC0415 (only here)
    from bridge.journal.record import Subject  # noqa: PLC0415 (only here)

    with mill.database.write(mill.tenant_id) as session:
        mark_due(session, [Subject("person", mill.ids[name]) for name in NAMES], cause_id="", now=MORNING)
    mill.works(MORNING)
    after = [[row.__dict__ | {"_sa_instance_state": None} for row in mill.rows(each)]
             for each in (Seat, StormPerson, JournalEntry)]  # fmt: skip
    assert [len(rows) for rows in after] == [len(rows) for rows in before]
    assert sorted(map(str, after[0])) == sorted(map(str, before[0]))


def test_a_tenant_sets_its_own_limits(mill):
    with mill.database.write(mill.tenant_id) as session:
        set_fuse(session, people=3, percent=0, cause=MARA, now=NIGHT)
    with mill.database.read(mill.tenant_id) as session:
        limits = fuse_limits(session)
    assert (limits.people, limits.percent, limits.group_people) == (3, 0, 2)
    mill.fires(*NAMES[:4], when=NIGHT)
    mill.works(MORNING)
    assert len(mill.storms) == 1


@pytest.mark.parametrize(
    ("limit", "value"), [("people", -1), ("percent", 101), ("group_people", 0), ("people", 1_000_001)]
)
def test_a_limit_out_of_its_range_is_refused_and_nothing_changes(mill, limit, value):
    with (
        pytest.raises(InvalidValue) as refused,
        mill.database.write(mill.tenant_id) as session,
    ):
        set_fuse(session, **{limit: value}, cause=MARA, now=NIGHT)
    assert refused.value.pointer == f"/{limit}"
    with mill.database.read(mill.tenant_id) as session:
        assert session.scalar(select(JournalEntry.id).where(JournalEntry.action == "seat:fuse:set")) is None


def test_a_storm_holds_money_and_not_access(mill):
    mill.moves("add", "leads", "p00", "p01", when=at("01-10 00:00"))
    mill.works(at("01-10 01:00"))
    mill.moves("remove", "leads", "p00", "p01", when=NIGHT)
    mill.fires(*NAMES[5:20], when=NIGHT)
    mill.works(MORNING)
    assert (mill.held()["p00"], mill.held()["p05"]) == ("premium*", "standard*")
    with mill.database.read(mill.tenant_id) as session:
        demoted = read_entitlements(session, mill.ids["p00"], at=MORNING)
        gone = read_entitlements(session, mill.ids["p05"], at=MORNING)
    assert (demoted.grants.plan, demoted.rule) == ("standard", "Staff")
    assert (gone.grants.plan, gone.grants.features) == ("none", ())


def test_a_preview_of_the_rules_that_hold_leaves_held_seats_alone(mill):
    mill.fires(*NAMES[:15], when=NIGHT)
    mill.works(MORNING)
    with mill.database.read(mill.tenant_id) as session:
        [dated] = rule_sets_in_force(session)
        change = change_of_rules(session, dated.rules, effective_from=None, now=MORNING)
        trial = try_change(session, change, closed_until=None)
    assert trial.steps == {}
    assert sum(held.plan == "standard" for held in trial.held_after.values()) == len(NAMES)


def test_undo_brings_deleted_people_back_into_the_length_of_the_list(mill):
    mill.deletes(*NAMES[:15], when=NIGHT)
    mill.works(MORNING)
    [storm] = mill.storms
    undo(mill, storm, MORNING)
    with mill.database.read(mill.tenant_id) as session:
        assert count_living(session, "person", connection_id=mill.connection_id) == len(NAMES)
