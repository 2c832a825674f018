"""Which groups can be in which, beside each other."""

import hypothesis.strategies as st
from hypothesis import given

from bridge.directory.nesting import Link, without_cycles

GROUPS = st.sampled_from("abcde")
LINKS = st.builds(Link, GROUPS, GROUPS, st.just("group"))


def nested(*pairs):
    return [Link(group, member, "group") for group, member in pairs]


def is_in_itself(group, links):
    """Walk down from the group, and tell whether it is met again."""
    below = {link.member_id for link in links if link.group_id == group}
    seen = set()
    while below:
        seen |= below
        below = {link.member_id for link in links if link.group_id in below} - seen
    return group in seen


def test_a_group_is_not_put_into_one_that_is_in_it_already():
    standing = nested("ab", "bc")
    assert without_cycles(nested("ca", "ba", "aa", "ac"), standing) == nested("ac")


def test_of_two_that_exclude_each_other_the_first_is_kept():
    assert without_cycles(nested("ab", "ba"), []) == nested("ab")
    assert without_cycles(nested("ba", "ab"), []) == nested("ba")


def test_people_are_in_no_way_of_each_other():
    people = [Link("a", "ada", "person"), Link("b", "ada", "person")]
    assert without_cycles(people, nested("ab")) == people


@given(st.lists(LINKS, max_size=12), st.lists(LINKS, max_size=12))
def test_what_is_kept_makes_no_cycle_and_what_is_left_would(wanted, given_links):
    standing = without_cycles(given_links, [])
    kept = without_cycles(wanted, standing)
    assert not any(is_in_itself(group, [*standing, *kept]) for group in "abcde")
    for link in set(wanted) - set(kept):
        assert is_in_itself(link.member_id, [*standing, *kept, link])
