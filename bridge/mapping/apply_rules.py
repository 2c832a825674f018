"""Applying a new version of a tenant's rules."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.errors import InvalidValue
from bridge.journal.record import Cause, Subject, record
from bridge.mapping.rule_document import DEFAULT_LIMITS, Limits, parse_rules, settled_document
from bridge.mapping.rule_sets import RuleSetVersion, in_order, version_at, versions
from bridge.mapping.tables import RuleSet
from bridge.tenants.extension_schemas import user_schema
from bridge.tenants.tables import DueTenant, Tenant


@dataclass(frozen=True, slots=True)
class AppliedRules:
    """The version that holds the document, and until when it is in force.

    ``applied`` is false where the very same rules were in force already, so that nothing was written.
    ``in_force_until`` tells that a version with a later effective date takes over then.
    """

    rule_set_id: str
    version: int
    effective_from: datetime
    in_force_until: datetime | None
    applied: bool


def apply_rules(
    session: TenantSession,
    document: Mapping[str, Any],
    *,
    author: str,
    note: str,
    effective_from: datetime | None,
    known_plans: Collection[str],
    known_roles: Collection[str],
    cause: Cause,
    now: datetime,
    limits: Limits = DEFAULT_LIMITS,
) -> AppliedRules:
    """Add a version of the rules, in force from ``effective_from`` (default: now).

    A date in the past is a backdated fact: seats are computed again from there, and the next invoice carries
    the difference. Applying once more what is in force changes nothing. Raises InvalidValue or InvalidFilter
    for the document, and InvalidValue for an effective date before the tenant's settled time.
    """
    rules = parse_rules(
        document,
        known_plans=known_plans,
        known_roles=known_roles,
        limits=limits,
        schema=user_schema(session),
    )
    document = settled_document(document, rules)
    tenant = session.scalars(select(Tenant).with_for_update()).one()  # one version number at a time
    start = (effective_from or now).astimezone(UTC)
    refuse_settled(start, tenant.settled_until)
    known = versions(session)
    current = version_at(known, start)
    if current is not None and current.document == document and (start <= now or current.start == start):
        return AppliedRules(current.id, current.version, current.start, current.end, applied=False)
    new = RuleSetVersion(
        id=new_id(now),
        version=1 + max((each.version for each in known), default=0),
        start=start,
        end=None,
        document=document,
        cause_id="",
    )
    details = {"version": new.version, "effective_from": start.isoformat(), "rules": len(rules.rules)}
    cause_id = record(
        session, "mapping:rule_set:apply", Subject("rule_set", new.id), cause=cause, at=now, details=details
    )
    _insert(session, new, author=author, note=note, cause_id=cause_id, now=now)
    mark_due(session, [Subject("rule_set", new.id)], cause_id=cause_id, now=now)
    until = next(each.end for each in in_order([*known, new]) if each.id == new.id)
    return AppliedRules(new.id, new.version, start, until, applied=True)


def refuse_settled(start: datetime, settled_until: datetime | None) -> None:
    """Refuse rules for time that is settled. Raises ``InvalidValue``."""
    if settled_until is not None and start < settled_until:
        raise InvalidValue(
            f"/effective_from: found {start.isoformat()}, but everything before {settled_until.isoformat()} "
            "is settled; choose that instant or a later one",
            pointer="/effective_from",
        )


def _insert(
    session: TenantSession, new: RuleSetVersion, *, author: str, note: str, cause_id: str, now: datetime
) -> None:
    row = {
        "tenant_id": session.tenant_id,
        "id": new.id,
        "version": new.version,
        "author": author,
        "note": note,
        "effective_from": new.start,
        "created_at": now,
        "document": dict(new.document),
        "cause_id": cause_id,
    }
    session.add_rows(RuleSet, [row])
    if new.start > now:
        wake = {"id": new_id(now), "tenant_id": session.tenant_id, "cause": "boundary", "wake_at": new.start}
        session.add_rows(DueTenant, [wake])
