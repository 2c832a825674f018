"""Roles and a plan, as what they allow."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.entitlements.grants import Grants, granted
from config.catalogue import Plan, Role, plans, roles

EDITOR = Role("editor", "Editor", "", ("reports:read", "reports:write", "data:export"))
VIEW = Plan("view", "View", "", ("reports.view",), {}, view_only=True)
WORK = Plan("work", "Work", "", ("reports.view", "export"), {"rows": 10}, view_only=False)
CATALOGUE = {"plans": {"view": VIEW, "work": WORK}, "known_roles": {"editor": EDITOR}}


def test_a_role_brings_privileges_and_a_plan_features_and_limits():
    grants = granted("work", ["editor"], **CATALOGUE)
    assert grants == Grants(
        "work", ("editor",), ("data:export", "reports:read", "reports:write"), ("reports.view", "export"),
        {"rows": 10},
    )  # fmt: skip
    assert grants.allows("data:export")
    assert grants.allows("export")
    assert not grants.allows("settings:write")


def test_a_plan_to_look_only_leaves_what_reads():
    assert granted("view", ["editor"], **CATALOGUE).privileges == ("reports:read",)


def test_a_role_without_a_plan_keeps_its_privileges_and_has_no_features():
    grants = granted("none", ["editor", "editor", "unknown"], **CATALOGUE)
    assert (grants.roles, grants.features, grants.limits) == (("editor", "unknown"), (), {})
    assert grants.allows("reports:write")


@given(st.sampled_from(sorted(plans())), st.sets(st.sampled_from(sorted(roles()))))
def test_more_roles_never_allow_less_and_looking_only_never_more(plan, held):
    catalogue = {"plans": plans(), "known_roles": roles()}
    grants = granted(plan, sorted(held), **catalogue)
    for role in held:
        assert set(granted(plan, [role], **catalogue).privileges) <= set(grants.privileges)
    if plans()[plan].view_only:
        assert all(privilege.endswith(":read") for privilege in grants.privileges)
