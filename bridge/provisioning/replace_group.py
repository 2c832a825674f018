"""Replacement of a group and its members."""

from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.directory.groups import lock_group
from bridge.directory.memberships import lock_members
from bridge.provisioning.client import Client, Written, check_version
from bridge.provisioning.group_changes import difference, write_group
from bridge.provisioning.member_plan import MemberPlan
from bridge.provisioning.person_changes import settled
from bridge.scim.canonical import canonical_resource
from bridge.scim.schemas import GROUP_RESOURCE


def replace_group(
    session: TenantSession,
    group_id: str,
    body: object,
    *,
    if_match: str | None,
    client: Client,
    now: datetime,
) -> Written:
    """Make the group, its members included, what a PUT describes (RFC 7644 section 3.5.1).

    Raises ``NotFound``, ``Stale``, ``Uniqueness``, ``InvalidInput``.
    """
    read = canonical_resource(body, GROUP_RESOURCE, client.dialect, client.limits)
    given = settled(read.resource)
    ids = list(dict.fromkeys(each["value"] for each in given.pop("members", ())))
    kinds = lock_members(session, connection_id=client.connection_id, ids=ids)
    group = lock_group(session, connection_id=client.connection_id, group_id=group_id)
    check_version(if_match, group.version)
    members = difference(session, group_id, MemberPlan(frozenset(ids), everyone=True), kinds)
    resource = client.replaced(group.resource, given)
    return write_group(session, group, resource, members, tolerances=read.tolerances, client=client, now=now)
