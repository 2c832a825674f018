"""Trying a change out on everybody's facts, in memory: nothing is written."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select

from bridge.billing.pricing.cohorts import SeatSpan
from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.browse import everybody
from bridge.directory.facts import PersonFacts
from bridge.directory.read_facts import read_facts
from bridge.directory.read_joins import neighbours
from bridge.directory.read_versions import in_chunks
from bridge.directory.tables import ChangeDue
from bridge.mapping.overrides import Override
from bridge.mapping.read_overrides import read_overrides
from bridge.mapping.rules import NO_PLAN, DatedRules, Decision, decide
from bridge.oversight.effects import Held, Steps, held_at, steps_between
from bridge.oversight.explain import groups_at
from bridge.seats.admission import SeatLimits
from bridge.seats.compute import Computed, noting
from bridge.seats.differences import StoredSpan, keep_settled, money_differs_from
from bridge.seats.hold_back import read_holds
from bridge.seats.holds import Hold, held_back
from bridge.seats.one_person import as_one
from bridge.seats.seat_limits import read_limits
from bridge.seats.tables import Seat
from bridge.seats.timeline import Span, timeline
from bridge.seats.waiting import as_wanted, lined_up, ranked
from bridge.tenants.tables import Tenant

#: People whose facts are in memory at the same time.
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that is not so yet: other rules, or accounts whose connection would be live.

    What differs is told for ``[since, until)``; who holds what, who is matched by which rules, ``at``.
    ``limits_after`` are the limits of seats as they would be, None for as they are.
    """

    rules_before: tuple[DatedRules, ...]
    rules_after: tuple[DatedRules, ...]
    since: datetime
    at: datetime
    until: datetime | None = None
    live_accounts: Collection[str] = frozenset()
    live_from: datetime | None = None
    limits_after: SeatLimits | None = None


@dataclass(slots=True)
class Trial:
    """What the change would do. Seats are all of the tenant's that are not settled.

    ``unreadable`` are people whose facts contradict each other; they are left out on both sides.
    ``conflicts`` names the people whom several rules name plans for, by the names of those rules.
    """

    steps: dict[str, Steps] = field(default_factory=dict)
    before: list[SeatSpan] = field(default_factory=list)
    after: list[SeatSpan] = field(default_factory=list)
    late: list[tuple[str, datetime]] = field(default_factory=list)
    held_before: dict[str, Held] = field(default_factory=dict)
    held_after: dict[str, Held] = field(default_factory=dict)
    conflicts: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    unmatched: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def try_change(session: TenantSession, change: Change, *, closed_until: datetime | None) -> Trial:
    """Compute everybody's timeline as it would be, next to the seats as they are; set by set.

    Seats are taken as they are stored, and computed for whoever is still due. Those that ended in settled
    time are left out; differences before ``closed_until`` are noted as late.
    """
    trial = Trial()
    settled = session.scalar(select(Tenant.settled_until))
    limits = read_limits(session)
    sets = (_tried(session, change, trial, people, limits) for people in everybody(session, at_once=_AT_ONCE))
    if limits or change.limits_after:
        # Who waits depends on everybody.
        sets = (each for each in [_lined_up([one for some in sets for one in some], change, limits)])
    for tried in sets:
        for each in tried:
            _add(trial, change, each, settled=settled, closed_until=closed_until)
    return trial


@dataclass(frozen=True, slots=True)
class _Tried:
    """One person's seats as things are and as they would be, and how they would be decided."""

    person_id: str
    before: Sequence[Span]
    after: Sequence[Span]
    decision: Decision | None


def _tried(
    session: TenantSession, change: Change, trial: Trial, people: Collection[str], limits: SeatLimits
) -> list[_Tried]:
    """Try the change on some people; limited seats are as if nobody had to wait for them."""
    facts = read_facts(session, people)
    overrides, holds = read_overrides(session, people), read_holds(session, people)
    stored = _stored(session, people)
    computed = Computed()
    found: list[_Tried] = []
    for person_id, known in facts.items():
        with noting(computed, person_id):
            own = _Own(overrides.get(person_id, ()), holds.get(person_id, ()))
            before: Sequence[Span] | None = stored.get(person_id)
            if before is None:
                before = own.timeline(known, change.rules_before)
            found.append(_try_on(change, known, own, as_wanted(before, limits)))
    trial.unreadable += computed.errors
    return found


def _lined_up(tried: Sequence[_Tried], change: Change, limits: SeatLimits) -> list[_Tried]:
    """Let people wait for limited seats, as things are and as they would be."""
    after_limits = limits if change.limits_after is None else change.limits_after
    before = lined_up({each.person_id: each.before for each in tried}, limits, ranked(change.rules_before))
    after = lined_up({each.person_id: each.after for each in tried}, after_limits, ranked(change.rules_after))
    return [replace(each, before=before[each.person_id], after=after[each.person_id]) for each in tried]


@dataclass(frozen=True, slots=True)
class _Own:
    """What decides about one person beside facts and rules."""

    overrides: Sequence[Override]
    holds: Sequence[Hold]

    def timeline(
        self, facts: PersonFacts, rules: Sequence[DatedRules], since: datetime | None = None
    ) -> tuple[Span, ...]:
        spans = timeline(facts, rules, overrides=self.overrides, since=since)
        return held_back(spans, self.holds, facts.away)


