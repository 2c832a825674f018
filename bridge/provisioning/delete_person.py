"""Deletion of a person."""

from datetime import datetime

from bridge.access.revoke import revoke
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.counts import count_deleted
from bridge.directory.fact_instants import fact_instant
from bridge.directory.memberships import close_all, count_change, touch_groups_of
from bridge.directory.people import bury_person, lock_person
from bridge.journal.record import Subject, record
from bridge.provisioning.client import Client, check_version


def delete_person(
    session: TenantSession, person_id: str, *, if_match: str | None, client: Client, now: datetime
) -> None:
    """Delete a person (RFC 7644 section 3.6): names are free at once, memberships end, a tombstone stays.

    They are signed out with it. Raises ``NotFound``, also the second time, and ``Stale``.
    """
    person = lock_person(session, connection_id=client.connection_id, person_id=person_id, to_delete=True)
    check_version(if_match, person.version)
    groups = touch_groups_of(session, person_id)
    at = fact_instant(now, person.changed_at, *groups.values())
    subject = Subject("person", person_id)
    cause_id = record(
        session, "scim:person:delete", subject, cause=client.cause, at=at, details={"groups": len(groups)}
    )
    close_all(session, person_id, at=at, cause_id=cause_id)
    count_change(session, groups, at=at)
    bury_person(session, person, cause_id=cause_id, at=at)
    revoke(session, person_id, because="deleted", cause_id=cause_id, at=at)
    count_deleted(session, "person", connection_id=client.connection_id, at=at)
    mark_due(session, [subject], cause_id=cause_id, now=now)
