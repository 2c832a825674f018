"""Replacement of a person's attributes."""

from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.directory.people import lock_person
from bridge.provisioning.client import Client, Written, check_version
from bridge.provisioning.person_changes import settled, write_person
from bridge.scim.canonical import canonical_resource


def replace_person(
    session: TenantSession,
    person_id: str,
    body: object,
    *,
    if_match: str | None,
    client: Client,
    now: datetime,
) -> Written:
    """Make the person what a PUT describes (RFC 7644 section 3.5.1); ``groups`` and ``meta`` say nothing.

    Without ``active`` the person stays as active as before: several clients send it only when it changes.
    Raises ``NotFound``, ``Stale``, ``Uniqueness``, ``InvalidInput``.
    """
    read = canonical_resource(body, client.user_schema, client.dialect, client.limits)
    person = lock_person(session, connection_id=client.connection_id, person_id=person_id)
    check_version(if_match, person.version)
    new = client.replaced(person.resource, {"active": person.active, **read.resource})
    return write_person(session, person, settled(new), tolerances=read.tolerances, client=client, now=now)
