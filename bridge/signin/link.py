"""From a provider's subject to a person: by a link made before, by the external id, by an administrator.

Never by an e-mail address or a user name: whoever may set those at some provider, or takes over one that is
free again, would sign in as somebody else.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from bridge.database.sessions import TenantSession
from bridge.directory.tables import Person
from bridge.errors import Conflict, InvalidValue, NotFound, Untrusted
from bridge.journal.record import Cause, Subject, record
from bridge.signin.id_tokens import Vouched
from bridge.signin.oidc_settings import find_issuer
from bridge.signin.signed_tokens import CONTROL, SUBJECT_CHARACTERS
from bridge.signin.tables import Identity


def find_linked(session: TenantSession, connection_id: str, vouched: Vouched) -> str | None:
    """Return the person whose identity this is, None without one."""
    return session.scalar(
        select(Identity.person_id).where(
            Identity.connection_id == connection_id,
            Identity.issuer == vouched.issuer,
            Identity.subject == vouched.subject,
        )
    )


def link_by_external_id(
    session: TenantSession, connection_id: str, vouched: Vouched, *, cause: Cause, now: datetime
) -> str | None:
    """Link whom the provider has provisioned under the id it vouches for; return them, None without one.

    Raises ``Untrusted`` for a person who is not active, or has an identity of this provider already.
    """
    row = session.execute(
        select(Person.id, Person.active)
        .where(
            Person.connection_id == connection_id,
            Person.external_id == vouched.external_id,
            Person.deleted_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    if not row.active:
        raise Untrusted(
            "person_inactive", "whoever signs in was deactivated: ask your administrator", person_id=row.id
        )
    known = identities_of(session, row.id, connection_id=connection_id, issuer=vouched.issuer)
    if vouched.subject in {each.subject for each in known}:
        return str(row.id)  # linked meanwhile, by the same person's other tab
    if known:
        raise Untrusted(
            "linked_otherwise", "the person is linked to another account of the provider", person_id=row.id
        )
    add_identity(
        session,
        connection_id,
        vouched.issuer,
        vouched.subject,
        row.id,
        by="external_id",
        cause=cause,
        now=now,
    )
    return str(row.id)


def link_by_administrator(
    session: TenantSession, connection_id: str, subject: str, person_id: str, *, cause: Cause, now: datetime
) -> None:
    """Link a subject of the connection's provider to a person; twice is once.

    Raises ``NotFound`` for a person of no account of the connection, ``InvalidValue`` for what is no subject,
    ``Conflict`` for a subject that is linked to somebody else.
    """
    issuer = find_issuer(session, connection_id)
    if not 0 < len(subject) <= SUBJECT_CHARACTERS or CONTROL.search(subject):
        raise InvalidValue("allowed 1 to 255 characters, as the provider shows them", pointer="/subject")
    own = select(Person.id).where(
        Person.id == person_id, Person.connection_id == connection_id, Person.deleted_at.is_(None)
    )
    if session.scalar(own.with_for_update()) is None:
        raise NotFound(f"there is no person {person_id[:60]} on this connection")
    known = session.scalar(
        select(Identity.person_id).where(
            Identity.connection_id == connection_id, Identity.issuer == issuer, Identity.subject == subject
        )
    )
    if known not in (None, person_id):
        raise Conflict(f"this subject is linked to {known}: end that link first")
    if known is None:
        add_identity(
            session, connection_id, issuer, subject, person_id, by="administrator", cause=cause, now=now
        )


def unlink(session: TenantSession, person_id: str, *, cause: Cause, now: datetime) -> int:
    """End all links of a person; return how many. Sessions that are open stay so."""
    rows = identities_of(session, person_id)
    if rows:
        record(session, "signin:identity:unlink", Subject("person", person_id), cause=cause, at=now)
        session.execute(
            delete(Identity).where(Identity.person_id == person_id),
            execution_options={"synchronize_session": False},
        )
    return len(rows)


def identities_of(
    session: TenantSession, person_id: str, *, connection_id: str | None = None, issuer: str | None = None
) -> Sequence[Identity]:
    """Return the identities of a person, oldest first, those of a connection and an issuer where named."""
    rows = select(Identity).where(Identity.person_id == person_id)
    if connection_id is not None:
        rows = rows.where(Identity.connection_id == connection_id)
    if issuer is not None:
        rows = rows.where(Identity.issuer == issuer)
    return session.scalars(rows.order_by(Identity.linked_at, Identity.subject)).all()


def add_identity(
    session: TenantSession,
    connection_id: str,
    issuer: str,
    subject: str,
    person_id: str,
    *,
    by: str,
    cause: Cause,
    now: datetime,
) -> None:
    """Store a link and journal it. The journal has no subject: it stays when the person is erased."""
    details = {"connection": connection_id, "by": by}
    about = Subject("person", person_id)
    row = {
        "tenant_id": session.tenant_id,
        "connection_id": connection_id,
        "issuer": issuer,
        "subject": subject,
        "person_id": person_id,
        "linked_by": by,
        "linked_at": now,
        "cause_id": record(session, "signin:identity:link", about, cause=cause, at=now, details=details),
    }
    session.add_rows(Identity, [row])
