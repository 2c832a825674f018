"""The writing of one change of a person: journal entry, facts, and whom it concerns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bridge.access.revoke import revoke
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.counts import count_returned
from bridge.directory.fact_instants import fact_instant
from bridge.directory.people import KnownPerson, change_person
from bridge.directory.search import Found
from bridge.journal.record import Subject, record
from bridge.provisioning.client import Client, Written


def settled(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resource as it is stored: an empty ``externalId`` names nothing."""
    return {name: value for name, value in resource.items() if name != "externalId" or value != ""}


def action_of(before: KnownPerson, resource: Mapping[str, Any]) -> str:
    """Return what the journal calls the step from before to the resource."""
    active = resource.get("active", before.active)
    if before.active == active:
        return "scim:person:change"
    return "scim:person:reactivate" if active else "scim:person:deactivate"


def write_change(
    session: TenantSession,
    person: KnownPerson,
    resource: dict[str, Any],
    *,
    action: str,
    client: Client,
    now: datetime,
    details: Mapping[str, Any] | None = None,
) -> Found:
    """Journal and store what a person has become, and leave the consequences to the workers.

    Whoever is not active any more is signed out with it. ``details`` as in ``journal.record``: ids and counts
    only. Raises ``Uniqueness``.
    """
    at = fact_instant(now, person.changed_at)
    subject = Subject("person", person.id)
    cause_id = record(session, action, subject, cause=client.cause, at=at, details=details)
    digest = client.external_digest(resource.get("externalId"))
    found = change_person(
        session,
        person,
        resource,
        external_digest=digest,
        cause_id=cause_id,
        at=at,
        schema=client.user_schema,
    )
    if person.active and not resource.get("active", True):
        revoke(session, person.id, because="deactivated", cause_id=cause_id, at=at)
    if person.deleted_at is not None:
        count_returned(session, "person", connection_id=client.connection_id, at=at)
    mark_due(session, [subject], cause_id=cause_id, now=now)
    return found


def write_person(
    session: TenantSession,
    person: KnownPerson,
    resource: dict[str, Any],
    *,
    tolerances: tuple[str, ...],
    client: Client,
    now: datetime,
) -> Written:
    """Write what a PUT or PATCH makes of a person; when that is nothing new, write nothing."""
    if resource == person.resource:
        same = Found(
            person.id, person.resource, person.version, person.created_at, person.changed_at, person.groups
        )
        return Written(same, changed=False, tolerances=tolerances)
    action = action_of(person, resource)
    found = write_change(session, person, resource, action=action, client=client, now=now)
    return Written(found, tolerances=tolerances)
