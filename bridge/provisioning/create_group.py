"""Creation of a group."""

from datetime import datetime

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.directory.groups import add_group
from bridge.directory.memberships import lock_members
from bridge.directory.search import Member
from bridge.journal.record import Subject, record
from bridge.provisioning.client import Client, Written
from bridge.provisioning.group_changes import Difference, write_members
from bridge.provisioning.person_changes import settled
from bridge.scim.canonical import canonical_resource
from bridge.scim.schemas import GROUP_RESOURCE


def create_group(session: TenantSession, body: object, *, client: Client, now: datetime) -> Written:
    """Store the group a POST describes, with its members (RFC 7644 section 3.3).

    Raises ``Uniqueness``, and ``InvalidInput`` for what cannot be stored, unknown members included.
    """
    read = canonical_resource(body, GROUP_RESOURCE, client.dialect, client.limits)
    resource = settled(read.resource)
    ids = list(dict.fromkeys(each["value"] for each in resource.pop("members", ())))
    kinds = lock_members(session, connection_id=client.connection_id, ids=ids)
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
