import pytest

from bridge.errors import InvalidFilter, InvalidValue
from bridge.mapping.rule_document import Limits, parse_rules, stored_rules
from bridge.scim.filters import FilterLimits

GOOD = {
    "name": "Sales",
    "when": 'groups.value eq "g1"',
    "plan": "standard",
    "roles": ["viewer"],
    "note": "as agreed",
}


def parsed(document, **limits):
    return parse_rules(
        document, known_plans={"standard"}, known_roles={"viewer", "analyst"}, limits=Limits(**limits)
    )


def refused(document, error=InvalidValue, **limits):
    with pytest.raises(error) as caught:
        parsed(document, **limits)
    return caught.value


def without(key):
    return {name: value for name, value in GOOD.items() if name != key}


def test_a_document_is_read_whole():
    rules = parsed({"default": {"plan": "standard", "roles": ["viewer"]}, "rules": [GOOD]})
    assert (rules.default_plan, rules.default_roles) == ("standard", ("viewer",))
    (rule,) = rules.rules
    assert (rule.name, rule.plan, rule.roles, rule.note) == ("Sales", "standard", ("viewer",), "as agreed")


def test_default_note_and_either_plan_or_roles_may_be_left_out():
    document = {"rules": [without("plan"), {**without("roles"), "name": "b", "note": None}]}
    first, second = parsed(document).rules
    assert (first.plan, second.roles, second.note) == (None, (), "")


def test_roles_are_sorted_and_named_once():
    (rule,) = parsed({"rules": [{**GOOD, "roles": ["viewer", "analyst", "viewer"]}]}).rules
    assert rule.roles == ("analyst", "viewer")


@pytest.mark.parametrize(
    ("document", "pointer", "words"),
    [
        ([], "", "an array"),
        ({"rules": [], "Rules": []}, "/Rules", "default, rules"),
        ({"rules": [], "a/b~c": 1}, "/a~1b~0c", "unknown key"),
        ({}, "/rules", "nothing"),
        ({"rules": {}}, "/rules", "an object"),
        ({"rules": [7]}, "/rules/0", "7"),
        ({"rules": [True]}, "/rules/0", "true"),
        ({"rules": [], "default": "none"}, "/default", "'none'"),
        ({"rules": [], "default": {"plan": "gold"}}, "/default/plan", "none, standard"),
        ({"rules": [], "default": {"roles": ["boss"]}}, "/default/roles/0", "analyst, viewer"),
        ({"rules": [GOOD, {**GOOD, "when": "title pr"}]}, "/rules/1/name", "/rules/0"),
        ({"rules": [without("name")]}, "/rules/0/name", "nothing"),
        ({"rules": [{**GOOD, "name": " "}]}, "/rules/0/name", "a text"),
        ({"rules": [{**GOOD, "name": "default"}]}, "/rules/0/name", "where no rule does"),
        ({"rules": [{**GOOD, "name": "override"}]}, "/rules/0/name", "stands above the rules"),
        ({"rules": [{**GOOD, "name": "a\0"}]}, "/rules/0/name", "NUL"),
        ({"rules": [without("when")]}, "/rules/0/when", "nothing"),
        ({"rules": [{**GOOD, "plan": 5}]}, "/rules/0/plan", "found 5"),
        ({"rules": [{**GOOD, "roles": "viewer"}]}, "/rules/0/roles", "an array of roles"),
        ({"rules": [{**GOOD, "roles": [["viewer"]]}]}, "/rules/0/roles/0", "an array"),
        ({"rules": [{"name": "a", "when": "title pr"}]}, "/rules/0", "neither a plan nor roles"),
        ({"rules": [{**GOOD, "priority": 1}]}, "/rules/0/priority", "name, when, plan, roles, note"),
        ({"rules": [{**GOOD, "note": 1}]}, "/rules/0/note", "found 1"),
    ],
)
def test_a_wrong_document_is_refused_where_it_is_wrong(document, pointer, words):
    error = refused(document)
    assert error.pointer == pointer
    assert words in str(error)


@pytest.mark.parametrize(
    "when", ["title", 'colour eq "red"', "active gt true", 'password eq "x"', "(title pr"]
)
def test_a_condition_that_cannot_be_understood_is_refused_with_the_rule_it_stands_in(when):
    error = refused({"rules": [{**GOOD, "when": when}]}, InvalidFilter)
    assert error.pointer == "/rules/0/when"
    assert "'Sales'" in str(error)


def test_limits_hold_at_the_limit_and_not_one_past_it():
    two = [GOOD, {**GOOD, "name": "b"}]
    assert len(parsed({"rules": two}, rules=2).rules) == 2
    assert refused({"rules": two}, rules=1).pointer == "/rules"
    named = {"rules": [{**GOOD, "name": "n" * 9, "note": "n" * 9}]}
    assert parsed(named, text_characters=9)
    assert refused(named, text_characters=8).pointer == "/rules/0/name"
    bytes_ = len(GOOD["when"])
    assert parsed({"rules": [GOOD]}, filters=FilterLimits(length_bytes=bytes_))
    refused({"rules": [GOOD]}, filters=FilterLimits(length_bytes=bytes_ - 1))


def test_a_stored_document_is_read_although_catalogue_and_limits_have_changed():
    many = [{**GOOD, "name": f"n{n}", "plan": "sold_no_more", "roles": ["gone"]} for n in range(1100)]
    rules = stored_rules({"rules": many})
    assert (len(rules.rules), rules.rules[0].plan) == (1100, "sold_no_more")


def test_a_stored_document_of_another_shape_is_refused():
    with pytest.raises(InvalidValue, match="texts"):
        stored_rules({"rules": [{**GOOD, "plan": 3}]})
