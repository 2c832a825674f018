from dataclasses import replace
from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import given, settings

from bridge.directory.facts import GroupFacts, GroupNameFact, PersonFacts, PersonVersionFact
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.seats.timeline import timeline
from tests.seats.facts import HOURS, at, covers, dated_rules, membership, person_facts, recount, rule_sets

SALES = {"name": "Sales", "when": 'groups.value eq "a"', "plan": "standard"}
LEADS = {"name": "Leads", "when": 'groups.value eq "b"', "plan": "premium"}
RULES = (dated_rules({"rules": [LEADS, SALES]}, 1, 0, None),)


def active(start, end=None, *, is_active=True, department=None, **resource):
    if department is not None:
        resource[ENTERPRISE_USER_URN] = {"department": department}
    ended_by = None if end is None else f"version {end}"
    return PersonVersionFact(at(start), at(end), is_active, resource, f"version {start}", ended_by)


IN_SALES = (membership("a", 0, None),)


def person(*versions, memberships=IN_SALES, groups=None, live_from=0):
    return PersonFacts("ada", "okta", at(live_from), versions, tuple(memberships), groups or {})


def in_brief(spans):
    return [(span.start, span.end, span.plan) for span in spans]


def test_a_person_who_leaves_midway_holds_a_seat_until_then():
    (span,) = timeline(person(active(1, 5), active(5, is_active=False)), RULES)
    assert (span.start, span.end, span.plan) == (at(1), at(5), "standard")
    assert (span.rule_set_id, span.rule, span.group_ids) == ("rules 1", "Sales", ("a",))
    assert (span.started_by, span.ended_by) == ("version 1", "version 5")


def test_a_returner_gets_the_seat_back_though_the_memberships_were_never_sent_again():
    facts = person(active(1, 3), active(3, 7, is_active=False), active(7))
    assert in_brief(timeline(facts, RULES)) == [(at(1), at(3), "standard"), (at(7), None, "standard")]


def test_a_move_between_groups_is_one_seat_after_the_other_and_both_name_the_move():
    facts = person(active(0), memberships=[membership("a", 0, 4), membership("b", 4, None)])
    before, after = timeline(facts, RULES)
    assert (before.end, after.start, after.plan) == (at(4), at(4), "premium")
    assert before.ended_by == after.started_by == "joined 4"


def test_neighbours_that_hold_the_same_are_one_span_with_the_first_reason():
    facts = person(active(0, 2), active(2, title="Chief"), memberships=[membership("a", 0, None)])
    again = (dated_rules({"rules": [SALES]}, 1, 0, 3), dated_rules({"rules": [SALES]}, 2, 3, None))
    (span,) = timeline(facts, again)
    assert (span.start, span.end, span.rule_set_id) == (at(0), None, "rules 1")


def test_another_department_is_another_span():
    facts = person(active(0, 2, department="Sales"), active(2, department="Law"))
    assert [(span.department, span.start) for span in timeline(facts, RULES)] == [
        ("Sales", at(0)),
        ("Law", at(2)),
    ]


def test_nothing_counts_before_the_connection_is_live():
    (span,) = timeline(person(active(0), live_from=6), RULES)
    assert (span.start, span.started_by) == (at(6), "")
    never = replace(person(active(0)), live_from=None)
    assert timeline(never, RULES) == ()


def test_without_rules_nobody_holds_anything():
    assert timeline(person(active(0)), ()) == ()


def test_rules_that_come_into_force_later_are_on_the_timeline_already():
    future = (*(replace(each, end=at(9)) for each in RULES), dated_rules({"rules": []}, 2, 9, None))
    (span,) = timeline(person(active(0)), future)
    assert (span.end, span.ended_by) == (at(9), "applied 9")


def test_roles_without_a_seat_are_a_span():
    rules = (dated_rules({"rules": [{**SALES, "plan": None, "roles": ["viewer"]}]}, 1, 0, None),)
    (span,) = timeline(person(active(0)), rules)
    assert (span.plan, span.roles, span.rule) == ("none", ("viewer",), "default")


