"""How long joins stand, what may propose them, who is proposed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bridge.directory.agreement import Agreement, agreement_in
from bridge.directory.facts import JoinFact, PersonVersionFact
from bridge.directory.proposals import Candidate, proposal
from bridge.directory.standing import standing
from bridge.errors import InvalidValue
from bridge.scim.attributes import Attribute, ResourceSchema, Schema
from bridge.scim.schemas import ENTERPRISE_USER_URN, USER_RESOURCE

NUMBER = Agreement(f"{ENTERPRISE_USER_URN}:employeeNumber", case_exact=False)
FLEET = "urn:own:fleet:User"
SCHEMA = ResourceSchema(
    USER_RESOURCE.core,
    (
        *USER_RESOURCE.extensions,
        Schema(FLEET, "Fleet", "", (
            Attribute("badge", case_exact=True), Attribute("age", "integer"),
            Attribute("docks", multi_valued=True),
            Attribute("home", "complex", sub_attributes=(Attribute("bay"),)),
        )),
    ),
)  # fmt: skip


def at(hour):
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour)


def said(start, end, number="7"):
    resource = {} if number is None else {ENTERPRISE_USER_URN: {"employeeNumber": number}}
    ends = (None, None) if end is None else (at(end), f"end {end}")
    return PersonVersionFact(at(start), ends[0], True, resource, f"start {start}", ends[1])  # noqa: FBT003 (active)


def join(start=3, end=None, agreement=None):
    ended_by = None if end is None else "separated"
    ends = None if end is None else at(end)
    made_by = "administrator" if agreement is None else "attribute"
    return JoinFact("bea", "ada", at(start), ends, made_by, agreement, "", "joined", ended_by)


def ends(given_join, account, person=()):
    found = standing(given_join, account, person)
    return found.end, found.ended_by


def test_a_join_stands_while_its_account_is_there_whatever_becomes_of_it():
    assert ends(join(), [said(0, 5), said(5, 6, None), said(6, None)]) == (None, None)


def test_a_deletion_ends_the_join_and_a_return_does_not_bring_it_back():
    assert ends(join(), [said(0, 5)]) == (at(5), "end 5")
    assert ends(join(), [said(0, 2), said(2.5, 5), said(5.1, None)]) == (at(5), "end 5")


def test_an_end_that_was_made_before_the_deletion_stays():
    assert ends(join(end=4), [said(0, 5)]) == (at(4), "separated")
    assert ends(join(end=6), [said(0, 5)]) == (at(5), "end 5")


def test_an_account_deleted_by_a_machine_whose_clock_is_behind_was_never_joined():
    moment = at(3) + timedelta(microseconds=1)
    assert ends(join(), [said(0, 2)]) == (moment, "end 2")
    assert ends(join(), [said(0, 2), said(4, None)]) == (moment, "end 2")
    assert ends(join(end=9), [said(0, 3)]) == (moment, "end 3")


def test_a_deletion_of_the_person_ends_nothing():
    assert ends(join(agreement=NUMBER), [said(0, None)], [said(0, 5)]) == (None, None)


@pytest.mark.parametrize("number", ["8", None, "", "  "])
def test_a_proposed_join_ends_when_the_two_agree_no_longer(number):
    assert ends(join(agreement=NUMBER), [said(0, 5), said(5, None, number)], [said(0, None)]) == (
        at(5),
        "start 5",
    )
    assert ends(join(agreement=NUMBER), [said(0, None)], [said(0, 6), said(6, None, number)]) == (
        at(6),
        "start 6",
    )


def test_both_may_change_at_once_but_not_one_after_the_other():
    account, person = [said(0, 5, "7"), said(5, None, "8")], [said(0, 5, "7"), said(5, None, "8")]
    assert ends(join(agreement=NUMBER), account, person) == (None, None)
    later = [said(0, 6, "7"), said(6, None, "8")]
    assert ends(join(agreement=NUMBER), account, later) == (at(5), "start 5")


def test_what_was_before_the_join_is_nothing_and_what_is_at_its_start_counts():
    account = [said(0, 2, "9"), said(2, None, "7")]
    assert ends(join(agreement=NUMBER), account, [said(0, None)]) == (None, None)
    moment = at(3) + timedelta(microseconds=1)
    assert ends(join(agreement=NUMBER), [said(0, 2), said(2, None, "9")], [said(0, None)])[0] == moment


def test_the_deleted_person_is_compared_with_what_they_had_last_and_with_what_they_return_with():
    account = [said(0, 7), said(7, None, "8")]
    assert ends(join(agreement=NUMBER), account, [said(0, 5)]) == (at(7), "start 7")
    assert ends(join(agreement=NUMBER), [said(0, None)], [said(0, 5), said(6, None, "8")]) == (
        at(6),
        "start 6",
    )


def test_of_whom_nothing_is_known_any_more_nobody_disagrees():
    assert ends(join(agreement=NUMBER), [said(0, None)], []) == (None, None)


def test_case_matters_where_the_schema_says_so():
    account, person = [said(0, 5, "ab"), said(5, None, "AB")], [said(0, None, "ab")]
    assert ends(join(agreement=NUMBER), account, person)[0] is None
    exact = replace(NUMBER, case_exact=True)
    assert ends(join(agreement=exact), account, person)[0] == at(5)


hours = st.integers(4, 20)


@st.composite
def changes(draw):
    at_hours = draw(st.lists(hours, max_size=5, unique=True))
    return [(hour, draw(st.sampled_from(["7", "8", None]))) for hour in at_hours]


@given(changes(), changes(), st.randoms())
def test_a_proposed_join_ends_at_the_first_hour_at_which_the_two_differ(of_account, of_person, random):
    account, person = history(of_account), history(of_person)
    values = [(hour, value(account, hour), value(person, hour)) for hour in range(3, 25)]
    expected = next((hour for hour, mine, theirs in values if mine is None or mine != theirs), None)
    random.shuffle(account)
    random.shuffle(person)
    assert ends(join(agreement=NUMBER), account, person)[0] == (None if expected is None else at(expected))


def history(changes):
    starts = [(0, "7"), *sorted(changes)]
    following = [start for start, _ in starts[1:]]
    return [said(start, end, number) for (start, number), end in zip(starts, [*following, None], strict=True)]


def value(versions, hour):
    current = next(
        each for each in versions if each.start <= at(hour) and (each.end is None or at(hour) < each.end)
    )
    return NUMBER.key(current.resource)


@pytest.mark.parametrize(
    ("asked", "stored", "case_exact"),
    [
        ("externalId", "externalId", True),
        ("EXTERNALID", "externalId", True),
        ("employeeNumber", f"{ENTERPRISE_USER_URN}:employeeNumber", False),
        (f"{ENTERPRISE_USER_URN}:employeeNumber", f"{ENTERPRISE_USER_URN}:employeeNumber", False),
        (f"{FLEET}:badge", f"{FLEET}:badge", True),
    ],
)
def test_the_tenant_may_choose_a_key_of_its_own(asked, stored, case_exact):
    assert agreement_in(asked, SCHEMA) == Agreement(stored, case_exact)


@pytest.mark.parametrize(
    "asked",
    [
        "userName", "displayName", "emails", "emails.value", "phoneNumbers", "phoneNumbers.value",
        "name.familyName", "nickName", "title", "id", "active",
        f"{ENTERPRISE_USER_URN}:department", f"{ENTERPRISE_USER_URN}:manager",
        f"{FLEET}:age", f"{FLEET}:docks", f"{FLEET}:home", f"{FLEET}:home.bay", "nothing", "", "none",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName",
    ],
)  # fmt: skip
def test_nobody_is_joined_by_what_is_recycled_or_changed_by_whoever_holds_it(asked):
    with pytest.raises(InvalidValue, match="allowed is externalId, employeeNumber"):
        agreement_in(asked, SCHEMA)


def test_a_value_is_read_where_its_schema_puts_it_and_an_empty_one_is_none():
    badge = Agreement(f"{FLEET}:badge", case_exact=True)
    assert badge.key({FLEET: {"badge": "Q-7"}}) == "Q-7"
    assert NUMBER.key({ENTERPRISE_USER_URN: {"employeeNumber": "Q-7"}}) == "q-7"
    for resource in ({}, {FLEET: {}}, {FLEET: {"badge": " "}}, {FLEET: {"badge": 7}}):
        assert badge.key(resource) is None
    assert Agreement("externalId", case_exact=True).key({"externalId": "x"}) == "x"


PLACES = {"okta": 0, "entra": 1, "hr": 2}


def candidate(name, connection, person_id=None, accounts=0):
    return Candidate(name, connection, name, True, person_id, accounts)  # noqa: FBT003 (active)


def proposed(*candidates):
    found = proposal("7", candidates, PLACES)
    if found is None or found.person is None:
        return found and found.problem
    return found.person.id, [each.id for each in found.accounts]


def test_the_account_of_the_connection_that_was_made_first_stands_for_the_human():
    assert proposed(candidate("c", "hr"), candidate("b", "entra"), candidate("a", "okta")) == (
        "a",
        ["b", "c"],
    )


def test_who_stands_for_the_human_already_goes_on_doing_so():
    joined = candidate("c", "hr", "b"), candidate("b", "entra", accounts=1)
    assert proposed(*joined, candidate("a", "okta")) == ("b", ["a"])
    assert proposed(*joined) is None


def test_where_two_accounts_of_a_connection_have_the_value_nobody_is_joined():
    found = proposal("7", [candidate("a", "okta"), candidate("b", "entra"), candidate("z", "entra")], PLACES)
    assert (found.person, found.problem) == (None, "several accounts of one connection have the value")
    assert "several" in proposed(candidate("a", "okta"), candidate("z", "okta", "a"), candidate("b", "entra"))


@pytest.mark.parametrize(
    "others",
    [
        [candidate("b", "entra", "somebody")],
        [candidate("b", "entra", accounts=1), candidate("c", "hr", accounts=1)],
        [candidate("b", "entra", "somebody"), candidate("c", "hr", accounts=1)],
    ],
)
def test_who_is_joined_to_different_people_is_left_to_an_administrator(others):
    assert "different people" in proposed(candidate("a", "okta"), *others)
