"""Bringing the stored seats of people in line with their timelines."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

from sqlalchemy import select

from bridge.database.ids import new_id
from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.journal.record import Cause, Entry, Subject, record_all
from bridge.journal.tables import JournalEntry
from bridge.seats.compute import Computed, compute, noting
from bridge.seats.differences import Announcement, Difference, StoredSpan, difference, keep_settled
from bridge.seats.failures import Pauses, note_failures
from bridge.seats.fuse import watch
from bridge.seats.hold_back import hold_back
from bridge.seats.line_up import line_up
from bridge.seats.locks import lock_lines, lock_seats_shared
from bridge.seats.seat_limits import read_limits
from bridge.seats.stored_spans import read_stored
from bridge.seats.tables import LateChange, Seat
from bridge.seats.timeline import Span
from bridge.tenants.tables import DueTenant, Tenant

WORKER = "assign"

#: Rows named in one statement; SQLite's limit is 32,766 parameters, two for a row.
_ROWS_AT_ONCE = 5_000


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Assigned:
    """What became of a batch: numbers of announcements and late changes, and who could not be computed."""

    assigned: int = 0
    changed: int = 0
    released: int = 0
    late: int = 0
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a batch is compared against; ``causes`` names by person the journal entry that asked for it."""

    now: datetime
    closed_until: datetime | None
    settled_until: datetime | None
    causes: Mapping[str, str]
    pauses: Pauses


def assign(
    session: TenantSession,
    person_ids: Collection[str],
    *,
    now: datetime,
    closed_until: datetime | None = None,
    causes: Mapping[str, str] = MappingProxyType({}),
    pauses: Pauses = Pauses(),  # noqa: B008 (immutable)
) -> Assigned:
    """Compute the timelines of these people again and write what differs; twice changes nothing.

    Nothing before the tenant's settled time changes. A difference of money before ``closed_until``, the end
    of the latest closed period, is noted as a late change. A person whose timeline cannot be computed keeps
    the seats they have, and an assignment failure that says when to try again.
    """
    lock_seats_shared(session)
    computed = compute(session, person_ids)
    return write(session, computed, now=now, closed_until=closed_until, causes=causes, pauses=pauses)


def write(
    session: TenantSession,
    computed: Computed,
    *,
    now: datetime,
    closed_until: datetime | None,
    causes: Mapping[str, str],
    pauses: Pauses,
) -> Assigned:
    """Write what differs between the stored seats and these timelines; see ``assign``.

    What too many people would lose at once is held first. Where seats are limited others may wait for them,
    or have one at last, by what these people do: their seats are written in the same transaction.
    """
    settled_until = session.scalar(select(Tenant.settled_until))
    watch(session, computed, now=now, settled_until=settled_until)
    hold_back(session, computed)
    at = Circumstances(now, closed_until, settled_until, causes, pauses)
    everyone, stored = _lined_up(session, computed, at)
    differing = _differing(everyone, stored, at)
    found = {person_id: each for person_id, each in differing.items() if each is not None}
    together = Computed()
    with noting(together, ""), session.begin_nested():
        _write_all(session, found, at)
    if together.errors:
        for person_id in list(found):
            with noting(computed, person_id), session.begin_nested():
                _write_all(session, {person_id: found[person_id]}, at)
            if person_id in computed.errors:
                del found[person_id]
    note_failures(session, computed, now=now, pauses=pauses)
    return _counted(found, computed)


def _lined_up(
    session: TenantSession, computed: Computed, at: Circumstances
) -> tuple[Computed, dict[str, list[StoredSpan]]]:
    """Return the timelines as limits of seats have them, those of others they move included, and the stored.

    Errors are noted in the same place as before.
    """
    limits = read_limits(session)
    if not limits:
        return computed, read_stored(session, computed.spans)
    lock_lines(session)
    stored = read_stored(session, computed.spans)
    others = line_up(session, computed, stored, limits, settled_until=at.settled_until, now=at.now)
    stored |= read_stored(session, others)
    return Computed({**computed.spans, **others}, computed.errors, computed.joins), stored


def _differing(
    computed: Computed, stored: Mapping[str, list[StoredSpan]], at: Circumstances
) -> dict[str, Difference | None]:
    found: dict[str, Difference | None] = {}
    for person_id, spans in computed.spans.items():
        with noting(computed, person_id):
            before = stored.get(person_id, [])
            cause_id = at.causes.get(person_id, "")
            wanted = keep_settled(before, spans, at.settled_until, cause_id=cause_id)
            found[person_id] = difference(
                before, wanted, now=at.now, closed_until=at.closed_until, cause_id=cause_id
            )
    return found


