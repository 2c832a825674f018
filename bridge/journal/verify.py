"""Recomputing the tenant's chain from its first entry."""

from dataclasses import dataclass

from sqlalchemy import and_, func, select

from bridge.database.sessions import Database, TenantSession
from bridge.journal.chain import BEGINNING, link
from bridge.journal.tables import JournalEntry, JournalSeal

ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Verification:
    """What the chain says: how many entries it holds intact before the first broken place, if there is one.

    ``unsealed`` entries are not in the chain yet. ``head`` is the hash of the last intact place: kept outside
    the database, it also proves that nothing was cut off the end.
    """

    sealed: int
    unsealed: int
    head: str
    first_broken_position: int | None = None
    reason: str | None = None


def verify(database: Database, tenant_id: str) -> Verification:
    """Walk the chain up to the first place that does not follow from the one before."""
    with database.read(tenant_id) as session:
        sealed, head, reason = _walk(session)
        entries = session.scalar(select(func.count()).select_from(JournalEntry)) or 0
        seals = session.scalar(select(func.count()).select_from(JournalSeal)) or 0
    return Verification(
        sealed=sealed,
        unsealed=max(entries - seals, 0),
        head=head,
        first_broken_position=sealed + 1 if reason else None,
        reason=reason,
    )


def _walk(session: TenantSession) -> tuple[int, str, str | None]:
    """Return how many places are intact, the hash of the last one, and what is wrong with the next."""
    own_entry = and_(JournalEntry.tenant_id == JournalSeal.tenant_id, JournalEntry.id == JournalSeal.entry_id)
    chain = (
        select(JournalSeal, JournalEntry)
        .outerjoin(JournalEntry, own_entry)
        .order_by(JournalSeal.position)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    position, previous = 0, BEGINNING
    with session.execute(chain) as places:
        for seal, entry in places:
            reason = _wrong(seal, entry, position + 1, previous)
            if reason is not None:
                return position, previous, reason
            position, previous = seal.position, seal.hash
    return position, previous, None


def _wrong(seal: JournalSeal, entry: JournalEntry | None, position: int, previous: str) -> str | None:
    if seal.position != position:
        return f"the seal of position {position} is missing, the next one is {seal.position}"
    if entry is None:
        return f"entry {seal.entry_id} is missing"
    if link(previous, entry) != seal.hash:
        return f"entry {seal.entry_id} or its seal was altered after it was sealed"
    return None
