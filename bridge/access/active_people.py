"""Whether a person may have anything to sign in with."""

from sqlalchemy import select

from bridge.database.sessions import Database, TenantSession
from bridge.directory.tables import Person
from bridge.errors import Conflict, NotFound, Unauthenticated

_ACTIVE = select(Person.id).where(Person.active, Person.deleted_at.is_(None))


def hold_active(session: TenantSession, person_id: str) -> None:
    """Have a person stay as active as they are until the commit.

    A deactivation at the same time waits, and then sees what was made meanwhile. Raises ``NotFound`` for a
    person the tenant does not know, ``Conflict`` for one who is not active.
    """
    row = session.execute(
        select(Person.active, Person.deleted_at).where(Person.id == person_id).with_for_update(read=True)
    ).one_or_none()
    if row is None:
        raise no_person(person_id)
    if not row.active or row.deleted_at is not None:
        raise Conflict(f"{person_id} is not active: nothing is made for them to sign in with")


def require_active(database: Database, tenant_id: str, person_id: str) -> None:
    """Raise ``Unauthenticated`` unless the person is active now."""
    with database.read(tenant_id) as session:
        if session.scalar(_ACTIVE.where(Person.id == person_id)) is None:
            raise Unauthenticated("whose key this is may not sign in any more: ask your administrator")


def no_person(person_id: str) -> NotFound:
    """Return what is told of a person whom the tenant does not know."""
    return NotFound(f"there is no person {person_id[:60]} in this tenant")
