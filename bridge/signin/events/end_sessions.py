"""The end of sessions that were open when their identity provider ended its own."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from bridge.access.sessions import END
from bridge.access.tables import Session
from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.journal.record import Entry, Subject, record_all
from bridge.signin.events.waiting import WaitingEvent

BECAUSE = "ended_by_provider"


def end_sessions_before(
    session: TenantSession, events: Mapping[str, WaitingEvent], *, now: datetime
) -> set[str]:
    """End what each person had open at the instant of the event; return who had anything.

    What was opened later stays, whatever the order in which events arrive: it was a sign-in after the end.
    """
    if not events:
        return set()
    row = Session
    opened = select(row.id, row.person_id, row.connection_id, row.created_at).where(
        one_of(row.person_id, list(events)), row.ended_at.is_(None), row.expires_at > now
    )
    ended = [
        (id_, person_id)
        for id_, person_id, connection_id, created_at in session.execute(
            opened.order_by(row.id).with_for_update()
        )
        if created_at <= events[person_id].at and connection_id == events[person_id].connection_id
    ]
    entries = [
        Entry(
            "access:session:end", Subject("session", id_), events[person_id].cause, now,
            {"person": person_id, "because": BECAUSE, **events[person_id].details},
        )
        for id_, person_id in ended
    ]  # fmt: skip
    for (id_, _), cause_id in zip(ended, record_all(session, entries), strict=True):
        session.hold(END, ident=id_, at=now, because=BECAUSE, cause_id=cause_id)
    return {person_id for _, person_id in ended}
