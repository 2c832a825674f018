"""Creation of a group."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.directory.claimed_groups import lock_claimed_namesake
from bridge.directory.groups import add_group, lock_group
from bridge.directory.memberships import lock_members
from bridge.directory.names import name_key
from bridge.directory.search import Member
from bridge.journal.record import Subject, record
from bridge.provisioning.client import Client, Written
from bridge.provisioning.group_changes import Difference, difference, write_group, write_members
from bridge.provisioning.member_plan import MemberPlan
from bridge.provisioning.person_changes import settled
from bridge.scim.canonical import canonical_resource
from bridge.scim.schemas import GROUP_RESOURCE


def create_group(session: TenantSession, body: object, *, client: Client, now: datetime) -> Written:
    """Store the group a POST describes, with its members (RFC 7644 section 3.3).

    One that only sign-ins know by its external id or name becomes it, under the id that it has: there would
    be two of them, and rules know the first. Its members stay where the POST names none.
    Raises ``Uniqueness``, and ``InvalidInput`` for what cannot be stored, unknown members included.
    """
    read = canonical_resource(body, GROUP_RESOURCE, client.dialect, client.limits)
    resource = settled(read.resource)
    ids = list(dict.fromkeys(each["value"] for each in resource.pop("members", ())))
    kinds = lock_members(session, connection_id=client.connection_id, ids=ids)
    adopted = _adopt(session, resource, ids, kinds, tolerances=read.tolerances, client=client, now=now)
    if adopted is not None:
        return adopted
    subject = Subject("group", new_id(now))
    cause_id = record(
        session, "scim:group:create", subject, cause=client.cause, at=now, details={"members": len(ids)}
    )
    found = add_group(
        session,
        resource,
        connection_id=client.connection_id,
        unique_name=client.unique_group_names,
        cause_id=cause_id,
        group_id=subject.id,
        at=now,
    )
    members = Difference(tuple(Member(each, kinds[each]) for each in ids), (), None)
    levels = client.limits.group_levels
    write_members(session, subject.id, members, levels=levels, cause_id=cause_id, at=now, now=now)
    return Written(found, created=True, tolerances=read.tolerances)


def _adopt(
    session: TenantSession,
    resource: dict[str, Any],
    member_ids: Sequence[str],
    kinds: Mapping[str, str],
    *,
    tolerances: tuple[str, ...],
    client: Client,
    now: datetime,
) -> Written | None:
    group_id = lock_claimed_namesake(
        session,
        connection_id=client.connection_id,
        external_id=resource.get("externalId"),
        name_key=name_key(resource["displayName"], attribute="displayName"),
    )
    if group_id is None:
        return None
    group = lock_group(session, connection_id=client.connection_id, group_id=group_id)
    plan = MemberPlan(frozenset(member_ids), everyone=bool(member_ids))
    members = difference(session, group_id, plan, kinds)
    written = write_group(session, group, resource, members, tolerances=tolerances, client=client, now=now)
    return replace(written, created=True)
