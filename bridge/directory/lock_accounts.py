"""Locking of the accounts that are joined or separated."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.read_versions import in_chunks
from bridge.directory.tables import Person
from bridge.errors import NotFound


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is under its row's lock; with ``deleted_at`` a tombstone."""

    id: str
    connection_id: str
    changed_at: datetime
    deleted_at: datetime | None


def lock_accounts(session: TenantSession, ids: Collection[str]) -> dict[str, Account]:
    """Lock and return accounts of the tenant, of any connection. Raises ``NotFound`` when one is unknown.

    All take the locks in the order of ids, as SCIM requests do, so that nobody waits in a circle. Adding of
    members does not wait.
    """
    columns = (Person.id, Person.connection_id, Person.changed_at, Person.deleted_at)
    found: dict[str, Account] = {}
    for some in in_chunks(sorted(set(ids))):
        rows = select(*columns).where(one_of(Person.id, some)).order_by(Person.id)
        for row in session.execute(rows.with_for_update(key_share=True)):
            found[row.id] = Account(*row)
    missing = next((id_ for id_ in ids if id_ not in found), None)
    if missing is not None:
        raise NotFound(f"there is no person {missing[:60]} in this tenant")
    return found
