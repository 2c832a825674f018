"""Taking in consumption, a batch at a time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.tables import Person
from bridge.errors import InvalidValue
from bridge.journal.record import Cause
from bridge.tenants.read import find_tenant
from bridge.tenants.secrets import Seal
from bridge.usage.add_facts import ClosedUntil, add_facts
from bridge.usage.apply_meters import read_meters
from bridge.usage.events import MeteredEvent, Rejected, Taken, parse_event
from bridge.usage.members import MILLION, refusal
from bridge.usage.meters import MeterTerms
from bridge.usage.tables import Usage
from bridge.usage.time_limits import TimeLimits
from bridge.usage.value_digests import tenant_secret, value_digest

Row = dict[str, Any]


def take_usage(
    session: TenantSession,
    batch: Sequence[object],
    *,
    seal: Seal,
    closed_until: ClosedUntil,
    late_days: int,
    cause: Cause,
    now: datetime,
) -> Taken:
    """Add the events of a batch that are good and new; tell of each other one why it was not taken.

    An event is known by its source and id: sent again, it changes nothing, whatever it says then. One that
    belongs to a period already invoiced changes the next invoice.
    """
    tenant = find_tenant(session)
    limits = TimeLimits(now, late_days, tenant.settled_until, tenant.timezone)
    read, rejected = _read(batch)
    meters = read_meters(session)
    people = known_people(session, {event.person_id for event in read.values()})
    different = {key for key, meter in meters.items() if meter.aggregation == "unique"}
    counts_values = any(event.meter in different for event in read.values())
    secret = tenant_secret(session, seal, now=now) if counts_values else b""
    rows: dict[tuple[str, str], Row] = {}
    doubled = 0
    for index, event in read.items():
        try:
            row = _row(session.tenant_id, event, meters, people, limits, secret=secret)
        except InvalidValue as error:
            rejected.append(Rejected.because(index, error))
            continue
        doubled += (event.source, event.id) in rows
        rows.setdefault((event.source, event.id), row)
    known = _stored(session, rows.keys())
    new = [row for key, row in rows.items() if key not in known]
    late = (
        add_facts(session, Usage, new, kind="events", closed_until=closed_until, cause=cause, now=now)
        if new
        else 0
    )
    return Taken(len(new), doubled + len(known), late, tuple(sorted(rejected, key=lambda each: each.index)))


def known_people(session: TenantSession, person_ids: Collection[str]) -> Mapping[str, str]:
    """Return of these people those the tenant knows, each with their connection."""
    rows = session.execute(select(Person.id, Person.connection_id).where(one_of(Person.id, person_ids)))
    return dict(rows.all())


def _read(batch: Sequence[object]) -> tuple[dict[int, MeteredEvent], list[Rejected]]:
    read: dict[int, MeteredEvent] = {}
    rejected: list[Rejected] = []
    for index, value in enumerate(batch):
        try:
            read[index] = parse_event(value)
        except InvalidValue as error:
            rejected.append(Rejected.because(index, error))
    return read, rejected


def _row(
    tenant_id: str,
    event: MeteredEvent,
    meters: Mapping[str, MeterTerms],
    people: Mapping[str, str],
    limits: TimeLimits,
    *,
    secret: bytes,
) -> Row:
    """Return the row of an event; ``secret`` digests the values of meters that count different ones.

    Raises ``InvalidValue`` for what this tenant does not count.
    """
    meter = meters.get(event.meter)
    if meter is None or not meter.is_on:
        counted = ", ".join(key for key, each in meters.items() if each.is_on) or "none yet"
        raise refusal("/type", event.meter, f"a meter that is on: {counted} (`bridge meters apply`)")
    if event.person_id not in people:
        raise refusal("/subject", event.person_id, "the id of a person of this tenant")
    limits.check(event.at, "/time")
    counts_values = meter.aggregation == "unique"
    return {
        "tenant_id": tenant_id,
        "source": event.source,
        "id": event.id,
        "person_id": event.person_id,
        "meter": event.meter,
        "at": event.at,
        "day": limits.day(event.at),
        "quantity_millionths": MILLION if counts_values else event.quantity_millionths(),
        "value_digest": value_digest(secret, meter.key, event.value()) if counts_values else None,
        "recorded_at": limits.now,
    }


def _stored(session: TenantSession, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these events are known already.

    Asked by sources and by ids, which the index answers many times faster than pairs; a batch has few
    sources, so that hardly a row is read in vain.
    """
    if not keys:
        return set()
    asked = Usage.source.in_({source for source, _ in keys}) & Usage.id.in_({id_ for _, id_ in keys})
    rows = session.execute(select(Usage.source, Usage.id).where(asked))
    return {(source, id_) for source, id_ in rows} & set(keys)
