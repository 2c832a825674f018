from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import event, select, update

from bridge.directory.read_facts import read_facts
from bridge.directory.tables import Membership, PersonVersion
from bridge.journal.record import Cause, Subject, record
from bridge.journal.tables import JournalEntry
from bridge.mapping.apply_rules import apply_rules
from bridge.mapping.rule_document import parse_rules
from bridge.mapping.rules import DatedRules
from bridge.seats.assign import Assigned, assign
from bridge.seats.holders import seats_at
from bridge.seats.tables import LateChange, Seat
from bridge.seats.timeline import timeline
from bridge.tenants.tables import Tenant
from tests.seats.facts import HOURS, at, covers, person_facts, recount, rule_documents
from tests.seats.house import LEADS, PLANS, SALES, House


def assigned(house, *people, hour, closed_until=None, causes=None):
    with house.database.write(house.tenant_id) as session:
        return assign(session, people, now=at(hour), closed_until=closed_until, causes=causes or {})


def leave(house, person_id, group_id, hour, *, by="left"):
    with house.database.write(house.tenant_id) as session:
        session.execute(
            update(Membership)
            .where(Membership.member_id == person_id, Membership.group_id == group_id)
            .values(end=at(hour), ended_by=by)
        )


def late(house):
    return [
        (row.person_id, row.since, row.cause_id)
        for (row,) in house.read(select(LateChange).order_by(LateChange.id))
    ]


@pytest.fixture
def ada(house):
    house.rules(LEADS, SALES)
    house.person("ada")
    house.joins("ada", "a", 1)
    return house


def test_a_seat_is_written_with_its_reason_and_told_once(ada):
    assert assigned(ada, "ada", hour=2) == Assigned(assigned=1)
    ((seat,),) = ada.read(select(Seat))
    assert (seat.plan, seat.roles, seat.rule, seat.group_ids) == ("standard", [], "Sales", ["a"])
    assert (seat.start, seat.end, seat.started_by, seat.ended_by) == (at(1), None, "joined 1", None)
    assert ada.told() == [(at(2), "ada", "assigned", "standard", at(1).isoformat())]


def test_assigning_twice_changes_nothing(ada):
    assigned(ada, "ada", hour=2)
    before = ada.read(select(Seat.computed_at))
    assert assigned(ada, "ada", hour=3) == Assigned()
    assert ada.read(select(Seat.computed_at)) == before
    assert len(ada.told()) == 1


def test_who_leaves_is_released_at_that_instant_however_late_it_is_computed(ada):
    assigned(ada, "ada", hour=2)
    leave(ada, "ada", "a", 5)
    assert assigned(ada, "ada", hour=20) == Assigned(released=1)
    assert ada.seats("ada") == [(at(1), at(5), "standard")]
    assert ada.told()[1:] == [(at(20), "ada", "released", "none", at(5).isoformat())]


def test_another_plan_is_a_change(ada):
    assigned(ada, "ada", hour=2)
    ada.joins("ada", "b", 4)
    assert assigned(ada, "ada", hour=5) == Assigned(changed=1)
    assert ada.seats("ada") == [(at(1), at(4), "standard"), (at(4), None, "premium")]
    (entry,) = [row for (row,) in ada.read(select(JournalEntry)) if row.action == "seat:person:changed"]
    assert entry.details == {
        "plan": "premium",
        "previous_plan": "standard",
        "roles": [],
        "since": at(4).isoformat(),
        "caused_by": "joined 4",
    }


def test_a_seat_that_never_should_have_been_is_taken_back(ada):
    assigned(ada, "ada", hour=2)
    with ada.database.write(ada.tenant_id) as session:
        session.execute(update(PersonVersion).values(active=False))
    assert assigned(ada, "ada", hour=3, causes={"ada": "correction"}) == Assigned(released=1)
    assert ada.seats("ada") == []
    assert ada.told()[-1] == (at(3), "ada", "released", "none", at(1).isoformat())


def test_an_earlier_start_is_told_once(ada):
    assigned(ada, "ada", hour=5)
    ada.joins("ada", "c", 0)
    with ada.database.write(ada.tenant_id) as session:
        session.execute(update(Membership).where(Membership.group_id == "a").values(start=at(0)))
    assert assigned(ada, "ada", hour=6) == Assigned(assigned=1)
    assert ada.seats("ada") == [(at(0), None, "standard")]


