"""Finding of a storm that is to be decided, so that nobody else decides it meanwhile."""

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, NotFound
from bridge.seats.locks import lock_fuses
from bridge.seats.tables import Storm


def find_storm(session: TenantSession, storm_id: str) -> Storm:
    """Return a storm of the tenant. Raises ``NotFound``."""
    found = session.scalar(select(Storm).where(Storm.id == storm_id))
    if found is None:
        raise NotFound(f"there is no storm {storm_id[:60]} in this tenant")
    return found


def storm_to_decide(session: TenantSession, storm_id: str, *, as_: str) -> Storm | None:
    """Lock and return a storm that is open; None where it is decided that way already.

    Raises ``NotFound``, and ``Conflict`` where it was decided the other way.
    """
    lock_fuses(session, [find_storm(session, storm_id).connection_id])
    held = select(Storm).where(Storm.id == storm_id).with_for_update()
    storm = session.scalars(held, execution_options={"populate_existing": True}).one()
    if storm.status == as_:
        return None
    if storm.status != "open":
        raise Conflict(
            f"the storm {storm_id} is {storm.status} since {storm.decided_at}: nothing was changed"
        )
    return storm
