import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bridge.errors import Conflict, InvalidValue, NotFound, TooMany
from bridge.mapping.overrides import Override, overlapping
from bridge.mapping.read_overrides import find_override, overrides_page, read_overrides
from bridge.mapping.set_override import WantedOverride, end_override, set_override
from bridge.seats.timeline import timeline
from tests.seats.facts import HOURS, at, covers, person_facts, recount, rule_sets, spans
from tests.seats.house import OPERATOR, PLANS, ROLES, SALES, House, database, house, shared_url

__all__ = ["database", "house", "shared_url"]


def wanted(person="ada", *, plan="premium", roles=None, start=None, end=None, reason="trial"):
    return WantedOverride(
        person_id=person, plan=plan, roles=roles, reason=reason, start=at(start), end=at(end)
    )


def decide(house, *args, now=1, most=10, **kwargs):
    with house.database.write(house.tenant_id) as session:
        return set_override(
            session, wanted(*args, **kwargs), author="mara", known_plans=PLANS, known_roles=ROLES,
            most=most, cause=OPERATOR, now=at(now),
        )  # fmt: skip


def stop(house, override_id, *, hour=None, now=1):
    with house.database.write(house.tenant_id) as session:
        return end_override(session, override_id, at=at(hour), cause=OPERATOR, now=at(now))


@pytest.fixture
def staffed(house):
    house.person("ada")
    house.joins("ada", "a")
    house.rules(SALES)
    return house


def test_an_override_stands_above_the_rules_from_its_start_to_its_end(staffed):
    made = decide(staffed, start=2, end=5)
    staffed.drain(1)
    assert staffed.seats("ada") == [
        (at(0), at(2), "standard"),
        (at(2), at(5), "premium"),
        (at(5), None, "standard"),
    ]
    assert staffed.boundaries() == [at(2), at(5)]
    staffed.drain(1)
    assert made.applied
    assert made.override.started_by


def test_the_workers_tell_when_an_override_begins_and_ends(staffed):
    decide(staffed, start=2, end=5)
    staffed.drain(1)
    told = [(action, plan) for _, _, action, plan, _ in staffed.told()]
    assert told == [("assigned", "standard")]
    for hour in (2, 5):
        staffed.due("ada", hour=hour, cause_id="")
        staffed.drain(hour)
    told = [(action, plan) for _, _, action, plan, _ in staffed.told()]
    assert told == [("assigned", "standard"), ("changed", "premium"), ("changed", "standard")]


def test_who_is_inactive_holds_nothing_by_an_override_either(house):
    house.person("ada", versions=[(0, 4, True, None), (4, None, False, None)])
    decide(house, start=2)
    house.drain(3)
    assert house.seats("ada") == [(at(2), at(4), "premium")]  # and no rule set is needed


def test_an_override_of_roles_leaves_the_plan_to_the_rules(staffed):
    decide(staffed, plan=None, roles=("viewer", "viewer"), start=3)
    staffed.drain(1)
    with staffed.database.read(staffed.tenant_id) as session:
        (override,) = read_overrides(session, ["ada"])["ada"]
    assert (override.plan, override.roles) == (None, ("viewer",))
    assert [plan for _, _, plan in staffed.seats("ada")] == ["standard", "standard"]


def test_ending_early_lets_the_rules_decide_from_then_on(staffed):
    made = decide(staffed, start=2)
    ended = stop(staffed, made.override.id, hour=6, now=7)
    assert (ended.end, bool(ended.ended_by)) == (at(6), True)
    assert stop(staffed, made.override.id, hour=6, now=8) == ended
    with pytest.raises(Conflict, match="ends at"):
        stop(staffed, made.override.id, hour=7, now=8)
    staffed.drain(9)
    assert [plan for _, _, plan in staffed.seats("ada")] == ["standard", "premium", "standard"]


def test_one_that_has_not_begun_is_withdrawn_and_never_holds(staffed):
    made = decide(staffed, start=10)
    gone = stop(staffed, made.override.id, now=3)
    assert gone.start == gone.end == at(10)
    staffed.drain(4)
    assert staffed.seats("ada") == [(at(0), None, "standard")]
    assert decide(staffed, start=9).applied  # its place is free again


def test_the_same_once_more_changes_nothing(staffed):
    first = decide(staffed, now=2)
    again = decide(staffed, now=5)
    assert (again.applied, again.override) == (False, first.override)
    assert decide(staffed, start=2, now=5).override == first.override
    with staffed.database.read(staffed.tenant_id) as session:
        assert overrides_page(session, at=None, after_id=None, limit=9) == [first.override]
        assert overrides_page(session, at=at(1), after_id=None, limit=9) == []
        assert overrides_page(session, at=None, after_id=first.override.id, limit=9) == []


