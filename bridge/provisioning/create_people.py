"""Creation of many people at once who are plainly new: in a few statements, however many they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_all_due
from bridge.directory.names import name_key
from bridge.directory.people import NewPerson, add_people, names_known
from bridge.errors import BridgeError
from bridge.journal.record import Entry, Subject, record_all
from bridge.provisioning.client import Client, Written
from bridge.provisioning.person_changes import settled
from bridge.scim.canonical import canonical_resource


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A person whom nobody here has the name or the id of."""

    person: NewPerson
    tolerances: tuple[str, ...]


def newcomers(
    session: TenantSession, bodies: Mapping[int, object], *, client: Client, now: datetime
) -> dict[int, Newcomer]:
    """Return those of the bodies that describe people who are plainly new, by the number of each.

    Not the others: what is no person, and whoever has the name or id of somebody here, of somebody who once
    was, or of somebody before them in the same request. ``create_person`` finds out what becomes of them.
    """
    read = {number: each for number, body in bodies.items() if (each := _read(body, client, now))}
    digests = {number: _digests(each.person, client) for number, each in read.items()}
    known = names_known(
        session,
        [each.person for each in read.values()],
        connection_id=client.connection_id,
        digests=[digest for each in digests.values() for digest in each],
    )
    new: dict[int, Newcomer] = {}
    for number, each in read.items():
        names = {*_names(each.person), *digests[number]}
        if not names & known:
            new[number] = each
        known |= names
    return new


def add_newcomers(
    session: TenantSession, new: Sequence[Newcomer], *, client: Client, now: datetime
) -> list[Written]:
    """Store them. Raises ``BridgeError`` when one cannot be, also because another request was quicker."""
    subjects = [Subject("person", each.person.id) for each in new]
    entries = [Entry("scim:person:create", subject, client.cause, now, {}) for subject in subjects]
    causes = record_all(session, entries)
    people = [
        NewPerson(each.person.id, each.person.resource, each.person.external_digest, cause_id)
        for each, cause_id in zip(new, causes, strict=True)
    ]
    found = add_people(session, people, connection_id=client.connection_id, at=now, schema=client.user_schema)
    mark_all_due(session, zip(subjects, causes, strict=True), now=now)
    return [
        Written(stored, created=True, tolerances=each.tolerances)
        for stored, each in zip(found, new, strict=True)
    ]


def _read(body: object, client: Client, now: datetime) -> Newcomer | None:
    try:
        read = canonical_resource(body, client.user_schema, client.dialect, client.limits)
        resource = settled({"active": True, **read.resource})
        name_key(resource["userName"], attribute="userName")
    except BridgeError:
        return None  # create_person will tell why
    digest = client.external_digest(resource.get("externalId"))
    return Newcomer(NewPerson(new_id(now), resource, digest, cause_id=""), read.tolerances)


def _names(person: NewPerson) -> set[str]:
    """Return the keys of a person's names; a name that is another's id at most costs a look."""
    names = {name_key(person.resource["userName"], attribute="userName")}
    return names | ({person.resource["externalId"]} if "externalId" in person.resource else set())


def _digests(person: NewPerson, client: Client) -> tuple[str, ...]:
    return client.external_digests(person.resource.get("externalId"))