def _write_all(session: TenantSession, found: Mapping[str, Difference], at: Circumstances) -> None:
    rows = [_row(session, person_id, span, at) for person_id, each in found.items() for span in each.written]
    kept = {(row["person_id"], row["start"]) for row in rows}
    gone = [(person_id, start) for person_id, each in found.items() for start in each.gone]
    session.delete_rows(Seat, [{"person_id": key[0], "start": key[1]} for key in gone if key not in kept])
    if rows:
        session.put_rows(Seat, rows)
    _announce(session, found, at)
    _note_late(session, found, at)
    _wake_at_boundaries(session, found, at)


def _row(session: TenantSession, person_id: str, span: Span, at: Circumstances) -> dict[str, object]:
    return {
        "tenant_id": session.tenant_id,
        "person_id": person_id,
        "start": span.start,
        "end": span.end,
        "plan": span.plan,
        "roles": list(span.roles),
        "department": span.department,
        "cost_centre": span.cost_centre,
        "rule_set_id": span.rule_set_id,
        "rule": span.rule,
        "group_ids": list(span.group_ids),
        "started_by": span.started_by,
        "ended_by": span.ended_by,
        "computed_at": at.now,
        "storm_id": span.storm_id,
        "waits_for": span.waits_for,
        "withheld_roles": list(span.withheld_roles) or None,
    }


def _announce(session: TenantSession, found: Mapping[str, Difference], at: Circumstances) -> None:
    told = [(person_id, news) for person_id, each in found.items() for news in each.announcements]
    requests = _requests(session, {news.cause_id for _, news in told})
    entries = [
        Entry(
            f"seat:person:{news.action}",
            Subject("person", person_id),
            Cause("worker", WORKER, requests.get(news.cause_id, "")),
            at.now,
            _details(news),
        )
        for person_id, news in told
    ]
    record_all(session, entries)


def _details(news: Announcement) -> dict[str, object]:
    told: dict[str, object] = {
        "plan": news.plan,
        "previous_plan": news.previous_plan,
        "roles": list(news.roles),
        "since": news.since.isoformat(),
        "caused_by": news.cause_id,
    }
    return told if news.waits_for is None else {**told, "waits_for": news.waits_for}


def _requests(session: TenantSession, entry_ids: set[str]) -> dict[str, str]:
    """Return the requests in which these journal entries were made."""
    found: dict[str, str] = {}
    for ids in _chunks(list(entry_ids)):
        chosen = select(JournalEntry.id, JournalEntry.request_id).where(one_of(JournalEntry.id, ids))
        found.update(dict(session.execute(chosen).all()))
    return found


def _note_late(session: TenantSession, found: Mapping[str, Difference], at: Circumstances) -> None:
    rows = [
        {
            "tenant_id": session.tenant_id,
            "id": new_id(at.now),
            "person_id": person_id,
            "since": each.late.since,
            "cause_id": each.late.cause_id,
            "recorded_at": at.now,
        }
        for person_id, each in found.items()
        if each.late is not None
    ]
    if rows:
        session.add_rows(LateChange, rows)


def _wake_at_boundaries(session: TenantSession, found: Mapping[str, Difference], at: Circumstances) -> None:
    """Have the workers come back when a future end of a span comes to pass, to announce it."""
    ends = {end for each in found.values() for span in each.written for end in (span.start, span.end)}
    ahead = {end for end in ends if end is not None and end > at.now}
    if not ahead:
        return
    known = select(DueTenant.wake_at).where(
        DueTenant.tenant_id == session.tenant_id, DueTenant.cause == "boundary", DueTenant.wake_at > at.now
    )
    rows = [
        {"id": new_id(at.now), "tenant_id": session.tenant_id, "cause": "boundary", "wake_at": end}
        for end in sorted(ahead - set(session.scalars(known)))
    ]
    if rows:
        session.add_rows(DueTenant, rows)


def _counted(found: Mapping[str, Difference], computed: Computed) -> Assigned:
    actions = [news.action for each in found.values() for news in each.announcements]
    return Assigned(
        assigned=actions.count("assigned"),
        changed=actions.count("changed"),
        released=actions.count("released"),
        late=sum(each.late is not None for each in found.values()),
        failed=tuple(sorted(computed.errors)),
    )


def _chunks(listed: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for position in range(0, len(listed), _ROWS_AT_ONCE):
        yield listed[position : position + _ROWS_AT_ONCE]
