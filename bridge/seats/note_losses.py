"""Keeping of the losses that connections caused, by which the fuse counts."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select

from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.read_versions import in_chunks
from bridge.journal.tables import JournalEntry
from bridge.seats.losses import Ending, endings
from bridge.seats.storm_windows import Loss
from bridge.seats.tables import SeatLoss
from bridge.seats.timeline import Span

_LOSS = table_of(SeatLoss).c
_LOSSES = prepared(select(*_LOSS).where(one_of(_LOSS.person_id, texts("ids"))))


def note_losses(
    session: TenantSession, timelines: Mapping[str, tuple[Span, ...]], *, settled_until: datetime | None
) -> list[Loss]:
    """Bring the stored losses of these people in line with their timelines; return those that are new.

    Only what a connection's own requests caused counts: rules are previewed, and what an operator or an
    administrator does by hand is meant. What is settled is never decided again.
    """
    ended = {
        (person_id, each.at): each
        for person_id, spans in timelines.items()
        for each in endings(spans)
        if settled_until is None or each.at >= settled_until
    }
    stored = _stored(session, timelines.keys())
    same = {key for key, loss in stored.items() if key in ended and _is_same(loss, ended[key])}
    open_ = {key: each for key, each in ended.items() if key not in same}
    connections = _connections(session, {each.ended_by for each in open_.values()})
    fresh = [
        Loss(at, person_id, connections[each.ended_by], each.releases, each.group_ids)
        for (person_id, at), each in open_.items()
        if each.ended_by in connections
    ]
    _forget(session, [key for key in stored if key not in same])
    rows = [
        {
            "tenant_id": session.tenant_id,
            "person_id": loss.person_id,
            "at": loss.at,
            "connection_id": loss.connection_id,
            "releases": loss.releases,
            "group_ids": list(loss.group_ids),
        }
        for loss in fresh
    ]
    if rows:
        session.add_rows(SeatLoss, rows)
    return fresh


def _is_same(loss: Loss, ending: Ending) -> bool:
    return (loss.releases, loss.group_ids) == (ending.releases, ending.group_ids)


def _stored(session: TenantSession, person_ids: Collection[str]) -> dict[tuple[str, datetime], Loss]:
    found: dict[tuple[str, datetime], Loss] = {}
    for ids in in_chunks(person_ids):
        for row in session.run(_LOSSES, ids=ids):
            found[row.person_id, row.at] = loss_of(row)
    return found


def loss_of(row: SeatLoss) -> Loss:
    """Return a stored loss as a value."""
    return Loss(row.at, row.person_id, row.connection_id, row.releases, tuple(row.group_ids))


def _connections(session: TenantSession, entry_ids: Collection[str]) -> dict[str, str]:
    """Return by journal entry the connection that caused it, if one did."""
    found: dict[str, str] = {}
    for ids in in_chunks(entry_ids):
        rows = select(JournalEntry.id, JournalEntry.actor_id).where(
            one_of(JournalEntry.id, ids), JournalEntry.actor_kind == "connection"
        )
        found.update(dict(session.execute(rows).all()))
    return found


def _forget(session: TenantSession, keys: list[tuple[str, datetime]]) -> None:
    session.delete_rows(SeatLoss, [{"person_id": person_id, "at": at} for person_id, at in keys])
