from datetime import UTC, datetime

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bridge.mapping.overrides import Override
from bridge.mapping.rule_document import parse_rules
from bridge.mapping.rules import Considered, decide

SALES, ENGINEERING, EVERYONE = "g-sales", "g-engineering", "g-everyone"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def rules_of(*rules, default=None):
    document = {"rules": [{"name": f"rule {number}", **rule} for number, rule in enumerate(rules, 1)]}
    if default is not None:
        document["default"] = default
    return parse_rules(
        document,
        known_plans={"standard", "premium", "read_only"},
        known_roles={"analyst", "viewer", "admin"},
    )


def in_groups(*ids):
    return [{"value": each, "display": each.removeprefix("g-").title(), "type": "direct"} for each in ids]


def in_group(group_id, **rule):
    return {"when": f'groups.value eq "{group_id}"', **rule}


def test_the_first_matching_rule_that_names_a_plan_wins():
    rules = rules_of(
        in_group(EVERYONE, roles=["viewer"]),
        in_group(SALES, plan="premium", roles=["analyst"]),
        in_group(EVERYONE, plan="standard"),
    )
    decision = decide(rules, {}, in_groups(EVERYONE, SALES))
    assert (decision.plan, decision.roles) == ("premium", ("analyst", "viewer"))
    assert (decision.rule, decision.group_ids) == ("rule 2", (SALES,))
    assert decision.considered == (
        Considered("rule 1", matched=True, outcome="adds roles"),
        Considered("rule 2", matched=True, outcome="won"),
        Considered("rule 3", matched=True, outcome="lost: an earlier rule names a plan"),
    )


def test_who_no_rule_matches_gets_the_default():
    rules = rules_of(in_group(SALES, plan="premium"), default={"plan": "read_only", "roles": ["viewer"]})
    decision = decide(rules, {}, in_groups(ENGINEERING))
    assert (decision.plan, decision.roles, decision.rule) == ("read_only", ("viewer",), "default")
    assert decision.considered == (Considered("rule 1", matched=False, outcome="does not match"),)


def test_without_a_word_about_it_the_default_is_no_seat():
    decision = decide(rules_of(), {}, [])
    assert (decision.plan, decision.roles, decision.group_ids) == ("none", (), ())


def test_a_rule_that_adds_roles_leaves_the_plan_to_the_default():
    rules = rules_of(in_group(SALES, roles=["analyst"]), default={"plan": "standard", "roles": ["viewer"]})
    decision = decide(rules, {}, in_groups(SALES))
    assert (decision.plan, decision.roles, decision.rule) == ("standard", ("analyst",), "default")


def test_the_plan_none_wins_like_any_other_plan():
    rules = rules_of({"when": 'userType eq "Contractor"', "plan": "none"}, in_group(SALES, plan="standard"))
    assert decide(rules, {"userType": "contractor"}, in_groups(SALES)).plan == "none"
    assert decide(rules, {"userType": "Employee"}, in_groups(SALES)).plan == "standard"


def test_a_group_is_named_by_its_exact_id():
    rules = rules_of(in_group("AbC", plan="standard"))
    assert decide(rules, {}, in_groups("abc")).plan == "none"


def test_an_attribute_of_the_enterprise_extension_needs_no_urn():
    rules = rules_of({"when": 'department eq "Sales"', "plan": "standard"})
    assert decide(rules, {ENTERPRISE: {"department": "sales"}}, []).rule == "rule 1"
    assert decide(rules, {ENTERPRISE: {"department": "Law"}}, []).rule == "default"


def test_any_group_of_several_is_a_reason_and_all_that_are_held_are_named():
    rules = rules_of(
        {"when": f'groups.value eq "{SALES}" or groups[value eq "{EVERYONE}"]', "plan": "premium"}
    )
    assert rules.rules[0].group_ids == {SALES, EVERYONE}
    assert decide(rules, {}, in_groups(EVERYONE, SALES, ENGINEERING)).group_ids == (EVERYONE, SALES)


def test_only_the_groups_that_a_mixed_condition_needs_are_its_reason():
    both = f'groups.value eq "{SALES}" and groups.value eq "{EVERYONE}" and userType eq "Employee"'
    rules = rules_of({"when": both, "plan": "premium"})
    decision = decide(rules, {"userType": "Employee"}, in_groups(ENGINEERING, EVERYONE, SALES))
    assert decision.group_ids == (EVERYONE, SALES)