@pytest.mark.parametrize(("start", "end"), [(2, 4), (1, None), (5, None), (4, 5)])
def test_a_person_has_one_override_at_a_time(staffed, start, end):
    decide(staffed, start=3, end=6)
    with pytest.raises(Conflict, match="end it first"):
        decide(staffed, plan="standard", start=start, end=end)


def test_overrides_may_follow_one_another_without_a_gap(staffed):
    decide(staffed, start=3, end=6)
    decide(staffed, plan="standard", start=6)
    decide(staffed, plan="none", start=1, end=3)
    staffed.drain(1)
    assert staffed.seats("ada") == [
        (at(0), at(1), "standard"),  # no seat while the plan is none
        (at(3), at(6), "premium"),
        (at(6), None, "standard"),
    ]


@pytest.mark.parametrize(
    ("asked", "pointer", "words"),
    [
        ({"plan": "gold"}, "/plan", "allowed are none, premium, standard"),
        ({"plan": None}, "/plan", "a plan, roles or both"),
        ({"roles": ("viewer", "king")}, "/roles/1", "allowed are analyst, viewer"),
        ({"reason": "  "}, "/reason", "found 0 characters"),
        ({"reason": "x" * 501}, "/reason", "found 501 characters"),
        ({"reason": "a\x00b"}, "/reason", "send it without"),
        ({"start": 5, "end": 5}, "/end", "allowed an instant after"),
    ],
)
def test_what_cannot_be_held_is_refused_with_its_place(staffed, asked, pointer, words):
    with pytest.raises(InvalidValue, match=words) as caught:
        decide(staffed, **asked)
    assert caught.value.pointer == pointer
    with staffed.database.read(staffed.tenant_id) as session:
        assert read_overrides(session, ["ada"]) == {}


def test_settled_time_is_not_overridden(database):
    house = House(database, settled_until=at(5))
    house.person("ada")
    with pytest.raises(InvalidValue, match="is settled") as caught:
        decide(house, start=4, now=9)
    assert caught.value.pointer == "/start"
    made = decide(house, start=5, now=9).override
    assert stop(house, made.id, hour=5, now=9).end == at(5)


def test_another_tenants_people_and_overrides_do_not_exist(staffed, database):
    made = decide(staffed).override
    other = House(database)
    with pytest.raises(NotFound):
        decide(other)
    with pytest.raises(NotFound):
        stop(other, made.id)
    with other.database.read(other.tenant_id) as session, pytest.raises(NotFound):
        find_override(session, made.id)


def test_no_more_overrides_are_kept_of_a_person_than_allowed(staffed):
    decide(staffed, start=1, end=2, most=1)
    with pytest.raises(TooMany, match="at most 1"):
        decide(staffed, start=3, end=4, most=1)


def override(start, end, *, plan="premium", roles=None, name="x"):
    ended_by = None if end is None else f"ended {end}"
    return Override(name, "ada", at(start), at(end), plan, roles, "", "mara", f"set {start}", ended_by)


def test_the_earliest_that_overlaps_is_named():
    known = [override(4, 6, name="b"), override(1, 2, name="a"), override(3, 3, name="withdrawn")]
    assert overlapping(known, at(0), None).id == "a"
    assert overlapping(known, at(2), at(4)) is None
    assert overlapping(known, at(0), None, but="a").id == "b"


@settings(max_examples=settings().max_examples // 4)  # a history is many draws
@given(
    facts=person_facts(),
    rules=rule_sets(),
    when=spans(),
    plan=st.sampled_from(["premium", "none", None]),
    roles=st.sampled_from([None, (), ("analyst",)]),
)
def test_while_an_override_holds_it_decides_and_at_no_other_instant(facts, rules, when, plan, roles):
    documents, dated = rules
    overrides = [override(start, end, plan=plan, roles=roles, name=str(start)) for start, end in when]
    found = timeline(facts, dated, overrides=overrides)
    assert found == timeline(facts, dated, overrides=overrides[::-1])
    for hour in range(HOURS + 3):
        held = [span.holding for span in found if covers(span, at(hour))]
        expected = recount(facts, documents, dated, at(hour))
        if any(each.holds(at(hour)) for each in overrides):
            version = next((each for each in facts.versions if covers(each, at(hour))), None)
            live = facts.live_from is not None and facts.live_from <= at(hour)
            if live and version is not None and version.active:
                department = next(iter(version.resource.values()))["department"]
                of_rules = expected or ("none", (), department, None)
                expected = (
                    of_rules[0] if plan is None else plan, of_rules[1] if roles is None else roles,
                    department, None,
                )  # fmt: skip
                expected = None if expected[:2] == ("none", ()) else expected
            else:
                expected = None
        assert held == ([] if expected is None else [expected])
