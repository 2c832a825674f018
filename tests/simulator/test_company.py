"""The made-up company."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.simulator.company import DEPARTMENTS, MOST_PEOPLE, larkspur


def test_the_same_seed_gives_the_same_company_and_another_seed_another():
    assert larkspur(30, seed=7) == larkspur(30, seed=7)
    assert larkspur(30, seed=7).people != larkspur(30, seed=8).people


def test_a_larger_company_keeps_ascii_logins_under_names_of_all_scripts():
    people = larkspur(200).people
    assert any(not person.display_name.isascii() for person in people)
    assert any(person.display_name.isascii() for person in people)
    assert all(person.user_name.isascii() and person.email == person.user_name for person in people)
    assert all(person.user_name.endswith("@larkspur.example.com") for person in people)


def test_every_department_is_about_equally_large_and_has_cost_centres_of_its_own():
    people = larkspur(60).people
    assert Counter(person.department for person in people) == dict.fromkeys(DEPARTMENTS, 10)
    owners = {}
    for person in people:
        owners.setdefault(person.cost_centre, set()).add(person.department)
    assert all(len(departments) == 1 for departments in owners.values())


@given(st.integers(1, 200), st.integers())
def test_people_are_distinct_and_report_to_somebody_before_them(count, seed):
    people = larkspur(count, seed=seed).people
    assert len(people) == count
    for name in ("key", "directory_id", "user_name", "employee_number"):
        assert len({getattr(person, name) for person in people}) == count
    known = {""}
    for person in people:
        assert person.manager in known
        known.add(person.key)
    assert not any(person.contractor for person in people[: len(DEPARTMENTS)])
    assert all(person.user_name[0] != "." and ".@" not in person.user_name for person in people)


@pytest.mark.parametrize("count", [0, -1, MOST_PEOPLE + 1])
def test_a_company_outside_the_limits_is_refused(count):
    with pytest.raises(ValueError, match="between 1 and 100,000"):
        larkspur(count)
