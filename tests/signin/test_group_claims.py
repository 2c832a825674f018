"""What a claim of groups says, and how far that reaches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.scim.text import fold
from bridge.signin.group_claims import GroupName, read_group_claim, without_groups

GUID = "6f0a41fa-7c4f-4a0e-9d5c-1f2f3a4b5c6d"
NAMES = st.lists(st.one_of(st.text(), st.none(), st.integers(), st.just(GUID)), max_size=30)


def read(claims, *, name="groups", preset="okta", most=1000):
    return read_group_claim(claims, name=name, preset=preset, most=most)


def texts(claim):
    return [each.text for each in claim.names]


@pytest.mark.parametrize(
    ("given_", "reach", "names"),
    [
        (["Sales", "Ops"], "whole", ["Sales", "Ops"]),
        ("Sales", "whole", ["Sales"]),
        ([], "whole", []),
        (["Sales", "Sales", "sales"], "whole", ["Sales"]),
        (["x" * 1000], "whole", ["x" * 1000]),
        (["a\0b", "Ops"], "whole", ["Ops"]),
        (["Sales", 7, None, {"id": "x"}], "partial", ["Sales"]),
        (["Sales", ""], "partial", ["Sales"]),
        ([["Sales"]], "partial", []),
        (None, "unknown", []),
        ("", "unknown", []),
        (7, "unknown", []),
        (True, "unknown", []),
        ({"Sales": True}, "unknown", []),
        ([str(each) for each in range(1001)], "too_many", []),
    ],
)
def test_each_shape_is_read_for_what_it_says_and_no_more(given_, reach, names):
    claim = read({"groups": given_})
    assert (claim.reach, texts(claim)) == (reach, names)


def test_a_claim_that_is_absent_is_unknown_and_never_none():
    assert read({}).reach == "unknown"
    assert read({"roles": ["Sales"]}).reach == "unknown"
    assert read({"roles": ["Sales"]}, name="roles").reach == "whole"


def test_a_hundred_groups_of_okta_may_be_cut_and_of_others_are_all():
    hundred = [str(each) for each in range(100)]
    assert read({"groups": hundred}).reach == "partial"
    assert read({"groups": hundred[:99]}).reach == "whole"
    assert read({"groups": hundred}, preset="generic").reach == "whole"


@pytest.mark.parametrize(
    "more",
    [
        {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}},
        {"hasgroups": True},
        {"hasgroups": "true"},
        {"groups": ["Sales"], "_claim_names": {"groups": "src1"}},
    ],
)
def test_a_token_of_entra_may_say_that_groups_are_elsewhere(more):
    assert read(more, preset="entra").reach == "elsewhere"
    assert read(more, preset="entra", name="roles").reach == "elsewhere"


def test_what_says_nothing_of_groups_elsewhere_is_not_taken_for_it():
    assert read({"_claim_names": {"address": "src1"}}, preset="entra").reach == "unknown"
    assert read({"_claim_names": ["groups"], "hasgroups": False}, preset="entra").reach == "unknown"
    assert read({"hasgroups": True}).reach == "unknown"
    assert read({"_claim_names": {"groups": "s"}}, preset="generic").reach == "elsewhere"


def test_an_object_id_of_entra_is_the_groups_external_id_and_a_name_is_not():
    claim = read({"groups": [GUID.upper(), "Sales"]}, preset="entra")
    assert claim.names == (GroupName(GUID, GUID), GroupName("Sales"))
    assert read({"groups": [GUID]}).names == (GroupName(GUID),)


def test_userinfo_tells_of_groups_only_where_it_may():
    told = {"sub": "1", "groups": ["Sales"], "hasgroups": True, "_claim_names": {}}
    assert without_groups(told, "groups", kept=False) == {"sub": "1"}
    assert without_groups(told, "groups", kept=True) == told


@given(NAMES, st.sampled_from(["okta", "entra", "generic"]))
def test_every_name_is_told_once_and_only_whole_lists_are_whole(given_, preset):
    claim = read({"groups": given_}, preset=preset)
    words = [each for each in given_ if isinstance(each, str) and each.strip()]
    assert (claim.reach == "whole") == (len(words) == len(given_))
    keys = [fold(each.text) for each in claim.names]
    assert len(keys) == len(set(keys))
    assert set(keys) <= {fold(each) for each in words}
