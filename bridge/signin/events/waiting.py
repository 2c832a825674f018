"""Reading of events whose turn has come, and writing down of what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from bridge.database.one_of import one_of
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.journal.record import Cause
from bridge.signin.events.standings import Claim, Place
from bridge.signin.events.tables import EventStanding, ReceivedEvent
from bridge.tenants.connections import lock_connection

#: The source of an event, with its id there.
Key = tuple[str, str]

_EVENTS = table_of(ReceivedEvent).c
_NEXT = prepared(
    select(_EVENTS.connection_id).where(_EVENTS.settled_at.is_(None)).order_by(_EVENTS.connection_id).limit(1)
)
SETTLE = prepared(
    update(table_of(ReceivedEvent))
    .where(
        _EVENTS.connection_id == bindparam("of_connection"),
        _EVENTS.source == bindparam("of_source"),
        _EVENTS.id == bindparam("ident"),
    )
    .values(
        outcome=bindparam("came_to"), settled_at=bindparam("at_last"), person_id=bindparam("person"),
        subject=None, session_ref=None,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event whose turn has come; ``request_id`` names the request that brought it."""

    connection_id: str
    source: str
    id: str
    effect: str
    subject: str | None
    session_ref: str | None
    person_id: str | None
    group_ref: str | None
    group_name: str | None
    at: datetime
    request_id: str

    @property
    def key(self) -> Key:
        """What names the event within its connection."""
        return (self.source, self.id)

    @property
    def who(self) -> str:
        """What names the person: the id here, else the provider's. The two look different."""
        return f"person {self.person_id}" if self.person_id else f"subject {self.subject}"

    @property
    def cause(self) -> Cause:
        """The connection as the cause of what the event changes."""
        return Cause("connection", self.connection_id, self.request_id)

    @property
    def details(self) -> dict[str, str]:
        """What the journal tells of the event."""
        return {"event": self.id}

    def claim(self, *, holds: bool) -> Claim:
        """Return what the event says of the thing that it is about."""
        return Claim(self.key, (self.at, self.id), holds)


def waiting_connection(session: TenantSession) -> str | None:
    """Return a connection that has events waiting, the same one until it has none; None where nobody has."""
    row = session.run(_NEXT).one_or_none()
    return None if row is None else row.connection_id


def next_events(session: TenantSession, *, limit: int) -> list[WaitingEvent]:
    """Return events of one connection that wait, the earliest by their own time first.

    The connection's row is locked, so that its events are not applied twice at once.
    """
    row = ReceivedEvent
    waiting = row.settled_at.is_(None)
    connection_id = waiting_connection(session)
    if connection_id is None:
        return []
    lock_connection(session, connection_id)
    columns = (
        row.connection_id, row.source, row.id, row.effect, row.subject, row.session_ref, row.person_id,
        row.group_ref, row.group_name, row.at, row.request_id,
    )  # fmt: skip
    chosen = select(*columns).where(waiting, row.connection_id == connection_id)
    found: Sequence[Any] = session.execute(chosen.order_by(row.at, row.id).limit(limit)).all()
    return [WaitingEvent(*each) for each in found]


def write_outcomes(
    session: TenantSession,
    events: Sequence[WaitingEvent],
    outcomes: Mapping[Key, str],
    person_ids: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    """Settle the events; ``person_ids`` are by what names each person."""
    for event in events:
        session.hold(
            SETTLE, of_connection=event.connection_id, of_source=event.source, ident=event.id,
            came_to=outcomes[event.key], at_last=now, person=person_ids.get(event.who),
        )  # fmt: skip


def read_standings(session: TenantSession, person_ids: Sequence[str]) -> dict[tuple[str, str], Place]:
    """Return by person and thing the place of the latest event that is known."""
    row = EventStanding
    chosen = select(row.person_id, row.thing, row.at, row.event_id).where(one_of(row.person_id, person_ids))
    return {(person_id, thing): (at, id_) for person_id, thing, at, id_ in session.execute(chosen)}


def write_standings(session: TenantSession, places: Mapping[tuple[str, str], Place]) -> None:
    """Keep the place of the latest event for each person and thing."""
    rows = [
        {"tenant_id": session.tenant_id, "person_id": person_id, "thing": thing, "at": at, "event_id": id_}
        for (person_id, thing), (at, id_) in places.items()
    ]
    if rows:
        session.put_rows(EventStanding, rows)
