import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidInput, InvalidPath, InvalidValue, TooMany
from bridge.scim.dialects import DIALECTS, PATCH_URN, canonical_operations
from bridge.scim.filters import AttrPath, Comparison
from bridge.scim.patch import (
    AddMembers,
    RemoveAll,
    RemoveMembers,
    RemoveMembersMatching,
    ReplaceMembers,
    apply_patch,
    group_changes,
)
from bridge.scim.reading import Limits
from bridge.scim.schemas import GROUP_RESOURCE, GROUP_URN


def changes(*operations, dialect="generic", limits=None):
    body = {"schemas": [PATCH_URN], "Operations": list(operations)}
    limits = limits or Limits()
    read, _ = canonical_operations(body, DIALECTS[dialect], GROUP_RESOURCE, limits, own_id="g1")
    return group_changes(read, limits)


def members(op, value=..., path="members"):
    given_value = {} if value is ... else {"value": value}
    return {"op": op, "path": path, **given_value}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (members("add", [{"value": "a"}, {"value": "b"}, {"value": "a"}]), AddMembers(("a", "b"))),
        (members("Add", [{"$ref": None, "value": "a", "display": "Ada"}]), AddMembers(("a",))),
        (members("add", {"value": "a"}), AddMembers(("a",))),
        (members("add", ["a"]), AddMembers(("a",))),
        (members("add", "a"), AddMembers(("a",))),
        (members("replace", [{"value": "b"}, {"value": "a", "type": "User"}]), ReplaceMembers(("b", "a"))),
        (members("replace", []), ReplaceMembers(())),
        (members("replace", None), ReplaceMembers(())),
        (members("remove"), RemoveAll()),
        (members("Remove", [{"$ref": None, "value": "a"}]), RemoveMembers(("a",))),
        (members("remove", path='members[value eq "a"]'), RemoveMembers(("a",))),
        (members("remove", path='members[value eq "a" or value eq "b"]'), RemoveMembers(("a", "b"))),
        (
            members("remove", path='members[type eq "Group"]'),
            RemoveMembersMatching(Comparison(AttrPath(None, "type"), "eq", "Group")),
        ),
        (
            members("remove", path='members[value sw "a"]'),
            RemoveMembersMatching(Comparison(AttrPath(None, "value"), "sw", "a")),
        ),
        (
            members("remove", path="members[value eq null]"),
            RemoveMembersMatching(Comparison(AttrPath(None, "value"), "eq", None)),
        ),
        ({"op": "add", "value": {"members": [{"value": "a"}]}}, AddMembers(("a",))),
        ({"op": "replace", "value": {"members": []}}, ReplaceMembers(())),
        ({"op": "add", "path": f"{GROUP_URN}:members", "value": [{"value": "a"}]}, AddMembers(("a",))),
    ],
)
def test_members_are_row_operations(operation, expected):
    assert changes(operation).members == (expected,)


def test_operations_keep_their_order_and_attributes_stand_apart():
    found = changes(
        members("add", [{"value": "a"}]),
        {"op": "replace", "value": {"id": "g1", "displayName": "Sales"}},
        members("remove", path='members[value eq "b"]'),
        {"op": "add", "path": "externalId", "value": "x"},
        members("remove"),
    )
    assert found.members == (AddMembers(("a",)), RemoveMembers(("b",)), RemoveAll())
    assert found.display_name == "Sales"
    group = {"schemas": [GROUP_URN], "displayName": "Old"}
    assert apply_patch(group, found.attributes, GROUP_RESOURCE) == {
        "schemas": [GROUP_URN],
        "displayName": "Sales",
        "externalId": "x",
    }


def test_a_rename_touches_no_member():
    found = changes({"op": "Replace", "path": "displayName", "value": "new"}, dialect="entra")
    assert (found.display_name, found.members) == ("new", ())
    assert changes({"op": "add", "path": "externalId", "value": "x"}).display_name is None


def test_an_empty_list_of_members_to_add_or_remove_is_no_change():
    assert changes(members("add", []), members("remove", [])).members == ()


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize(
    "value", [[{"value": "a"}, {}], [{"value": None}], [{"display": "Ada"}], [5], [{"value": ""}]]
)
def test_a_member_without_an_id_refuses_the_whole_request(dialect, op, value):
    with pytest.raises(InvalidValue, match="Operation 1: members"):
        changes(members("add", [{"value": "z"}]), members(op, value), dialect=dialect)


def test_a_strict_remove_with_a_list_is_refused_and_never_empties_the_group():
    with pytest.raises(InvalidValue, match=r"members\[value eq"):
        changes(members("remove", [{"value": "a"}]), dialect="strict")


@pytest.mark.parametrize(
    "operation",
    [
        members("add", {"value": "b"}, path='members[value eq "a"]'),
        members("replace", "b", path='members[value eq "a"].value'),
        members("replace", "b", path="members.value"),
        members("remove", path='members[value eq "a"].type'),
    ],
)
def test_a_member_changes_only_as_a_whole(operation):
    with pytest.raises(InvalidPath, match="as a whole"):
        changes(operation)


def test_members_are_limited_by_request():
    limits = Limits(members=3)
    assert changes(members("add", [{"value": x} for x in "abc"]), limits=limits)
    with pytest.raises(TooMany):
        changes(members("add", [{"value": x} for x in "abcd"]), limits=limits)
    with pytest.raises(TooMany, match="names 4 members"):
        changes(
            members("add", [{"value": x} for x in "abc"]), members("add", [{"value": "d"}]), limits=limits
        )


def test_a_hundred_thousand_members_are_one_operation():
    found = changes(members("replace", [{"value": str(number)} for number in range(100_000)]))
    assert len(found.members[0].values) == 100_000


IDS = st.lists(st.sampled_from("abcd"), max_size=4)


@given(
    st.lists(st.tuples(st.sampled_from(["add", "remove", "replace"]), IDS), max_size=5),
    st.sets(st.sampled_from("abcd")),
)
def test_row_operations_do_to_a_set_what_the_request_says(asked, start):
    expected = set(start)
    for op, ids in asked:
        expected = {"add": expected | set(ids), "remove": expected - set(ids), "replace": set(ids)}[op]
    operations = [members(op, [{"value": each} for each in ids]) for op, ids in asked]
    found = set(start)
    for each in changes(*operations).members if operations else ():
        match each:
            case AddMembers(values):
                found |= set(values)
            case RemoveMembers(values):
                found -= set(values)
            case ReplaceMembers(values):
                found = set(values)
    assert found == expected


@given(
    st.recursive(
        st.none() | st.text(max_size=3),
        lambda x: st.lists(x, max_size=2) | st.dictionaries(st.sampled_from(["value", "type"]), x),
        max_leaves=4,
    )
)
def test_any_value_for_members_is_read_or_refused(value):
    try:
        found = changes(members("add", value))
    except InvalidInput:
        return
    assert all(isinstance(each, str) and each for operation in found.members for each in operation.values)
