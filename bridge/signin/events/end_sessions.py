"""The end of sessions that were open when their identity provider ended its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bridge.access.sessions import END
from bridge.access.tables import Session
from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.journal.record import Entry, Subject, record_all
from bridge.signin.events.waiting import Key, WaitingEvent

BECAUSE = "ended_by_provider"


def end_sessions_before(
    session: TenantSession, events: Mapping[str, Sequence[WaitingEvent]], *, now: datetime
) -> set[Key]:
    """End what each person had open at the instant of an event about them; return which events ended any.

    What was opened later stays, whatever the order in which events arrive: it was a sign-in after the end.
    An event may be about one session of the provider. A session of which the provider never told us its own
    name could be that one, so it ends.
    """
    if not events:
        return set()
    row = Session
    opened = select(row.id, row.person_id, row.connection_id, row.provider_session, row.created_at).where(
        one_of(row.person_id, list(events)), row.ended_at.is_(None), row.expires_at > now
    )
    # In one order, as everywhere, so that two ends at once do not wait for each other in a circle.
    found = session.execute(opened.order_by(row.id).with_for_update())
    ended = [
        (each, by) for each in found if (by := [one for one in events[each.person_id] if _ends(one, each)])
    ]
    entries = [
        Entry(
            "access:session:end", Subject("session", each.id), by[-1].cause, now,
            {"person": each.person_id, "because": BECAUSE, **by[-1].details},
        )
        for each, by in ended
    ]  # fmt: skip
    for (each, _), cause_id in zip(ended, record_all(session, entries), strict=True):
        session.hold(END, ident=each.id, at=now, because=BECAUSE, cause_id=cause_id)
    return {one.key for _, by in ended for one in by}


def _ends(event: WaitingEvent, opened: Any) -> bool:  # noqa: ANN401 (a row of the columns above)
    return (
        opened.created_at <= event.at
        and opened.connection_id == event.connection_id
        and (event.session_ref is None or opened.provider_session in (None, event.session_ref))
    )
