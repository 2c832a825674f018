"""Previewing of changes before they are applied: people, money, risks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bridge.billing.local_days import midnight
from bridge.billing.periods import Period
from bridge.billing.price_run import tenant_of
from bridge.billing.runs import closed_until
from bridge.billing.suppositions import Supposition
from bridge.database.sessions import Database, TenantSession
from bridge.directory.tables import Person
from bridge.errors import Conflict, InvalidValue
from bridge.mapping.apply_rules import refuse_settled
from bridge.mapping.calendar import next_start, with_rules
from bridge.mapping.role_catalogues import roles_of
from bridge.mapping.rule_document import Limits, parse_rules, settled_document
from bridge.mapping.rule_sets import rule_sets_in_force
from bridge.mapping.rules import RuleSetRules
from bridge.oversight.administrators import administering
from bridge.oversight.effects import Effect, effects_of
from bridge.oversight.preview_document import preview_document
from bridge.oversight.previews import digest_of, keep_preview
from bridge.oversight.price_change import a_period, a_year, next_invoice, subscription_on
from bridge.oversight.try_change import Change, try_change
from bridge.seats.seat_limits import LimitBounds, WantedLimit, with_limit
from bridge.tenants.connections import find_connection
from bridge.tenants.extension_schemas import user_schema
from bridge.uncollected import uncollected


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRules:
    """Rules that shall be in force from ``effective_from`` on, by default from when they are applied."""

    document: Mapping[str, Any]
    known_plans: Collection[str]
    limits: Limits
    effective_from: datetime | None

    def read(self, session: TenantSession) -> tuple[RuleSetRules, dict[str, Any]]:
        """Return the rules, with their document as it is stored. Raises what ``parse_rules`` raises."""
        rules = parse_rules(
            self.document,
            known_plans=self.known_plans,
            known_roles=roles_of(session),
            limits=self.limits,
            schema=user_schema(session),
        )
        return rules, settled_document(self.document, rules)


def preview_rules(
    database: Database, tenant_id: str, wanted: WantedRules, *, hours: int, now: datetime
) -> dict[str, Any]:
    """Return what these rules would do: who gains, loses, moves, and the money; it is kept for ``hours``.

    Raises what applying them would raise for the document and the date.
    """
    with database.read(tenant_id) as session:
        rules, stored = wanted.read(session)
        change = change_of_rules(session, rules, effective_from=wanted.effective_from, now=now)
        document, effects = _previewed(session, change)
    subject, starts_at = digest_of(stored), wanted.effective_from
    with database.write(tenant_id) as session:
        id_ = keep_preview(
            session,
            document,
            effects,
            kind="rules",
            subject=subject,
            starts_at=starts_at,
            hours=hours,
            now=now,
        )
    return {"id": id_, "kind": "rules", "effective_from": change.since.isoformat(), "as_of": None, **document}


def preview_live(
    database: Database,
    tenant_id: str,
    connection_id: str,
    *,
    live_from: datetime | None,
    hours: int,
    now: datetime,
) -> dict[str, Any]:
    """Return what switching a connection to live would do; it is kept for ``hours``.

    Raises ``NotFound``; ``Conflict`` for a connection that is live; ``InvalidValue`` before it was made.
    """
    with database.read(tenant_id) as session:
        change = change_to_live(session, connection_id, live_from=live_from, now=now)
        document, effects = _previewed(session, change)
    with database.write(tenant_id) as session:
        id_ = keep_preview(
            session, document, effects, kind="live", subject=connection_id, starts_at=live_from, hours=hours,
            now=now,
        )  # fmt: skip
    return {"id": id_, "kind": "live", "effective_from": change.since.isoformat(), "as_of": None, **document}


def preview_limit(
    database: Database,
    tenant_id: str,
    wanted: WantedLimit,
    *,
    known_plans: Collection[str],
    bounds: LimitBounds,
    now: datetime,
) -> dict[str, Any]:
    """Return what a limit of seats would do: who would wait, who would no longer, and the money.

    It is not kept: setting a limit is not bound to it. Raises what setting it would raise.
    """
    with database.read(tenant_id) as session:
        limits, _ = with_limit(session, wanted, known_plans=known_plans, bounds=bounds, now=now)
        start = (wanted.start or now).astimezone(UTC)
        dated = rule_sets_in_force(session)
        change = Change(
            rules_before=dated, rules_after=dated, since=start, at=max(start, now), limits_after=limits
        )
        document, _effects = _previewed(session, change)
    return {"id": None, "kind": "seats", "effective_from": start.isoformat(), "as_of": None, **document}


def back_test(
    database: Database, tenant_id: str, wanted: WantedRules, *, as_of: datetime, now: datetime
) -> dict[str, Any]:
    """Return what the billing period that contains ``as_of`` would have been under these rules.

    It is not kept: the past is not applied. Raises ``InvalidValue`` for an instant that has not come, or in
    settled time, ``NotFound`` where no subscription billed it.
    """
    if as_of > now:
        raise InvalidValue(
            f"found {as_of.isoformat()}, allowed an instant of the past; a change from a later date on is "
            "previewed by effective_from",
            pointer="/as_of",
        )
    with database.read(tenant_id) as session:
        rules, _stored = wanted.read(session)
        tenant = tenant_of(session)
        day = as_of.astimezone(ZoneInfo(tenant.timezone)).date()
        period = subscription_on(session, day).period_of(day)
        start, end = (midnight(each, tenant.timezone) for each in (period.start, period.end))
        refuse_settled(start, tenant.settled_until)
        dated = rule_sets_in_force(session)
        change = Change(
            rules_before=dated,
            rules_after=with_rules(dated, rules, start, end),
            since=start,
            until=end,
            at=as_of,
        )
        document, _effects = _previewed(session, change, past=period)
    return {"id": None, "kind": "rules", "effective_from": None, "as_of": as_of.isoformat(), **document}


def change_of_rules(
    session: TenantSession, rules: RuleSetRules, *, effective_from: datetime | None, now: datetime
) -> Change:
    """Return the change that applying these rules would be. Raises ``InvalidValue`` for settled time."""
    start = (effective_from or now).astimezone(UTC)
    refuse_settled(start, tenant_of(session).settled_until)
    dated = rule_sets_in_force(session)
    return Change(
        rules_before=dated,
        rules_after=with_rules(dated, rules, start, next_start(dated, start)),
        since=start,
        at=max(start, now),
    )


def change_to_live(
    session: TenantSession, connection_id: str, *, live_from: datetime | None, now: datetime
) -> Change:
    """Return the change that switching the connection to live would be; see ``preview_live``."""
    connection = find_connection(session, connection_id)
    start = (live_from or now).astimezone(UTC)
    if connection.live_from is not None:
        raise Conflict(f"connection {connection_id} is live from {connection.live_from.isoformat()} already")
    if start < connection.created_at:
        raise InvalidValue(
            f"connection {connection_id} was made at {connection.created_at.isoformat()}: "
            "name a later instant",
            pointer="/live_from",
        )
    accounts = select(Person.id).where(Person.connection_id == connection_id)
    dated = rule_sets_in_force(session)
    return Change(
        rules_before=dated,
        rules_after=dated,
        since=start,
        at=max(start, now),
        live_accounts=frozenset(session.scalars(accounts)),
        live_from=start,
    )


@uncollected()
def _previewed(
    session: TenantSession, change: Change, *, past: Period | None = None
) -> tuple[dict[str, Any], tuple[Effect, ...]]:
    trial = try_change(session, change, closed_until=closed_until(session))
    before, after = Supposition(trial.before), Supposition(trial.after, trial.late)
    effects = effects_of(trial.steps)
    if past is None:
        invoice = next_invoice(session, before, after)
        year = a_year(session, before, after, change.since)
    else:
        invoice, year = a_period(session, before, after, past), None
    return (
        preview_document(
            trial, effects, administering=administering(roles_of(session)), invoice=invoice, year=year
        ),
        effects,
    )