def plans_of(held: Mapping[str, Held]) -> Counter[str]:
    """Count the seats of each plan."""
    return Counter(each.plan for each in held.values() if each.plan != NO_PLAN)


def waiting_by_plan(held: Mapping[str, Held]) -> dict[str, list[str]]:
    """Return by plan the ids of those who wait for a seat of it, in order."""
    found: dict[str, list[str]] = {}
    for person_id in sorted(held):
        plan = held[person_id].waits_for
        if plan is not None:
            found.setdefault(plan, []).append(person_id)
    return found


def _stored(session: TenantSession, people: Collection[str]) -> dict[str, list[Span]]:
    """Return the stored seats of those whose changes are all computed; the others are left out."""
    due = set(session.execute(select(ChangeDue.subject_kind, ChangeDue.subject_id)).all())
    if any(kind != "person" for kind, _ in due):
        return {}
    waiting = {id_ for _, id_ in due}
    waiting |= {id_ for known in neighbours(session, waiting).values() for id_ in known}
    found: dict[str, list[Span]] = {id_: [] for id_ in people if id_ not in waiting}
    columns = (
        Seat.person_id, Seat.start, Seat.end, Seat.plan, Seat.roles, Seat.department, Seat.cost_centre,
        Seat.rule_set_id, Seat.rule, Seat.waits_for, Seat.withheld_roles,
    )  # fmt: skip
    for ids in in_chunks(found):
        rows = select(*columns).where(one_of(Seat.person_id, ids)).order_by(Seat.person_id, Seat.start)
        for id_, start, end, plan, roles, department, cost_centre, *reason in session.execute(rows):
            rule_set_id, rule, waits_for, withheld = reason
            span = Span(
                start, end, plan, tuple(roles), department, cost_centre, rule_set_id, rule, (), "", None,
                waits_for=waits_for, withheld_roles=tuple(withheld or ()),
            )  # fmt: skip
            found[id_].append(span)
    return found


def _try_on(change: Change, facts: PersonFacts, own: _Own, before: Sequence[Span]) -> _Tried:
    one = as_one(_as_live(facts, change))
    after = _after(one, change, own, before)
    return _Tried(one.person_id, before, after, _decision(one, change, own.overrides))


def _add(
    trial: Trial, change: Change, tried: _Tried, *, settled: datetime | None, closed_until: datetime | None
) -> None:
    person_id, before, after = tried.person_id, tried.before, tried.after
    steps = steps_between(before, after, change.since, change.until)
    if steps:
        trial.steps[person_id] = steps
    late = money_differs_from(before, after) if steps and closed_until is not None else None
    if late is not None and closed_until is not None and late < closed_until:
        trial.late.append((person_id, late))
    trial.before += _seats(person_id, before, settled)
    trial.after += _seats(person_id, after, settled)
    trial.held_before[person_id] = held_at(before, change.at)
    trial.held_after[person_id] = held_at(after, change.at)
    if tried.decision is not None:
        _note(trial, person_id, tried.decision)


def _after(facts: PersonFacts, change: Change, own: _Own, before: Sequence[Span]) -> Sequence[Span]:
    """Return the seats as they would be: nothing differs before the change, so it is not computed again.

    What a storm holds depends on what was lost before, so it is computed for those who have lost something.
    """
    if facts.live_from is None:
        return before
    stored = [StoredSpan(span, span.start) for span in before]
    computed = own.timeline(facts, change.rules_after, None if own.holds else change.since)
    return keep_settled(stored, computed, change.since, cause_id="")


def _note(trial: Trial, person_id: str, decision: Decision) -> None:
    naming = tuple(
        decision.rules[position].name
        for position in decision.matched
        if decision.rules[position].plan is not None
    )
    if len(naming) > 1:
        trial.conflicts.setdefault(naming, []).append(person_id)
    if not decision.matched and decision.override is None and decision.assigned.plan is None:
        trial.unmatched.append(person_id)


def _decision(facts: PersonFacts, change: Change, overrides: Sequence[Override]) -> Decision | None:
    """Return how a person would be decided; None for one who is not active, or where no rules hold."""
    at = change.at
    dated = next((each for each in change.rules_after if _holds(each, at)), None)
    version = next((each for each in facts.versions if each.active and _holds(each, at)), None)
    if dated is None or version is None or facts.live_from is None or facts.live_from > at:
        return None
    override = next((each for each in overrides if each.holds(at)), None)
    return decide(dated.rules, version.resource, groups_at(facts, at), override)


def _as_live(facts: PersonFacts, change: Change) -> PersonFacts:
    """Return the facts with the accounts live that would be, the person's own and those joined to it."""
    if change.live_from is None:
        return facts
    accounts = change.live_accounts
    own = change.live_from if facts.person_id in accounts else facts.live_from
    joined = tuple(
        replace(each, live_from=change.live_from) if each.join.account_id in accounts else each
        for each in facts.joined
    )
    return replace(facts, live_from=own, joined=joined)


def _seats(person_id: str, spans: Sequence[Span], settled: datetime | None) -> list[SeatSpan]:
    return [
        SeatSpan(person_id, span.plan, span.start, span.end, span.department, span.cost_centre)
        for span in spans
        if span.plan != NO_PLAN and (settled is None or span.end is None or span.end > settled)
    ]


def _holds(fact: object, at: datetime) -> bool:
    start, end = fact.start, fact.end  # type: ignore[attr-defined]  # versions and dated rules have both
    return bool(start <= at and (end is None or at < end))
