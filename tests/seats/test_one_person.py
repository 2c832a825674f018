"""Several accounts of one human: one timeline, whose are the seat and the roles."""

from dataclasses import replace
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bridge.directory.facts import AccountFacts, JoinFact, PersonFacts, PersonVersionFact
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.seats.one_person import as_one
from bridge.seats.timeline import timeline
from tests.seats.facts import (
    HOURS,
    at,
    covers,
    dated_rules,
    membership,
    person_facts,
    recount,
    rule_sets,
    some_groups,
    spans,
)

SALES = {"name": "Sales", "when": 'groups.value eq "a"', "plan": "standard", "roles": ["viewer"]}
LEADS = {"name": "Leads", "when": 'groups.value eq "b"', "plan": "premium", "roles": ["analyst"]}
RULES = (dated_rules({"rules": [LEADS, SALES]}, 1, 0, None),)


def version(start, end=None, *, is_active=True, department=None):
    resource = {} if department is None else {ENTERPRISE_USER_URN: {"department": department}}
    ended_by = None if end is None else f"version {end}"
    return PersonVersionFact(at(start), at(end), is_active, resource, f"version {start}", ended_by)


def joined(name, person, start, end=None):
    ended_by = None if end is None else f"separated {end}"
    return JoinFact(
        name, person, at(start), at(end), "administrator", None, "", f"joined by root {start}", ended_by,
    )  # fmt: skip


ALWAYS = (version(0),)


def account(start, end=None, *, versions=ALWAYS, memberships=(), live_from=0, name="bea"):
    return AccountFacts(joined(name, "ada", start, end), at(live_from), tuple(versions), tuple(memberships))


def person(*accounts, versions=ALWAYS, memberships=(), live_from=0, away=()):
    return PersonFacts(
        "ada", "okta", at(live_from), tuple(versions), tuple(memberships), {}, tuple(accounts), tuple(away)
    )


def in_brief(facts):
    return [(span.start, span.end, span.plan) for span in timeline(facts, RULES)]


def test_a_joined_account_brings_its_groups_for_as_long_as_it_is_joined():
    facts = person(
        account(3, 6, memberships=[membership("b", 0, None)]), memberships=[membership("a", 0, None)]
    )
    before, during, after = timeline(facts, RULES)
    assert (during.start, during.end, during.plan, during.roles) == (
        at(3), at(6), "premium", ("analyst", "viewer"),
    )  # fmt: skip
    assert (during.started_by, during.ended_by) == ("joined by root 3", "separated 6")
    assert (before.plan, after.plan) == ("standard", "standard")


def test_the_person_is_active_while_any_account_is_and_it_stays_one_span():
    other = account(1, versions=[version(0)], memberships=[membership("a", 0, None)])
    facts = person(other, versions=[version(0, 4), version(4, is_active=False)],
                   memberships=[membership("a", 0, None)])  # fmt: skip
    assert in_brief(facts) == [(at(0), None, "standard")]


def test_groups_of_an_account_that_its_provider_switched_off_give_nothing():
    other = account(1, versions=[version(0, 4), version(4, is_active=False)],
                    memberships=[membership("b", 0, None)])  # fmt: skip
    facts = person(other, memberships=[membership("a", 0, None)])
    assert in_brief(facts) == [
        (at(0), at(1), "standard"), (at(1), at(4), "premium"), (at(4), None, "standard"),
    ]  # fmt: skip


def test_an_account_of_an_observed_connection_gives_no_seat():
    other = account(1, memberships=[membership("b", 0, None)], live_from=None)
    assert in_brief(person(other)) == []
    later = account(1, memberships=[membership("b", 0, None)], live_from=5)
    (span,) = timeline(person(later), RULES)
    assert (span.start, span.plan, span.started_by) == (at(5), "premium", "")


def test_a_live_account_of_an_observed_person_is_billed_as_that_person():
    facts = person(account(1, memberships=[membership("b", 0, None)]), live_from=None)
    assert in_brief(facts) == [(at(1), None, "premium")]


def test_a_joined_account_has_no_spans_of_its_own():
    facts = person(
        memberships=[membership("a", 0, None)], away=[joined("ada", "bea", 3, 6), joined("ada", "cleo", 9)]
    )
    assert in_brief(facts) == [(at(0), at(3), "standard"), (at(6), at(9), "standard")]
    before, after = timeline(facts, RULES)
    assert (before.ended_by, after.started_by) == ("joined by root 3", "separated 6")


def test_joins_before_the_connection_was_live_are_nothing():
    facts = person(memberships=[membership("a", 0, None)], live_from=8, away=[joined("ada", "bea", 3, 6)])
    assert in_brief(facts) == [(at(8), None, "standard")]