def test_a_condition_that_holds_without_groups_has_none_for_a_reason():
    rules = rules_of({"when": f'not (groups.value eq "{SALES}")', "plan": "premium"})
    assert decide(rules, {}, in_groups(EVERYONE)).group_ids == ()
    assert decide(rules, {}, in_groups(EVERYONE, SALES)).rule == "default"


def test_a_group_can_be_asked_for_by_name_and_by_how_one_is_in_it():
    rules = rules_of({"when": 'groups[display sw "sal" and type eq "direct"]', "plan": "premium"})
    assert rules.rules[0].group_ids is None
    assert decide(rules, {}, in_groups(SALES)).group_ids == (SALES,)
    nested = [{"value": SALES, "display": "Sales", "type": "indirect"}]
    assert decide(rules, {}, nested).rule == "default"


@pytest.mark.parametrize("condition", ['groups.value ne "x"', 'groups.value sw "x"', "groups.value eq null"])
def test_other_questions_about_groups_are_evaluated(condition):
    assert rules_of({"when": condition, "plan": "premium"}).rules[0].group_ids is None


GROUPS = st.sampled_from([SALES, ENGINEERING, EVERYONE])
TWO_WAYS = st.sampled_from(['groups.value eq "{}"', '(groups.value eq "{}" and not (userType eq "Robot"))'])


@given(
    asked=st.lists(st.tuples(GROUPS, st.sampled_from(["standard", "premium", None]), TWO_WAYS), max_size=6),
    held=st.sets(GROUPS),
)
def test_the_quick_way_and_the_thorough_way_decide_alike(asked, held):
    def decided(template):
        rules = rules_of(
            *(
                {"when": (template or way).format(group), "plan": plan, "roles": ["viewer"]}
                for group, plan, way in asked
            )
        )
        return decide(rules, {"userType": "Employee"}, in_groups(*sorted(held)))

    quick, mixed, thorough = (
        decided('groups.value eq "{}"'),
        decided(None),
        decided('(groups.value eq "{}" and not (userType eq "Robot"))'),
    )
    assert quick == mixed == thorough
    assert quick.considered == mixed.considered == thorough.considered
    winners = [f"rule {n}" for n, (group, plan, _) in enumerate(asked, 1) if plan and group in held]
    assert quick.rule == (winners or ["default"])[0]
    assert quick.roles == (("viewer",) if held & {group for group, _, _ in asked} else ())


def test_an_override_is_told_above_what_it_stands_above():
    rules = rules_of(in_group(SALES, plan="standard"), in_group(SALES, roles=["viewer"]))
    both = override(plan="premium", roles=("analyst",))
    decision = decide(rules, {}, in_groups(SALES), both)
    assert (decision.plan, decision.roles, decision.rule) == ("premium", ("analyst",), "override")
    assert [(each.rule, each.outcome) for each in decision.considered] == [
        ("override", "won"),
        ("rule 1", "lost: an override names the plan"),
        ("rule 2", "lost: an override names the roles"),
    ]
    named = decide(rules, {}, in_groups(SALES), override(plan=None, roles=()))
    assert (named.plan, named.roles, named.rule) == ("standard", (), "rule 1")
    assert [each.outcome for each in named.considered] == [
        "names the roles", "won", "lost: an override names the roles",
    ]  # fmt: skip


def test_an_override_stands_above_what_the_identity_provider_assigns():
    document = {"rules": [], "idp_assignments": {"plans": True, "roles": True}}
    rules = parse_rules(document, known_plans={"standard"}, known_roles={"viewer"})
    person = {"entitlements": [{"value": "standard"}], "roles": [{"value": "viewer"}]}
    decision = decide(rules, person, [], override(plan="premium", roles=("analyst",)))
    assert (decision.plan, decision.roles) == ("premium", ("analyst",))
    assert [each.outcome for each in decision.considered] == [
        "won", "lost: an override names the plan", "lost: an override names the roles",
    ]  # fmt: skip


def override(*, plan, roles):
    start = datetime(2026, 9, 1, tzinfo=UTC)
    return Override("x", "ada", start, None, plan, roles, "trial", "mara", "entry")
