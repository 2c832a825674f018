"""Rules of later, groups in groups, new names: what changes seats, and when."""

from sqlalchemy import select, update

from bridge.directory.facts import GroupNameFact
from bridge.directory.tables import Group, GroupVersion
from bridge.seats.tables import Seat
from bridge.tenants.tables import DueTenant
from tests.seats.facts import at
from tests.seats.house import LEADS, SALES, database, house, shared_url

__all__ = ["database", "house", "shared_url"]

#: The hour of 1 March, midnight in the house's time zone.
MARCH = 24


def test_rules_of_next_month_change_nothing_until_then_and_everything_then(house):
    for name in ("ada", "bob"):
        house.person(name)
        house.joins(name, "a")
    house.rules(SALES)
    house.drain(1)
    house.rules({**SALES, "plan": "premium"}, effective_from=MARCH, now=at(2))
    house.drain(2)
    february = [(at(0), at(MARCH), "standard"), (at(MARCH), None, "premium")]
    assert house.seats("ada") == house.seats("bob") == february
    assert [action for _, _, action, _, _ in house.told()] == ["assigned", "assigned"]
    with house.database.unscoped_read() as session:
        wakes = select(DueTenant.wake_at).where(DueTenant.tenant_id == house.tenant_id)
        assert at(MARCH) in set(session.scalars(wakes))
    house.due("ada", "bob", hour=MARCH, cause_id="")
    house.drain(MARCH)
    news = house.told()[2:]
    assert [(at_, action, plan) for at_, _, action, plan, _ in news] == [
        (at(MARCH), "changed", "premium"),
        (at(MARCH), "changed", "premium"),
    ]
    assert house.seats("ada") == house.seats("bob") == february


def test_rules_of_later_see_the_facts_of_later(house):
    house.person("ada", versions=[(0, 30, True, None), (30, None, False, None)])
    house.joins("ada", "a", 0, 26)
    house.rules(SALES, LEADS)
    house.rules({**SALES, "plan": "premium"}, effective_from=MARCH, now=at(1))
    house.drain(1)
    assert house.seats("ada") == [(at(0), at(MARCH), "standard"), (at(MARCH), at(26), "premium")]


def test_a_correction_of_today_leaves_the_rules_of_next_month_planned(house):
    house.person("ada")
    house.joins("ada", "a")
    house.rules(SALES)
    house.rules({**SALES, "plan": "none", "roles": ["viewer"]}, effective_from=MARCH, now=at(1))
    house.rules({**SALES, "plan": "premium"}, effective_from=5, now=at(5))
    house.drain(6)
    assert [(plan, start) for start, _, plan in house.seats("ada")] == [
        ("standard", at(0)),
        ("premium", at(5)),
        ("none", at(MARCH)),
    ]


def test_a_group_counts_through_the_groups_it_is_in_while_it_is(house):
    house.person("ada")
    house.joins("ada", "c")
    house.joins("c", "b", 2, 8, kind="group")
    house.joins("b", "a", 4, kind="group")
    house.rules(SALES)
    house.drain(9)
    assert house.seats("ada") == [(at(4), at(8), "standard")]


def test_a_new_name_of_a_group_changes_no_seat(house):
    house.person("ada")
    house.group("a", names=[GroupNameFact(at(0), None, "Sales", "named 0", None)])
    house.joins("ada", "a")
    house.rules(SALES)
    house.drain(1)
    columns = [column for column in Seat.__table__.columns if column.name != "tenant_id"]
    before = house.read(select(*columns).where(Seat.person_id == "ada"))
    renamed = {"group_id": "a", "start": at(5), "display_name": "Field sales", "started_by": "named 5"}
    with house.database.write(house.tenant_id) as session:
        session.execute(update(GroupVersion).values(end=at(5), ended_by="named 5"))
        session.execute(update(Group).values(display_name="Field sales", display_name_key="field sales"))
    house.add(GroupVersion, end=None, ended_by=None, **renamed)
    house.due("a", kind="group", hour=5)
    assert house.drain(6) == 1
    assert house.read(select(*columns).where(Seat.person_id == "ada")) == before
    assert [action for _, _, action, _, _ in house.told()] == ["assigned"]