def test_departments_are_those_of_the_persons_own_account_while_it_is_active_then_of_who_was_joined_first():
    everyone = (dated_rules({"rules": [], "default": {"plan": "standard"}}, 1, 0, None),)
    facts = person(
        account(2, versions=[version(0, 9, department="Law")], name="cleo"),
        account(2, versions=[version(0, department="Sales")], name="dora"),
        account(1, versions=[version(3, 6, department="Ships")], name="bea"),
        versions=[version(0, 4, department="Lab")],
    )
    found = [(span.start, span.department) for span in timeline(facts, everyone)]
    assert found == [(at(0), "Lab"), (at(4), "Ships"), (at(6), "Law"), (at(9), "Sales")]


def test_a_deleted_person_goes_on_standing_for_the_accounts_that_are_left():
    facts = person(
        account(1, memberships=[membership("a", 0, None)]),
        versions=[version(0, 4)], memberships=[membership("a", 0, 4)],
    )  # fmt: skip
    assert in_brief(facts) == [(at(0), None, "standard")]


def test_without_joins_the_facts_are_what_they_were():
    facts = person(memberships=[membership("a", 0, None)])
    assert as_one(facts) is facts


@st.composite
def stars(draw):
    groups = draw(some_groups())

    def someone(name):
        return replace(draw(person_facts(groups=groups)), person_id=name)

    own = someone("ada")
    away = tuple(joined("ada", "zoe", start, end) for start, end in draw(spans(most=2)))
    accounts = [
        AccountFacts(joined(name, "ada", start, end), facts.live_from, facts.versions, facts.memberships)
        for name in draw(st.lists(st.sampled_from(["bea", "cleo", "dora"]), unique=True, min_size=1))
        for facts in [someone(name)]
        for start, end in draw(spans(most=2))
    ]
    return replace(own, joined=tuple(draw(st.permutations(accounts))), away=away)


def recounted(facts, documents, dated, instant):
    """What the star holds at the instant, found by asking each account: is it there, in which groups?"""
    counting = [facts] if not any(covers(join, instant) for join in facts.away) else []
    counting += [
        replace(facts, live_from=each.live_from, versions=each.versions, memberships=each.memberships)
        for each in sorted(facts.joined, key=lambda each: (each.join.start, each.join.account_id))
        if covers(each.join, instant)
    ]
    present = [
        each for each in counting
        if each.live_from is not None and each.live_from <= instant
        and any(covers(one, instant) and one.active for one in each.versions)
    ]  # fmt: skip
    if not present:
        return None
    everything = tuple(each for one in present for each in one.memberships)
    return recount(replace(present[0], memberships=everything), documents, dated, instant)


@given(stars(), rule_sets())
@settings(max_examples=300)
def test_at_every_instant_a_person_holds_what_a_slow_recount_finds(facts, rules):
    documents, dated = rules
    found = timeline(facts, dated)
    for hour in range(-1, HOURS + 3):
        held = next((span.holding for span in found if covers(span, at(hour + 0.5))), None)
        assert held == recounted(facts, documents, dated, at(hour + 0.5))
    for before, after in pairwise(found):
        assert before.end is not None
        assert before.end <= after.start


@given(stars(), rule_sets(), st.randoms())
def test_the_order_of_facts_and_accounts_plays_no_part(facts, rules, random):
    shuffled = replace(
        facts,
        joined=tuple(
            replace(each, versions=mixed(each.versions, random), memberships=mixed(each.memberships, random))
            for each in mixed(facts.joined, random)
        ),
        versions=mixed(facts.versions, random),
        memberships=mixed(facts.memberships, random),
        away=mixed(facts.away, random),
    )
    assert timeline(shuffled, rules[1]) == timeline(facts, rules[1])


def mixed(facts, random):
    listed = list(facts)
    random.shuffle(listed)
    return tuple(listed)


@given(stars(), rule_sets())
def test_every_end_of_a_span_names_a_fact_of_that_instant(facts, rules):
    known = {at(hour) for hour in range(HOURS + 2)}
    for span in timeline(facts, rules[1]):
        assert {span.start, span.end} - {None} <= known
        hour = int((span.start - at(0)).total_seconds() // 3600)
        assert span.started_by == "" or span.started_by.endswith(f" {hour}")


@pytest.mark.parametrize("start", [3, 4])
def test_a_join_that_ends_where_it_would_count_gives_nothing(start):
    other = account(start - 1, 4, memberships=[membership("b", 0, None)], live_from=4)
    assert in_brief(person(other)) == []
