"""Taking in of events: written down and acknowledged at once, applied by the workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bridge.database.ids import new_id
from bridge.database.sessions import WAKE, TenantSession
from bridge.errors import InvalidValue
from bridge.signin.events.identity_events import (
    IGNORED,
    NOTE,
    REFUSED,
    SIGN_IN,
    UNKNOWN_PERSON,
    WAITING,
    IdentityEvent,
)
from bridge.signin.events.okta_events import read_okta_event
from bridge.signin.events.tables import ReceivedEvent
from bridge.tenants.tables import DueTenant

OKTA = "okta"


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """The events of a delivery that could be read, and how many could not."""

    events: tuple[IdentityEvent, ...]
    unreadable: int


def read_okta_batch(
    values: Sequence[object], *, sign_in_apps: Sequence[str], ahead_seconds: int, now: datetime
) -> ReadBatch:
    """Return what a delivery of Okta's event hook says.

    Sign-ins count only where they were to one of the applications: Okta tells of those to all others as well.
    What cannot be read is passed over, because Okta would send the whole delivery again with it.
    """
    events: list[IdentityEvent] = []
    for value in values:
        try:
            event = read_okta_event(value)
            event.check_time(now, ahead_seconds=ahead_seconds)
        except InvalidValue:
            continue
        if event.effect == SIGN_IN and not set(event.app_ids) & set(sign_in_apps):
            event = replace(event, effect=NOTE, subject=None)
        events.append(event)
    return ReadBatch(tuple(events), len(values) - len(events))


def take_events(
    session: TenantSession,
    events: Sequence[IdentityEvent],
    *,
    connection_id: str,
    source: str,
    request_id: str,
    days: int,
    now: datetime,
    person_ids: Mapping[str, str | None] | None = None,
) -> None:
    """Write down the events that are new, and wake the workers; the others were taken before.

    ``person_ids`` tell by an event's id whom it means, None for nobody known, where it was found out already;
    other events tell it by their subject.

    A note needs no worker: it is settled as it comes. So is an event from more than ``days`` ago: that it was
    applied once could be forgotten by now.
    """
    found = person_ids or {}
    oldest = now - timedelta(days=days)
    outcomes = {event.id: _outcome(event, oldest, found) for event in events}
    rows = [
        {
            **_row(event, outcomes[event.id], now=now),
            "tenant_id": session.tenant_id,
            "connection_id": connection_id,
            "source": source,
            "request_id": request_id,
            "person_id": found.get(event.id),
        }
        for event in events
    ]
    if not rows:
        return
    session.add_missing_rows(ReceivedEvent, rows)
    if WAITING in outcomes.values():
        due = {"id": new_id(now), "tenant_id": session.tenant_id, "cause": "changes", "wake_at": now}
        session.hold_rows(DueTenant, [due])
        session.info[WAKE] = True


def _row(event: IdentityEvent, outcome: str, *, now: datetime) -> dict[str, Any]:
    """Return what is kept of an event; whom it names only for as long as it waits."""
    waits = outcome == WAITING
    return {
        "id": event.id,
        "our_id": new_id(now),
        "type": event.type,
        "effect": event.effect,
        "subject": event.subject if waits else None,
        "session_ref": event.session_id if waits else None,
        "group_ref": event.group_id,
        "group_name": event.group_name,
        "at": event.at,
        "received_at": now,
        "outcome": outcome,
        "settled_at": None if waits else now,
    }


def _outcome(event: IdentityEvent, oldest: datetime, found: Mapping[str, str | None]) -> str:
    if event.effect == NOTE:
        return IGNORED
    if event.at < oldest:
        return REFUSED
    return UNKNOWN_PERSON if event.id in found and found[event.id] is None else WAITING
