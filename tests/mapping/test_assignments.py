"""Plans and roles that the identity provider assigns: where the rules let it, and then above them."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bridge.errors import InvalidValue
from bridge.mapping.assignments import ASSIGNED
from bridge.mapping.rule_document import parse_rules, settled_document, stored_rules
from bridge.mapping.rules import Considered, decide
from tests.seats.facts import at
from tests.seats.house import SALES, database, house, shared_url

__all__ = ["database", "house", "shared_url"]

PLANS, ROLES = ("premium", "read_only", "standard"), ("admin", "analyst", "viewer")
ALL = {"plans": True, "roles": True}
ACTIVE = {"name": "everybody", "when": "active eq true", "plan": "standard", "roles": ["viewer"]}


def rules_of(assignments=ALL, rules=(ACTIVE,), default=None):
    document = {"rules": list(rules), "default": default or {}}
    if assignments is not None:
        document["idp_assignments"] = assignments
    return parse_rules(document, known_plans=PLANS, known_roles=ROLES)


def person(*entitlements, roles=()):
    return {
        "active": True,
        "entitlements": [{"value": each} if isinstance(each, str) else each for each in entitlements],
        "roles": [{"value": each} for each in roles],
    }


def test_an_assigned_plan_is_above_the_rules_and_the_rules_add_their_roles():
    decision = decide(rules_of(), person("premium", roles=["analyst"]), [])
    assert (decision.plan, decision.roles) == ("premium", ("analyst", "viewer"))
    assert (decision.rule, decision.group_ids) == (ASSIGNED, ())
    assert decision.considered == (
        Considered(f"{ASSIGNED}: entitlement 'premium'", matched=True, outcome="won"),
        Considered(f"{ASSIGNED}: role 'analyst'", matched=True, outcome="adds roles"),
        Considered("everybody", matched=True, outcome="lost: the identity provider assigns a plan"),
    )


@pytest.mark.parametrize("assignments", [None, {}, {"plans": False}, {"roles": False}, {"plans": []}])
def test_without_a_word_in_the_rules_nothing_is_assigned(assignments):
    decision = decide(rules_of(assignments), person("premium", roles=["admin"]), [])
    assert (decision.plan, decision.roles, decision.rule) == ("standard", ("viewer",), "everybody")
    assert [each.rule for each in decision.considered] == ["everybody"]


def test_plans_and_roles_are_let_in_apart():
    someone = person("premium", roles=["admin"])
    assert decide(rules_of({"plans": True}), someone, []).roles == ("viewer",)
    assert decide(rules_of({"roles": True}), someone, []).plan == "standard"
    assert decide(rules_of({"roles": True}), someone, []).roles == ("admin", "viewer")
    assert decide(rules_of({"plans": ["read_only"]}), someone, []).plan == "standard"


def test_what_names_nothing_is_told_and_changes_nothing():
    someone = person("gold", "none", {"display": "Nameless"}, roles=["msiam_access"])
    decision = decide(rules_of(), someone, [])
    assert (decision.plan, decision.roles, decision.rule) == ("standard", ("viewer",), "everybody")
    told = [(each.rule, each.outcome) for each in decision.considered if not each.matched]
    assert told == [
        (f"{ASSIGNED}: entitlement 'gold'", "names no plan that may be assigned"),
        (f"{ASSIGNED}: entitlement 'none'", "names no plan that may be assigned"),
        (f"{ASSIGNED}: entitlement ''", "names no plan that may be assigned"),
        (f"{ASSIGNED}: role 'msiam_access'", "names no role that may be assigned"),
    ]


def test_of_several_plans_the_primary_one_counts_or_else_the_first():
    assert decide(rules_of(), person("read_only", "premium"), []).plan == "read_only"
    marked = person("read_only", {"value": "premium", "primary": True})
    decision = decide(rules_of(), marked, [])
    assert decision.plan == "premium"
    assert [each.outcome for each in decision.considered[:2]] == [
        "won", "lost: another entitlement names a plan",
    ]  # fmt: skip


def test_a_plan_is_named_by_value_or_by_type_in_any_case():
    assert decide(rules_of(), person("PREMIUM"), []).plan == "premium"
    assert decide(rules_of(), person({"value": "7f3", "type": "Premium"}), []).plan == "premium"
    assert decide(rules_of(), person({"value": "standard", "type": "premium"}), []).plan == "standard"


def test_the_default_holds_where_neither_rule_nor_identity_provider_decides():
    rules = rules_of(rules=(), default={"plan": "read_only", "roles": ["viewer"]})
    assert decide(rules, person(), []).plan == "read_only"
    held = decide(rules, person(roles=["admin"]), [])
    assert (held.plan, held.roles, held.rule) == ("read_only", ("admin",), "default")


@given(st.lists(st.sampled_from([*PLANS, "none", "gold", ""]), max_size=6))
def test_only_a_plan_that_may_be_assigned_ever_is(entitlements):
    decision = decide(rules_of({"plans": ["premium", "standard"]}), person(*entitlements), [])
    named = [each for each in entitlements if each in ("premium", "standard")]
    assert decision.plan == (named[0] if named else "standard")
    assert (decision.rule == ASSIGNED) == bool(named)


@pytest.mark.parametrize(
    ("assignments", "pointer"),
    [
        ([], "/idp_assignments"),
        ({"plan": True}, "/idp_assignments/plan"),
        ({"plans": "all"}, "/idp_assignments/plans"),
        ({"plans": ["premium", "none"]}, "/idp_assignments/plans/1"),
        ({"roles": ["owner"]}, "/idp_assignments/roles/0"),
        ({"roles": 1}, "/idp_assignments/roles"),
    ],
)
def test_a_wrong_word_about_it_is_refused_where_it_is_wrong(assignments, pointer):
    with pytest.raises(InvalidValue) as caught:
        rules_of(assignments)
    assert caught.value.pointer == pointer


def test_no_rule_has_the_name_of_what_is_assigned():
    with pytest.raises(InvalidValue, match="/rules/0/name"):
        rules_of(rules=[{**ACTIVE, "name": ASSIGNED}])


def test_the_stored_document_spells_out_what_may_be_assigned():
    document = {"rules": [ACTIVE], "idp_assignments": {"plans": True}}
    stored = settled_document(document, parse_rules(document, known_plans=PLANS, known_roles=ROLES))
    assert stored == {**document, "idp_assignments": {"plans": list(PLANS)}}
    assert stored_rules(stored) == rules_of({"plans": True})


def test_the_same_document_is_not_applied_again(house):
    first = house.rules(SALES, effective_from=1, idp_assignments=ALL)
    again = house.rules(SALES, effective_from=2, idp_assignments=ALL)
    assert (again.applied, again.rule_set_id) == (False, first.rule_set_id)
    assert house.rules(SALES, effective_from=3, now=at(4)).applied
