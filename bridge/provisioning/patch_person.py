"""Changes to parts of a person."""

from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.directory.people import lock_person
from bridge.provisioning.client import Client, Written, check_version
from bridge.provisioning.person_changes import settled, write_person
from bridge.scim.dialects import canonical_operations
from bridge.scim.patch import apply_patch


def patch_person(
    session: TenantSession,
    person_id: str,
    body: object,
    *,
    if_match: str | None,
    client: Client,
    now: datetime,
) -> Written:
    """Apply a PATCH to a person, all of it or nothing (RFC 7644 section 3.5.2).

    Taking ``active`` away leaves it unassigned, and the person as active as before. Deactivation keeps
    memberships: identity providers do not send them again when the person comes back.
    Raises ``NotFound``, ``Stale``, ``Uniqueness``, ``InvalidInput``.
    """
    operations, tolerances = canonical_operations(
        body, client.dialect, client.user_schema, client.limits, own_id=person_id
    )
    person = lock_person(session, connection_id=client.connection_id, person_id=person_id)
    check_version(if_match, person.version)
    new = settled(apply_patch(person.resource, operations, client.user_schema, client.limits))
    return write_person(session, person, new, tolerances=tolerances, client=client, now=now)
