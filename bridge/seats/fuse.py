"""The fuse: deciding in the worker what is a storm, as soon as what people lose is known."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select

from bridge.alerts.ring import open_alert
from bridge.database.ids import new_id
from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_all_due
from bridge.directory.read_versions import in_chunks
from bridge.directory.tables import Group, Membership, Person, PersonVersion
from bridge.journal.record import Cause, Subject, record
from bridge.seats.compute import Computed
from bridge.seats.fuse_limits import fuse_limits
from bridge.seats.locks import lock_fuses
from bridge.seats.note_losses import loss_of, note_losses
from bridge.seats.storm_windows import (
    WINDOW,
    Emptied,
    FuseLimits,
    Headcount,
    Loss,
    emptied_groups,
    in_storms,
)
from bridge.seats.tables import SeatLoss, Storm, StormPerson
from bridge.tenants.tables import Connection

WORKER = "assign"


def watch(
    session: TenantSession, computed: Computed, *, now: datetime, settled_until: datetime | None
) -> None:
    """Note what these people lose, and hold it where that makes a storm, with what others lost before.

    Looks an hour back from each loss, and an hour ahead, for the workers may be late. The others are marked
    due; whoever is computed now is held in the same transaction. Of two workers the second sees what the
    first has noted; killed at any moment, nothing or all of it is written.
    """
    fresh = note_losses(session, computed.spans, settled_until=settled_until)
    if not fresh:
        return
    lock_fuses(session, {loss.connection_id for loss in fresh})
    limits = fuse_limits(session)
    near = _near(session, fresh)
    emptied = _emptied(session, near, limits)
    crowded = len(near) > limits.people
    if not crowded and not emptied:
        return
    people = _headcount(session, near) if crowded else Headcount(0)
    storms = _storms(session, near)
    known = _known(session, near)
    blown: list[Loss] = []
    for connection_id in sorted({loss.connection_id for loss in fresh}):
        decided = [each.decided_at for each in storms[connection_id] if each.decided_at is not None]
        losses = [loss for loss in near if loss.connection_id == connection_id]
        blown += in_storms(losses, people, emptied, decided, limits) - known
    _hold(session, sorted(blown), storms, computed, now=now)


def _near(session: TenantSession, fresh: Sequence[Loss]) -> list[Loss]:
    """Return all losses of the same connections within an hour of the new ones."""
    connections = {loss.connection_id for loss in fresh}
    first, last = min(loss.at for loss in fresh), max(loss.at for loss in fresh)
    rows = select(SeatLoss).where(
        SeatLoss.connection_id.in_(connections), SeatLoss.at > first - WINDOW, SeatLoss.at < last + WINDOW
    )
    return [loss_of(row) for row in session.scalars(rows, execution_options={"populate_existing": True})]


def _storms(session: TenantSession, near: Sequence[Loss]) -> dict[str, list[Storm]]:
    """Return the storms of these connections that may have to do with the losses, the oldest first."""
    since = min(loss.at for loss in near) - WINDOW
    concerned = or_(Storm.last_at >= since, Storm.decided_at >= since)
    connections = {loss.connection_id for loss in near}
    found: dict[str, list[Storm]] = defaultdict(list)
    rows = select(Storm).where(Storm.connection_id.in_(connections), concerned).order_by(Storm.id)
    for storm in session.scalars(rows, execution_options={"populate_existing": True}):
        found[storm.connection_id].append(storm)
    return found


def _known(session: TenantSession, near: Sequence[Loss]) -> set[Loss]:
    """Return those of the losses that are part of a storm already."""
    first, last = min(loss.at for loss in near), max(loss.at for loss in near)
    rows = select(StormPerson.at, StormPerson.person_id).where(StormPerson.at.between(first, last))
    taken = {(at, person_id) for at, person_id in session.execute(rows)}
    return {loss for loss in near if (loss.at, loss.person_id) in taken}


def _headcount(session: TenantSession, near: Sequence[Loss]) -> Headcount:
    """Return how many active people live connections knew before the first of the losses, and since."""
    first, last = min(loss.at for loss in near), max(loss.at for loss in near)
    start, end = PersonVersion.start, PersonVersion.end
    counted = select(PersonVersion).join(
        Person, and_(Person.tenant_id == PersonVersion.tenant_id, Person.id == PersonVersion.person_id)
    )
    live = select(Connection.id).where(
        Connection.tenant_id == session.tenant_id, Connection.live_from <= first
    )
    counted = counted.where(PersonVersion.active, Person.connection_id.in_(live))
    before = counted.where(start < first, or_(end.is_(None), end >= first))
    people = session.scalar(before.with_only_columns(func.count())) or 0
    steps: list[tuple[datetime, int]] = []
    for column, step in ((start, 1), (end, -1)):
        rows = counted.where(column >= first, column < last).with_only_columns(column, func.count())
        steps += [(at, step * number) for at, number in session.execute(rows.group_by(column)) if at]
    return Headcount(people, tuple(steps))


def _emptied(session: TenantSession, near: Sequence[Loss], limits: FuseLimits) -> list[Emptied]:
    """Return which groups that gave people a plan have lost their last member around the losses.

    A member may be a group in which nobody is: only what enough people lose by it makes a storm.
    """
    groups = {group_id for loss in near for group_id in loss.group_ids}
    since = min(loss.at for loss in near) - WINDOW
    until = max(loss.at for loss in near) + WINDOW
    row = Membership
    stays = (
        row.tenant_id == Group.tenant_id,
        row.group_id == Group.id,
        row.start <= since,
        row.end.is_(None),
    )
    full = {
        id_
        for ids in in_chunks(groups)
        for id_ in session.scalars(select(Group.id).where(one_of(Group.id, ids), exists().where(*stays)))
    }
    touching = and_(row.start <= until, or_(row.end.is_(None), row.end > since))
    columns = select(row.group_id, row.member_id, row.start, row.end).where(touching)
    rows = [
        (group_id, member_id, start, end)
        for ids in in_chunks(groups - full)
        for group_id, member_id, start, end in session.execute(columns.where(one_of(row.group_id, ids)))
    ]
    emptied = emptied_groups(rows, since=since, until=until, least=limits.group_people)
    return [each for each in emptied if _losers(near, each) >= limits.group_people]


def _losers(near: Sequence[Loss], emptied: Emptied) -> int:
    """Count the people who lost a seat that the group gave them, within an hour up to when it was empty."""
    since, until = emptied.at - WINDOW, emptied.at
    return len(
        {loss.person_id for loss in near if emptied.group_id in loss.group_ids and since < loss.at <= until}
    )


def _hold(
    session: TenantSession,
    blown: Sequence[Loss],
    storms: dict[str, list[Storm]],
    computed: Computed,
    *,
    now: datetime,
) -> None:
    """Write down of which storm each loss is part, and mark due whoever is not computed just now."""
    rows = []
    due: list[tuple[Subject, str]] = []
    for loss in blown:
        storm = _storm_of(session, loss, storms[loss.connection_id], now=now)
        storm.first_at, storm.last_at = min(storm.first_at, loss.at), max(storm.last_at, loss.at)
        row = {"tenant_id": session.tenant_id, "person_id": loss.person_id, "at": loss.at}
        rows.append({**row, "storm_id": storm.id})
        if loss.person_id not in computed.spans:
            due.append((Subject("person", loss.person_id), storm.opened_by))
    session.flush()
    if rows:
        session.add_rows(StormPerson, rows)
    mark_all_due(session, due, now=now)


def _storm_of(session: TenantSession, loss: Loss, storms: list[Storm], *, now: datetime) -> Storm:
    """Return the storm that the loss belongs to: one that is near it, or a new one.

    What came before a storm was confirmed, and is only seen now, is confirmed with it. After an undo nobody
    has looked at it: it is a new storm.
    """
    near = [each for each in storms if each.first_at - WINDOW < loss.at < each.last_at + WINDOW]
    found = next((each for each in near if _takes(each, loss)), None)
    if found is None:
        found = _opened(session, loss, now=now)
        storms.append(found)
    return found


def _takes(storm: Storm, loss: Loss) -> bool:
    if storm.status == "confirmed":
        return storm.decided_at is not None and loss.at <= storm.decided_at
    return storm.status == "open"


def _opened(session: TenantSession, loss: Loss, *, now: datetime) -> Storm:
    storm_id = new_id(now)
    opened_by = record(
        session, "seat:storm:open", Subject("storm", storm_id), cause=Cause("worker", WORKER, ""), at=now,
        details={"connection": loss.connection_id},
    )  # fmt: skip
    storm = Storm(
        tenant_id=session.tenant_id,
        id=storm_id,
        connection_id=loss.connection_id,
        first_at=loss.at,
        last_at=loss.at,
        status="open",
        opened_at=now,
        opened_by=opened_by,
    )
    session.add(storm)
    session.flush()
    open_alert(session, "fuse_blown", storm_id, now=now)
    return storm
