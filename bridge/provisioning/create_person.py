"""Creation of a person, or the return of one who was here before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.names import name_key, taken
from bridge.directory.people import KnownPerson, add_person, lock_namesakes
from bridge.directory.search import Found
from bridge.journal.record import Subject, record
from bridge.provisioning.client import Client, Written
from bridge.provisioning.person_changes import settled, write_change
from bridge.scim.canonical import canonical_resource


def create_person(session: TenantSession, body: object, *, client: Client, now: datetime) -> Written:
    """Store the person a POST describes (RFC 7644 section 3.3).

    Okta never deletes: it deactivates, and creates again. So an inactive person with an equal ``externalId``
    comes back under the same id; so does one of equal ``userName`` when neither has an ``externalId``, but
    alone, without what links or administrators gave. A different ``externalId`` under a recycled ``userName``
    is a new person, to whom the inactive one leaves the name. A deleted person is known by the digest of
    ``externalId`` and comes back under the old id. The strict dialect restores tombstones alone.
    Raises ``Uniqueness`` when an active person has the name, ``InvalidInput`` for what cannot be stored.
    """
    read = canonical_resource(body, client.user_schema, client.dialect, client.limits)
    resource = settled({"active": True, **read.resource})
    known = _namesakes(session, resource, client)
    _check_taken(known, resource, strict=client.dialect.name == "strict")
    returner = known.returner(resource)
    new_id_ = returner.id if returner else new_id(now)
    if known.by_name is not None and known.by_name is not returner:
        _release_name(session, known.by_name, to=new_id_, client=client, now=now)
    if returner is None:
        digest = known.external_digest
        found = _add(session, resource, person_id=new_id_, external_digest=digest, client=client, now=now)
    else:
        found = _restore(session, returner, resource, client=client, now=now)
    return Written(found, created=True, tolerances=read.tolerances)


@dataclass(frozen=True, slots=True)
class _Namesakes:
    """People with the name or the external id of the one to create, and the digest of that id."""

    by_external_id: KnownPerson | None
    by_name: KnownPerson | None
    tombstone: KnownPerson | None
    external_digest: str | None

    def returner(self, resource: dict[str, Any]) -> KnownPerson | None:
        """Return who the person was before, if anybody."""
        if self.by_external_id is not None:
            return self.by_external_id
        named = self.by_name
        if named is not None and named.external_id is None and "externalId" not in resource:
            return named
        return self.tombstone


def _namesakes(session: TenantSession, resource: dict[str, Any], client: Client) -> _Namesakes:
    external_id = resource.get("externalId")
    digests = client.external_digests(external_id)
    rows = lock_namesakes(
        session,
        connection_id=client.connection_id,
        user_name=resource["userName"],
        external_id=external_id,
        external_digests=digests,
    )
    living = [each for each in rows if each.deleted_at is None]
    key = name_key(resource["userName"], attribute="userName")
    return _Namesakes(
        by_external_id=_first(
            [each for each in living if external_id is not None and each.external_id == external_id]
        ),
        by_name=_first([each for each in living if each.user_name_key == key]),
        tombstone=_first(
            sorted(
                (each for each in rows if each.deleted_at is not None),
                key=lambda each: each.changed_at,
                reverse=True,
            )
        ),
        external_digest=digests[0] if digests else None,
    )


def _first(people: Sequence[KnownPerson]) -> KnownPerson | None:
    return people[0] if people else None


def _check_taken(known: _Namesakes, resource: dict[str, Any], *, strict: bool) -> None:
    for attribute, person in (("userName", known.by_name), ("externalId", known.by_external_id)):
        if person is not None and (person.active or strict):
            raise taken(attribute, resource[attribute])


def _add(
    session: TenantSession,
    resource: dict[str, Any],
    *,
    person_id: str,
    external_digest: str | None,
    client: Client,
    now: datetime,
) -> Found:
    subject = Subject("person", person_id)
    cause_id = record(session, "scim:person:create", subject, cause=client.cause, at=now)
    mark_due(session, [subject], cause_id=cause_id, now=now)
    return add_person(
        session,
        resource,
        connection_id=client.connection_id,
        external_digest=external_digest,
        cause_id=cause_id,
        person_id=person_id,
        at=now,
        schema=client.user_schema,
    )


def _restore(
    session: TenantSession,
    returner: KnownPerson,
    resource: dict[str, Any],
    *,
    client: Client,
    now: datetime,
) -> Found:
    """Bring a person back; ``known_by`` tells later rooms what may come back with them."""
    known_by = "externalId" if "externalId" in resource else "userName"
    details = {"known_by": known_by}
    return write_change(
        session, returner, resource, action="scim:person:restore", client=client, now=now, details=details
    )


def _release_name(
    session: TenantSession, holder: KnownPerson, *, to: str, client: Client, now: datetime
) -> None:
    """Rename an inactive person, so that the name is free; the id makes the other one theirs alone."""
    renamed = {**holder.resource, "userName": f"{holder.resource['userName']}#{holder.id}"}
    write_change(
        session,
        holder,
        renamed,
        action="scim:person:change",
        client=client,
        now=now,
        details={"name_released_to": to},
    )
