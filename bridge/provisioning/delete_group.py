"""Deletion of a group."""

from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.counts import count_deleted
from bridge.directory.fact_instants import fact_instant
from bridge.directory.groups import bury_group, lock_group
from bridge.directory.memberships import close_all, count_change, open_members, touch_groups_of
from bridge.journal.record import Subject, record
from bridge.provisioning.client import Client, check_version
from bridge.tenants.connections import lock_connection


def delete_group(
    session: TenantSession, group_id: str, *, if_match: str | None, client: Client, now: datetime
) -> None:
    """Delete a group (RFC 7644 section 3.6): its members leave it, and it leaves the groups it is in.

    Raises ``NotFound``, also the second time, and ``Stale``.
    """
    lock_connection(session, client.connection_id)  # the groups above it are locked after it
    group = lock_group(session, connection_id=client.connection_id, group_id=group_id, to_delete=True)
    check_version(if_match, group.version)
    above = touch_groups_of(session, group_id)
    members = open_members(session, group_id)
    at = fact_instant(now, group.changed_at, *above.values())
    subject = Subject("group", group_id)
    cause_id = record(
        session, "scim:group:delete", subject, cause=client.cause, at=at, details={"members": len(members)}
    )
    close_all(session, group_id, at=at, cause_id=cause_id)
    count_change(session, above, at=at)
    bury_group(session, group, cause_id=cause_id, at=at)
    count_deleted(session, "group", connection_id=client.connection_id, at=at)
    concerned = (subject, *(Subject(each.kind, each.id) for each in members))
    mark_due(session, concerned, cause_id=cause_id, now=now)
