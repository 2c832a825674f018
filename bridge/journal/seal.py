"""Sealing of journal entries into the tenant's chain, behind the requests that wrote them."""

from sqlalchemy import exists, select, text

from bridge.database.sessions import Database, TenantSession
from bridge.journal.chain import BEGINNING, link
from bridge.journal.tables import JournalEntry, JournalSeal

LOCK = text("SELECT pg_advisory_xact_lock(hashtext('journal'), hashtext(:tenant))")


def seal(database: Database, tenant_id: str, *, limit: int = 10_000) -> int:
    """Append up to ``limit`` entries to the chain; return how many were.

    They are taken by instant and id; an entry that is committed late is sealed late, after entries that are
    younger than it: the chain tells the order of sealing, the entry tells its instant.
    """
    with database.write(tenant_id) as session:
        _be_the_only_sealer(session)
        position, previous = _last(session)
        seals = []
        for place, entry in enumerate(_unsealed(session, limit), position + 1):
            previous = link(previous, entry)
            seals.append({"position": place, "entry_id": entry.id, "hash": previous})
        if seals:
            session.add_rows(JournalSeal, [{"tenant_id": tenant_id, **each} for each in seals])
        return len(seals)


def _be_the_only_sealer(session: TenantSession) -> None:
    """Wait for another sealer of this tenant. SQLite has one writer at a time in any case."""
    if session.is_postgresql:
        session.execute(LOCK, {"tenant": session.tenant_id})


def _last(session: TenantSession) -> tuple[int, str]:
    newest = session.scalar(select(JournalSeal).order_by(JournalSeal.position.desc()).limit(1))
    return (newest.position, newest.hash) if newest else (0, BEGINNING)


def _unsealed(session: TenantSession, limit: int) -> list[JournalEntry]:
    # An id is no watermark: a transaction that began earlier may commit later, with a smaller id.
    is_sealed = exists().where(
        JournalSeal.tenant_id == JournalEntry.tenant_id, JournalSeal.entry_id == JournalEntry.id
    )
    waiting = select(JournalEntry).where(~is_sealed).order_by(JournalEntry.at, JournalEntry.id).limit(limit)
    return list(session.scalars(waiting))
