"""Explaining a person's plan at an instant, or their share of an invoice."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select

from bridge.billing.invoice_draft import PersonShare
from bridge.billing.issued_invoices import IssuedInvoice, read_invoice, shares_of_person
from bridge.billing.local_days import midnight
from bridge.billing.price_run import tenant_of
from bridge.billing.seat_spans import touches
from bridge.billing.tables import Invoice
from bridge.database.sessions import TenantSession
from bridge.directory.facts import (
    GroupNameFact,
    JoinFact,
    MembershipFact,
    PersonFacts,
    PersonVersionFact,
)
from bridge.directory.read_facts import read_facts
from bridge.directory.tables import GroupVersion
from bridge.errors import NotFound
from bridge.journal.tables import JournalEntry
from bridge.mapping.assignments import ASSIGNED
from bridge.mapping.overrides import OVERRIDE, Override
from bridge.mapping.read_overrides import read_overrides
from bridge.mapping.rule_sets import rule_sets_in_force
from bridge.mapping.rules import NO_PLAN, NO_RULES, DatedRules, HeldGroup, decide
from bridge.mapping.tables import RuleSet
from bridge.oversight.reasons import (
    Explanation,
    Fact,
    JoinReason,
    NamedGroup,
    RuleOutcome,
    ShareExplanation,
    SpanReason,
)
from bridge.seats.browse_lines import waiting_of
from bridge.seats.one_person import as_one
from bridge.seats.tables import Seat

WENT_LIVE = "tenants:connection:live"


def explain_person(session: TenantSession, person_id: str, *, at: datetime) -> Explanation:
    """Tell what a person holds at an instant, by which rule and fact, and what became of every other rule.

    Raises ``NotFound`` for a person whom the tenant does not know.
    """
    facts = read_facts(session, [person_id]).get(person_id)
    if facts is None:
        raise NotFound(f"there is no person {person_id[:60]} in this tenant")
    dated = next((each for each in rule_sets_in_force(session) if _holds(each, at)), None)
    joins = [each for each in (*facts.away, *(every.join for every in facts.joined)) if _holds(each, at)]
    one = as_one(facts)  # what all accounts of the person come to
    version = next((each for each in one.versions if _holds(each, at)), None)
    considered: tuple[RuleOutcome, ...] = ()
    overrides = read_overrides(session, [person_id]).get(person_id, ())
    active = version is not None and version.active
    override = next((each for each in overrides if active and each.holds(at)), None)
    if (dated is not None or override is not None) and version is not None:
        rules = NO_RULES if dated is None else dated.rules
        decision = decide(rules, version.resource, groups_at(one, at), override)
        considered = tuple(RuleOutcome(each.rule, each.outcome) for each in decision.considered)
    held = and_held_at(Seat, person_id, at)
    spans = _reasons(session, session.scalars(select(Seat).where(held)).all(), facts.connection_id, overrides)
    span = spans[0] if spans else None
    made = _facts(session, [each.started_by for each in joins])
    waiting = waiting_of(session, person_id, span.waits_for, at) if span and span.waits_for else None
    return Explanation(
        person_id=person_id,
        at=at,
        plan=span.plan if span else NO_PLAN,
        roles=span.roles if span else (),
        because=(f"{waiting.sentence}; " if waiting else "")
        + _sentence(span, waited=_waited(session, person_id, span))
        if span
        else _withheld(override) or _absence(facts, joins, version, dated, at),
        span=span,
        considered=considered,
        joins=tuple(JoinReason(each, made.get(each.started_by)) for each in joins),
        override=override,
        waiting=waiting,
    )


def explain_invoice_person(
    session: TenantSession, invoice_id: str, person_id: str | None
) -> tuple[ShareExplanation, ...]:
    """Tell for each share that a person has of an invoice from which spans, rules and facts it follows.

    Without a person it explains the money that nobody caused. Raises ``NotFound`` for an unknown invoice, and
    for a person who is not on it.
    """
    invoice = read_invoice(session, invoice_id)
    shares = shares_of_person(session, invoice.id, person_id)
    if not shares and person_id is not None:
        raise NotFound(f"invoice {invoice.number} has no share of the person {person_id[:60]}")
    return tuple(_explained(session, invoice, share) for share in shares)


def and_held_at(row: type[Seat], person_id: str, at: datetime) -> ColumnElement[bool]:
    """Select the seat that a person holds at an instant."""
    return (row.person_id == person_id) & (row.start <= at) & or_(row.end.is_(None), row.end > at)


def groups_at(facts: PersonFacts, at: datetime) -> list[HeldGroup]:
    """Return the groups a person is in at an instant, directly or through groups, by their names then."""
    found: dict[str, HeldGroup] = {}
    waiting = [(fact, "direct") for fact in facts.memberships]
    while waiting:
        fact, kind = waiting.pop(0)
        if not _holds(fact, at) or fact.group_id in found:
            continue
        group = facts.groups.get(fact.group_id)
        name = next((each for each in group.names if _holds(each, at)), None) if group else None
        if group is not None and name is None:
            continue  # the group did not exist at the time
        found[fact.group_id] = {
            "value": fact.group_id, "display": name.display_name if name else "", "type": kind,
        }  # fmt: skip
        waiting.extend((outer, "indirect") for outer in (group.memberships if group else ()))
    return list(found.values())


def _explained(session: TenantSession, invoice: IssuedInvoice, share: PersonShare) -> ShareExplanation:
    start, end = share.for_period_start, _period_end(session, invoice, share.for_period_start)
    spans: Sequence[SpanReason] = ()
    if share.person_id is not None:
        timezone = tenant_of(session).timezone
        within = _touches(midnight(start, timezone), midnight(end, timezone))
        seats = select(Seat).where(Seat.person_id == share.person_id, within).order_by(Seat.start)
        facts = read_facts(session, [share.person_id])
        connection = facts[share.person_id].connection_id if facts else ""
        overrides = read_overrides(session, [share.person_id]).get(share.person_id, ())
        spans = _reasons(session, session.scalars(seats).all(), connection, overrides)
    causes = _facts(session, [share.cause_id] if share.cause_id else [])
    terms = [term for term in invoice.document["terms"] if term["plan"] == share.plan]
    return ShareExplanation(
        share=share,
        currency=invoice.currency,
        because=_share_sentence(share, end),
        spans=tuple(spans),
        cause=causes.get(share.cause_id or ""),
        term=terms[-1] if terms else None,
    )


def _share_sentence(share: PersonShare, end: date) -> str:
    period = f"{share.for_period_start} to {end}"
    if share.cause_id is not None:
        return (
            f"{period} was invoiced before a late fact changed it: this is what it costs now, less what was "
            f"issued, with {share.billable_days:+d} days"
        )
    if share.person_id is None:
        return f"{period}: the price term of plan {share.plan} asks for it, whoever holds a seat"
    return f"{share.billable_days} billable days of plan {share.plan} from {period}"


def _period_end(session: TenantSession, invoice: IssuedInvoice, period_start: date) -> date:
    if invoice.period_start == period_start:
        return invoice.period_end
    return session.scalars(
        select(Invoice.period_end).where(Invoice.period_start == period_start).limit(1)
    ).one()


def _reasons(
    session: TenantSession, seats: Sequence[Seat], connection_id: str, overrides: Sequence[Override]
) -> list[SpanReason]:
    """Return the reasons of some spans of one person, with what they refer to read at once."""
    facts = _facts(session, [id_ for seat in seats for id_ in (seat.started_by, seat.ended_by) if id_])
    live = _went_live(session, connection_id) if any(not seat.started_by for seat in seats) else None
    ids = {seat.rule_set_id for seat in seats}
    rows = session.execute(select(RuleSet.id, RuleSet.version).where(RuleSet.id.in_(ids)))
    versions = {id_: version for id_, version in rows}  # noqa: C416 (rows are tuples of two, dict() cannot be typed)
    return [
        SpanReason(
            start=seat.start,
            end=seat.end,
            plan=seat.plan,
            roles=tuple(seat.roles),
            department=seat.department,
            cost_centre=seat.cost_centre,
            rule_set_id=seat.rule_set_id,
            rule_set_version=versions.get(seat.rule_set_id),
            rule=seat.rule,
            groups=_named(session, seat.group_ids, seat.start),
            started_by=facts.get(seat.started_by) if seat.started_by else live,
            ended_by=facts.get(seat.ended_by or ""),
            override=next((each for each in overrides if each.holds(seat.start)), None),
            storm_id=seat.storm_id,
            waits_for=seat.waits_for,
            withheld_roles=tuple(seat.withheld_roles or ()),
        )
        for seat in seats
    ]


def _facts(session: TenantSession, entry_ids: Iterable[str]) -> dict[str, Fact]:
    rows = session.scalars(select(JournalEntry).where(JournalEntry.id.in_(set(entry_ids))))
    return {row.id: _fact(row) for row in rows}


def _went_live(session: TenantSession, connection_id: str) -> Fact | None:
    """Return the switch of a connection to live, which starts the seats of people known before."""
    row = session.scalar(
        select(JournalEntry)
        .where(JournalEntry.subject_id == connection_id, JournalEntry.action == WENT_LIVE)
        .order_by(JournalEntry.at.desc())
        .limit(1)
    )
    return _fact(row) if row else None


def _fact(row: JournalEntry) -> Fact:
    return Fact(row.id, row.action, row.at, row.actor_kind, row.actor_id, row.request_id)


def _named(session: TenantSession, group_ids: Sequence[str], at: datetime) -> tuple[NamedGroup, ...]:
    rows = session.execute(
        select(GroupVersion.group_id, GroupVersion.display_name)
        .where(GroupVersion.group_id.in_(group_ids), GroupVersion.start <= at)
        .order_by(GroupVersion.start)
    )
    names = {group_id: name for group_id, name in rows}  # noqa: C416 (as above; the last one is the name then)
    return tuple(NamedGroup(group_id, names.get(group_id, "")) for group_id in group_ids)


def _touches(start: datetime, end: datetime) -> ColumnElement[bool]:
    """Select what was billed in a period, or was not because the person waited for a seat."""
    present = (Seat.start < end) & or_(Seat.end.is_(None), Seat.end > start)
    return touches(start, end) | (present & Seat.waits_for.is_not(None))


def _waited(session: TenantSession, person_id: str, span: SpanReason) -> bool:
    """Tell whether the person had to wait until the span began."""
    before = Seat.person_id == person_id, Seat.end == span.start, Seat.waits_for == span.plan
    return session.scalar(select(Seat.start).where(*before)) is not None


def _sentence(span: SpanReason, *, waited: bool) -> str:
    reason = _rule_sentence(span)
    if waited:
        reason = f"{reason}, since a seat became free at {span.start.isoformat()}"
    if span.storm_id is None:
        return reason
    return (
        f"{reason}, until {span.start.isoformat()}: since then access is off, and the seat is held until the "
        f"storm {span.storm_id} is confirmed or undone"
    )


def _rule_sentence(span: SpanReason) -> str:
    plan = span.waits_for or span.plan
    if span.rule == OVERRIDE and span.override is not None:
        return f"an override by {span.override.author} gives plan {plan}: {span.override.reason}"
    if span.rule == ASSIGNED:
        return f"plan {plan} is {ASSIGNED}"
    groups = ", ".join(f"{group.name or group.id}" for group in span.groups)
    return f"rule {span.rule} gives plan {plan}" + (f" through {groups}" if groups else "")


def _withheld(override: Override | None) -> str:
    if override is None or override.plan is None:
        return ""
    return f"an override by {override.author} gives no plan: {override.reason}"


def _absence(
    facts: PersonFacts,
    joins: Sequence[JoinFact],
    version: PersonVersionFact | None,
    dated: DatedRules | None,
    at: datetime,
) -> str:
    away = next((join for join in joins if join.account_id == facts.person_id), None)
    if away is not None:
        made_by = "an administrator" if away.made_by == "administrator" else "the join attribute"
        return (
            f"the account counts as the person {away.person_id} since {away.start.isoformat()}, joined by "
            f"{made_by}: what it brings is held there"
        )
    own = next((each for each in facts.versions if _holds(each, at)), None)
    if (facts.live_from is None or facts.live_from > at) and not joins:
        return "the connection is observed and not live at that instant: nothing it says is billed"
    if own is None and version is None:
        return "the person is not known at that instant"
    if version is None or not version.active:
        return "the person is inactive at that instant"
    if dated is None:
        return "no rule set is in force at that instant; `bridge rules apply` makes one"
    return "no rule that matches names a plan or roles, and the default gives none"


def _holds(
    fact: MembershipFact | GroupNameFact | PersonVersionFact | JoinFact | DatedRules, at: datetime
) -> bool:
    return fact.start <= at and (fact.end is None or fact.end > at)