def test_groups_in_groups_count_and_a_cycle_ends():
    def group(*inside):
        return GroupFacts((GroupNameFact(at(0), None, "Name", "named", None),), inside)

    groups = {
        "c": group(membership("d", 2, None)),
        "d": group(membership("b", 0, None), membership("c", 0, None)),
        "b": group(membership("c", 0, None)),
    }
    facts = person(active(0), memberships=[membership("c", 0, None)], groups=groups)
    (span,) = timeline(facts, RULES)
    assert (span.start, span.group_ids, span.started_by) == (at(2), ("b",), "joined 2")


def test_a_deleted_group_gives_nothing_any_more():
    groups = {"a": GroupFacts((GroupNameFact(at(0), at(5), "Sales", "named", "deleted"),))}
    (span,) = timeline(person(active(0), groups=groups), RULES)
    assert (span.end, span.ended_by) == (at(5), "deleted")


def test_a_timeline_can_be_cut():
    facts = person(active(0, 2), active(2, 4, is_active=False), active(4))
    assert in_brief(timeline(facts, RULES, until=at(5))) == [
        (at(0), at(2), "standard"),
        (at(4), at(5), "standard"),
    ]
    assert in_brief(timeline(facts, RULES, until=at(4))) == [(at(0), at(2), "standard")]


@settings(max_examples=settings().max_examples // 4)  # a history is many draws
@given(facts=person_facts(), rules=rule_sets())
def test_at_every_instant_the_timeline_says_what_a_recount_says(facts, rules):
    documents, dated = rules
    spans = timeline(facts, dated)
    for hour in range(HOURS + 3):
        found = [span.holding for span in spans if covers(span, at(hour))]
        expected = recount(facts, documents, dated, at(hour))
        assert found == ([] if expected is None else [expected])


@settings(max_examples=settings().max_examples // 4)  # a history is many draws
@given(facts=person_facts(), rules=rule_sets(), chance=st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_listed_plays_no_part(facts, rules, chance):
    def shuffled(values):
        return tuple(chance.sample(values, len(values)))

    mixed = replace(
        facts,
        versions=shuffled(facts.versions),
        memberships=shuffled(facts.memberships),
        groups={
            group_id: GroupFacts(shuffled(group.names), shuffled(group.memberships))
            for group_id, group in reversed(facts.groups.items())
        },
    )
    assert timeline(mixed, shuffled(rules[1])) == timeline(facts, rules[1])


@settings(max_examples=settings().max_examples // 4)  # a history is many draws
@given(facts=person_facts(), rules=rule_sets())
def test_spans_lie_in_order_and_neighbours_differ(facts, rules):
    spans = timeline(facts, rules[1])
    assert all(span.end is None or span.start < span.end for span in spans)
    for before, after in pairwise(spans):
        assert before.end is not None
        assert before.end <= after.start
        assert before.end < after.start or before.holding != after.holding


@settings(max_examples=settings().max_examples // 4)  # a history is many draws
@given(facts=person_facts(), rules=rule_sets(), hour=st.integers(0, HOURS))
def test_cutting_changes_nothing_before_the_cut(facts, rules, hour):
    whole, cut = timeline(facts, rules[1]), timeline(facts, rules[1], until=at(hour))
    expected = [
        span if span.end is not None and span.end < at(hour) else replace(span, end=at(hour), ended_by=None)
        for span in whole
        if span.start < at(hour)
    ]
    assert [replace(span, ended_by=None) for span in cut] == [
        replace(span, ended_by=None) for span in expected
    ]
    assert all(span.end <= at(hour) for span in cut)


@settings(max_examples=settings().max_examples // 4)  # a history is many draws
@given(facts=person_facts(), rules=rule_sets(), hour=st.integers(0, HOURS))
def test_what_is_computed_since_an_instant_is_what_the_whole_says_from_then_on(facts, rules, hour):
    whole, later = timeline(facts, rules[1]), timeline(facts, rules[1], since=at(hour))
    assert all(span.start >= at(hour) for span in later)
    for each in range(hour, HOURS + 3):
        expected = [span.holding for span in whole if covers(span, at(each))]
        assert [span.holding for span in later if covers(span, at(each))] == expected