def test_the_request_that_brought_the_fact_is_found_from_the_seat(house):
    house.rules(SALES)
    house.person("ada")
    with house.database.write(house.tenant_id) as session:
        scim = Cause("connection", "okta", "request-42")
        cause_id = record(session, "scim:group:patch", Subject("group", "a"), cause=scim, at=at(1))
    house.joins("ada", "a", 1)
    with house.database.write(house.tenant_id) as session:
        session.execute(update(Membership).values(started_by=cause_id))
    assigned(house, "ada", hour=2)
    (entry,) = [row for (row,) in house.read(select(JournalEntry)) if row.action.startswith("seat:")]
    assert (entry.actor_kind, entry.request_id) == ("worker", "request-42")
    assert entry.details["caused_by"] == cause_id


def test_a_person_who_is_unknown_or_of_another_tenant_is_left_out(ada):
    other = House(ada.database)
    assert assigned(other, "ada", "nobody", hour=2) == Assigned()
    assert ada.seats() == other.seats() == []


def test_a_future_boundary_is_written_at_once_and_told_when_it_comes(ada):
    ada.rules(effective_from=10, now=at(2))
    assigned(ada, "ada", hour=3)
    assert ada.seats("ada") == [(at(1), at(10), "standard")]
    assert [news[2] for news in ada.told()] == ["assigned"]
    assert set(ada.boundaries()) == {at(10)}
    assert assigned(ada, "ada", hour=9) == Assigned()
    assert assigned(ada, "ada", hour=10) == Assigned(released=1)
    assert ada.told()[-1] == (at(10), "ada", "released", "none", at(10).isoformat())
    assert assigned(ada, "ada", hour=11) == Assigned()


def test_a_boundary_is_noted_once_however_many_share_it(ada):
    ada.rules(effective_from=10, now=at(2))
    for name in ("bea", "cleo"):
        ada.person(name)
        ada.joins(name, "a", 1)
    assigned(ada, "ada", "bea", hour=3)
    assigned(ada, "cleo", hour=3)
    assert ada.boundaries() == [at(10)]


def test_a_future_seat_is_told_when_it_begins(house):
    house.rules(SALES, effective_from=10, now=at(0))
    house.person("ada")
    house.joins("ada", "a", 1)
    assert assigned(house, "ada", hour=2) == Assigned()
    assert house.seats("ada") == [(at(10), None, "standard")]
    assert assigned(house, "ada", hour=10) == Assigned(assigned=1)


@pytest.mark.parametrize(("closed", "expected"), [(None, []), (4, []), (5, [("ada", at(4), "joined 4")])])
def test_a_difference_of_money_in_a_closed_period_is_late(ada, closed, expected):
    assigned(ada, "ada", hour=2)
    ada.joins("ada", "b", 4)
    result = assigned(ada, "ada", hour=5, closed_until=at(closed))
    assert result.late == len(expected)
    assert late(ada) == expected


def test_a_late_release_names_what_asked_for_it_where_no_new_fact_does(ada):
    assigned(ada, "ada", hour=2)
    with ada.database.write(ada.tenant_id) as session:
        session.execute(update(PersonVersion).values(active=False))
    assigned(ada, "ada", hour=9, closed_until=at(8), causes={"ada": "correction"})
    assert late(ada) == [("ada", at(1), "correction")]


def test_other_roles_are_no_money_and_never_late(house):
    house.rules(SALES)
    house.person("ada")
    house.joins("ada", "a", 1)
    assigned(house, "ada", hour=2)
    house.rules({**SALES, "roles": ["viewer"]}, effective_from=1, now=at(3))
    assert assigned(house, "ada", hour=4, closed_until=at(9)) == Assigned(changed=1)
    assert late(house) == []


def settle(house, hour):
    with house.database.write(house.tenant_id) as session:
        session.execute(update(Tenant).values(settled_until=at(hour)))


def test_nothing_changes_before_the_settled_time(ada):
    assigned(ada, "ada", hour=2)
    settle(ada, 6)
    leave(ada, "ada", "a", 3, by="left")
    assigned(ada, "ada", hour=8, causes={"ada": "patch"})
    ((seat,),) = ada.read(select(Seat))
    assert (seat.start, seat.end, seat.ended_by) == (at(1), at(6), "patch")
    assert assigned(ada, "ada", hour=9) == Assigned()


