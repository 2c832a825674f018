"""Deciding what a tenant counts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func, select

from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, NotFound
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.tables import Tenant
from bridge.usage.members import refusal
from bridge.usage.meters import Aggregation, MeterTerms, parse_meters
from bridge.usage.tables import Meter, Usage
from config import catalogue


def read_meters(session: TenantSession) -> dict[str, MeterTerms]:
    """Return the tenant's meters by key, in the order of the keys."""
    rows = session.scalars(select(Meter).order_by(Meter.key))
    return {
        row.key: MeterTerms(row.key, row.unit, cast("Aggregation", row.aggregation), row.is_on)
        for row in rows
    }


def create_default_meters(session: TenantSession, *, cause: Cause, now: datetime) -> None:
    """Make the meters that a new tenant starts with. Raises ``NotFound`` where there is no such tenant."""
    document = catalogue.meters()
    apply_meters(session, document, most=len(document["meters"]), cause=cause, now=now)


def apply_meters(
    session: TenantSession, document: Mapping[str, Any], *, most: int, cause: Cause, now: datetime
) -> tuple[str, ...]:
    """Make or change the meters that the document names; others stay. Returns the keys of what changed.

    A meter with events keeps its aggregation: another one would change what is invoiced already. Raises
    ``InvalidValue`` or ``Conflict`` with a pointer, ``NotFound`` where there is no such tenant.
    """
    wanted = parse_meters(document, most=most)
    # Two requests for one meter wait for each other here, so that the second sees what the first made.
    if session.scalar(select(Tenant.tenant_id).with_for_update()) is None:
        raise NotFound("there is no such tenant; `bridge tenant create` makes one")
    stored = read_meters(session)
    changed = [meter for meter in wanted if stored.get(meter.key) != meter]
    if not changed:
        return ()
    if len({*stored, *(meter.key for meter in changed)}) > most:
        raise refusal("/meters", len(stored) + len(changed), f"at most {most} meters in all")
    _refuse_other_aggregations(session, wanted, stored)
    entry = record(
        session, "usage:meters:apply", Subject("tenant", session.tenant_id), cause=cause, at=now,
        details={"meters": [meter.document() for meter in changed]},
    )  # fmt: skip
    rows = {row.key: row for row in session.scalars(select(Meter))}
    for meter in changed:
        row = rows.get(meter.key) or Meter(key=meter.key, created_at=now)
        row.unit, row.aggregation, row.is_on = meter.unit, meter.aggregation, meter.is_on
        row.changed_at, row.cause_id = now, entry
        session.add(row)
    session.flush()
    return tuple(meter.key for meter in changed)


def _refuse_other_aggregations(
    session: TenantSession, wanted: tuple[MeterTerms, ...], stored: Mapping[str, MeterTerms]
) -> None:
    others = {
        meter.key: index
        for index, meter in enumerate(wanted)
        if meter.key in stored and stored[meter.key].aggregation != meter.aggregation
    }
    used = session.execute(
        select(Usage.meter, func.count()).where(Usage.meter.in_(others)).group_by(Usage.meter)
    )
    for key, count in used:
        raise Conflict(
            f"meter {key} has {count} events counted by {stored[key].aggregation}; make a new meter instead",
            pointer=f"/meters/{others[key]}/aggregation",
        )
