"""Reading the journal: in the chain's order, or the latest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, select, tuple_

from bridge.database.sessions import TenantSession
from bridge.journal.tables import JournalEntry, JournalSeal


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry with its place in the chain; both are None while it is not sealed."""

    entry: JournalEntry
    position: int | None
    hash: str | None


def entries(session: TenantSession, *, after_position: int, limit: int) -> Sequence[Placed]:
    """Return sealed entries in the order of the chain: whoever reads on by position misses none."""
    chain = _placed().where(JournalSeal.position > after_position).order_by(JournalSeal.position).limit(limit)
    return [Placed(entry, position, hash_) for entry, position, hash_ in session.execute(chain)]


def latest(
    session: TenantSession,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
    subject_id: str | None = None,
    request_id: str | None = None,
) -> Sequence[Placed]:
    """Return entries, sealed or not, the latest first; ``before`` is the instant and id of the last seen."""
    newest = _placed().order_by(JournalEntry.at.desc(), JournalEntry.id.desc()).limit(limit)
    if before is not None:
        newest = newest.where(tuple_(JournalEntry.at, JournalEntry.id) < before)
    if subject_id is not None:
        newest = newest.where(JournalEntry.subject_id == subject_id)
    if request_id is not None:
        newest = newest.where(JournalEntry.request_id == request_id)
    return [Placed(entry, position, hash_) for entry, position, hash_ in session.execute(newest)]


def _placed() -> Select[JournalEntry, int, str]:
    own_seal = and_(JournalSeal.tenant_id == JournalEntry.tenant_id, JournalSeal.entry_id == JournalEntry.id)
    return select(JournalEntry, JournalSeal.position, JournalSeal.hash).outerjoin(JournalSeal, own_seal)
