"""Finding of whom a subject identifier means among the people of one connection."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select

from bridge.access.tables import Session
from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.tables import Person
from bridge.scim.text import fold
from bridge.signin.events.subjects import EventSubject
from bridge.signin.tables import Identity


def linked_people(session: TenantSession, subjects: Collection[str], *, connection_id: str) -> dict[str, str]:
    """Return by subject whom the connection's sign-ins are linked with, unless two issuers differ."""
    if not subjects:
        return {}
    row = Identity
    chosen = select(row.subject, row.person_id).where(
        row.connection_id == connection_id, one_of(row.subject, subjects)
    )
    found: dict[str, set[str]] = {}
    for subject, person_id in session.execute(chosen):
        found.setdefault(subject, set()).add(person_id)
    return {subject: ids.pop() for subject, ids in found.items() if len(ids) == 1}


def find_subject(
    session: TenantSession, subject: EventSubject, *, connection_id: str, issuer: str
) -> Sequence[str]:
    """Return the ids of the connection's living people whom the subject means, at most two.

    An id means whoever is linked with it at this issuer, or was provisioned under it as external id, else
    whose id it is here: a provider that provisions them knows them by it. That of another issuer is nobody's.
    An e-mail finds people, and links nobody. A session means whoever signed in by it.
    """
    if subject.issuer not in (None, issuer):
        return []
    living = select(Person.id).where(Person.connection_id == connection_id, Person.deleted_at.is_(None))
    if subject.id is None and subject.email is None:
        opened = select(Session.person_id).where(
            Session.connection_id == connection_id,
            Session.provider_issuer == issuer,
            Session.provider_session == subject.session_id,
            Session.ended_at.is_(None),
        )
        return session.scalars(living.where(Person.id.in_(opened)).order_by(Person.id).limit(2)).all()
    if subject.email is not None:
        key = fold(subject.email)
        named = living.where(or_(Person.email_key == key, Person.user_name_key == key))
        return session.scalars(named.order_by(Person.id).limit(2)).all()
    linked = select(Identity.person_id).where(
        Identity.connection_id == connection_id, Identity.issuer == issuer, Identity.subject == subject.id
    )
    known = session.scalar(living.where(Person.id.in_(linked)))
    if known is not None:
        return [known]
    provisioned = session.scalars(living.where(Person.external_id == subject.id)).all()
    return provisioned or session.scalars(living.where(Person.id == subject.id)).all()