def test_behind_the_settled_time_another_plan_begins_there(ada):
    assigned(ada, "ada", hour=2)
    settle(ada, 6)
    ada.joins("ada", "b", 3)
    assigned(ada, "ada", hour=8)
    assert ada.seats("ada") == [(at(1), at(6), "standard"), (at(6), None, "premium")]
    assert assigned(ada, "ada", hour=9) == Assigned()


def test_a_span_goes_on_across_the_settled_time(ada):
    assigned(ada, "ada", hour=2)
    settle(ada, 6)
    assert assigned(ada, "ada", hour=8) == Assigned()
    leave(ada, "ada", "a", 9)
    assigned(ada, "ada", hour=10)
    assert ada.seats("ada") == [(at(1), at(9), "standard")]


def test_a_seat_that_ended_exactly_at_the_settled_time_stays(ada):
    leave(ada, "ada", "a", 6)
    assigned(ada, "ada", hour=7)
    settle(ada, 6)
    ada.joins("ada", "b", 6)
    assigned(ada, "ada", hour=8)
    assert ada.seats("ada") == [(at(1), at(6), "standard"), (at(6), None, "premium")]


def test_holders_are_counted(ada):
    for name, group in [("bea", "a"), ("cleo", "b")]:
        ada.person(name)
        ada.joins(name, group, 3, 6)
    assigned(ada, "ada", "bea", "cleo", hour=9)
    with ada.database.read(ada.tenant_id) as session:
        assert seats_at(session, at(0)) == {}
        assert seats_at(session, at(3)) == {"premium": 1, "standard": 2}
        assert seats_at(session, at(6)) == {"standard": 1}
    with ada.database.read(House(ada.database).tenant_id) as session:
        assert seats_at(session, at(3)) == {}


def test_the_number_of_statements_does_not_grow_with_the_people(ada):
    for number in range(30):
        ada.person(f"p{number}")
        ada.joins(f"p{number}", "a", number % 5)
    ada.joins("a", "c", kind="group")
    counted = []
    with ada.database.read(ada.tenant_id) as session:

        def count(*_told):
            counted.append(1)

        event.listen(session.get_bind(), "before_cursor_execute", count)
        try:
            few = len(read_facts(session, ["ada"])), len(counted)
            counted.clear()
            many = len(read_facts(session, [f"p{number}" for number in range(30)])), len(counted)
        finally:
            event.remove(session.get_bind(), "before_cursor_execute", count)
    assert (few[0], many[0]) == (1, 30)
    assert many[1] <= few[1] + 1


@settings(max_examples=10, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
@given(
    facts=person_facts(),
    documents=st.lists(rule_documents(), max_size=2),
    hours=st.lists(st.integers(0, HOURS), min_size=1, max_size=3),
)
def test_stored_seats_are_the_timeline_however_often_and_when_they_are_computed(
    database, facts, documents, hours
):
    house = House(database, live_from=None)
    dated = furnished(house, facts, documents)
    for hour in sorted(hours):
        assigned(house, "ada", hour=hour)
    with database.read(house.tenant_id) as session:
        read = read_facts(session, ["ada"])["ada"]
    spans = timeline(read, dated)
    assert house.seats("ada") == [(span.start, span.end, span.plan) for span in spans]
    last = max(hours)
    assert assigned(house, "ada", hour=last) == Assigned()
    for hour in range(HOURS):
        held = [span.holding for span in spans if covers(span, at(hour))]
        expected = recount(read, [{"default": {"plan": "none"}, **d} for d in documents], dated, at(hour))
        assert held == ([] if expected is None else [expected])
    balance = [news[2] for news in house.told() if news[2] != "changed"]
    assert balance.count("assigned") - balance.count("released") == sum(
        span.plan != "none" for span in spans if covers(span, at(last))
    )


def furnished(house, facts, documents):
    house.furnish(facts)
    dated = []
    for number, document in enumerate(documents):
        start = number * 7
        with house.database.write(house.tenant_id) as session:
            apply_rules(
                session, document, author="root", note="", effective_from=at(start), known_plans=PLANS,
                known_roles={"viewer", "analyst"}, cause=Cause("operator", "root", ""),
                now=at(0) + timedelta(minutes=number),
            )  # fmt: skip
        end = None if number == len(documents) - 1 else at(start + 7)
        rules = parse_rules(document, known_plans=PLANS, known_roles={"viewer", "analyst"})
        dated.append(DatedRules(str(number), number, at(start), end, rules))
    return tuple(dated)
