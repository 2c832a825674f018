"""Changes to parts of a group, above all to its members."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.directory.groups import lock_group
from bridge.directory.memberships import lock_members, open_members
from bridge.provisioning.client import Client, Written, check_version
from bridge.provisioning.group_changes import difference, write_group
from bridge.provisioning.member_plan import Selection, named_in, plan_of
from bridge.provisioning.person_changes import settled
from bridge.scim.dialects import canonical_operations
from bridge.scim.filter_tree import Filter
from bridge.scim.group_changes import group_changes
from bridge.scim.matches import matches_element
from bridge.scim.patch import apply_patch
from bridge.scim.schemas import GROUP_RESOURCE, MEMBERS


def patch_group(
    session: TenantSession,
    group_id: str,
    body: object,
    *,
    if_match: str | None,
    client: Client,
    now: datetime,
) -> Written:
    """Apply a PATCH to a group, all of it or nothing (RFC 7644 section 3.5.2).

    Members are row operations under the group's lock: adding who is a member, or removing who is none, is no
    change, and two PATCHes at once both count.
    Raises ``NotFound``, ``Stale``, ``Uniqueness``, ``InvalidInput``, which names an unknown member.
    """
    operations, tolerances = canonical_operations(
        body, client.dialect, GROUP_RESOURCE, client.limits, own_id=group_id
    )
    changes = group_changes(operations, client.limits)
    # Members before the group, everywhere: whoever locks in one order cannot lock each other out.
    kinds = lock_members(session, connection_id=client.connection_id, ids=named_in(changes.members))
    group = lock_group(session, connection_id=client.connection_id, group_id=group_id)
    check_version(if_match, group.version)
    plan = plan_of(changes.members, _selection(session, group_id, kinds, client.root))
    members = difference(session, group_id, plan, kinds)
    resource = settled(apply_patch(group.resource, changes.attributes, GROUP_RESOURCE, client.limits))
    return write_group(session, group, resource, members, tolerances=tolerances, client=client, now=now)


def _selection(session: TenantSession, group_id: str, kinds: Mapping[str, str], root: str) -> Selection:
    """Return how ``members[…]`` selects: stored members by query, those added before it in memory."""

    def select(condition: Filter, added: frozenset[str]) -> Iterable[str]:
        yield from (each.id for each in open_members(session, group_id, condition=condition, root=root))
        for each in added:
            place = "Users" if kinds[each] == "person" else "Groups"
            element = {"value": each, "$ref": f"{root}/{place}/{each}", "type": place.removesuffix("s")}
            if matches_element(condition, element, MEMBERS):
                yield each

    return select
