"""Emptying of what deleted groups were, once nothing can bring them back."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bridge.database.sessions import TenantSession
from bridge.directory.tables import Group
from bridge.seats.tables import Storm

#: A living group has a name: one without is a tombstone that nothing is left of.
NOTHING: dict[str, Any] = {
    "display_name": "", "display_name_key": "", "unique_name_key": None, "external_id": None,
    "resource": {}, "folded": {},
}  # fmt: skip


def erase_groups(session: TenantSession, *, settled_until: datetime | None) -> None:
    """Empty groups that were deleted before all was settled; twice is once.

    They may be named after people, and keep what they were only for the undo of a storm. While one is open
    that may have to do with the deletion, they keep it.
    """
    if settled_until is None:
        return
    waits = (
        select(Storm.id)
        .where(
            Storm.tenant_id == Group.tenant_id,
            Storm.connection_id == Group.connection_id,
            Storm.status == "open",
            Storm.first_at <= Group.deleted_at,
        )
        .exists()
    )
    settled = update(Group).where(Group.deleted_at < settled_until, Group.display_name != "", ~waits)
    session.execute(settled.values(NOTHING), execution_options={"synchronize_session": False})
