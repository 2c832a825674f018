"""The sum of member operations is what they do one after the other."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from bridge.provisioning.member_plan import MemberPlan, named_in, plan_of
from bridge.scim.filter_tree import AttrPath, Comparison, Filter
from bridge.scim.group_changes import (
    AddMembers,
    MemberOperation,
    RemoveAll,
    RemoveMembers,
    RemoveMembersMatching,
    ReplaceMembers,
)

IDS = st.sampled_from("abcdef")
LISTS = st.lists(IDS, max_size=3, unique=True).map(tuple)
MATCHING = IDS.map(lambda value: RemoveMembersMatching(Comparison(AttrPath(None, "value"), "le", value)))
OPERATIONS: st.SearchStrategy[MemberOperation] = st.one_of(
    LISTS.map(AddMembers), LISTS.map(RemoveMembers), LISTS.map(ReplaceMembers), st.just(RemoveAll()), MATCHING
)


def one_after_the_other(members: set[str], operations: Iterable[MemberOperation]) -> set[str]:
    for operation in operations:
        match operation:
            case AddMembers(values):
                members = members | set(values)
            case RemoveMembers(values):
                members = members - set(values)
            case ReplaceMembers(values):
                members = set(values)
            case RemoveAll():
                members = set()
            case RemoveMembersMatching(Comparison(_, _, most)):
                members = {each for each in members if each > most}
    return members


@given(st.sets(IDS), st.lists(OPERATIONS, max_size=6))
def test_a_plan_leaves_the_members_that_its_operations_leave(
    members: set[str], operations: list[MemberOperation]
):
    def select(condition: Filter, added: frozenset[str]) -> list[str]:
        return [each for each in members | added if each <= condition.value]

    plan = plan_of(operations, select)
    kept = set() if plan.everyone else members - plan.remove
    assert kept | plan.add == one_after_the_other(members, operations)
    assert plan.add <= set(named_in(operations))


def test_no_operation_is_no_plan():
    assert plan_of((), lambda _condition, _added: ()) == MemberPlan()


def test_ids_are_named_once_in_the_order_of_the_request():
    operations = [AddMembers(("b", "a")), RemoveMembers(("x",)), ReplaceMembers(("c", "a"))]
    assert named_in(operations) == ["b", "a", "c"]
