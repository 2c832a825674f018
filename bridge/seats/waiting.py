"""Spans of people who wait for a seat: made from what is wanted and granted, and taken back to it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from bridge.mapping.assignments import ASSIGNED
from bridge.mapping.overrides import OVERRIDE
from bridge.mapping.rules import NO_PLAN, DatedRules
from bridge.seats.admission import Grant, SeatLimit, SeatLimits, Want, WantKey, admit
from bridge.seats.timeline import Span

#: Grants of each limited plan.
Grants: TypeAlias = Mapping[str, Mapping[WantKey, Grant]]

#: The place among those who come at one instant, by the id of the rule set and the name of the rule.
Rank: TypeAlias = Callable[[str, str], int]

#: After every rule, and after what a replaced rule set gave.
LAST = 1_000_000


def ranked(rule_sets: Sequence[DatedRules]) -> Rank:
    """Return who is first of those who come at one instant: by override, assigned, then by rule in order."""
    places = {
        (dated.rule_set_id, rule.name): place
        for dated in rule_sets
        for place, rule in enumerate(dated.rules.rules, 2)
    }
    above = {OVERRIDE: 0, ASSIGNED: 1}

    def rank(rule_set_id: str, rule: str) -> int:
        return above[rule] if rule in above else places.get((rule_set_id, rule), LAST)

    return rank


def as_wanted(spans: Sequence[Span], plans: Collection[str]) -> tuple[Span, ...]:
    """Return the spans as if nobody had to wait for these plans."""
    if not any(span.waits_for in plans for span in spans):
        return tuple(spans)
    found: list[Span] = []
    waited = False
    for span in spans:
        waits = span.waits_for in plans
        wanted = _wanted(span) if waits else span
        if waited and _goes_on(found[-1], wanted):
            found[-1] = replace(found[-1], end=wanted.end, ended_by=wanted.ended_by)
        else:
            found.append(wanted)
        waited = waits
    return tuple(found)


def wants_of(
    person_id: str, spans: Sequence[Span], plans: Collection[str], rank: Rank
) -> Iterator[tuple[str, Want]]:
    """Yield what a person wants of these plans: spans of one plan without a break are one want."""
    for plan, chain in _chains(spans, plans):
        first, last = chain[0], chain[-1]
        place = rank(first.rule_set_id, first.rule)
        yield plan, Want(person_id, first.start, last.end, place, last.ended_by or "")


def as_granted(person_id: str, spans: Sequence[Span], limits: SeatLimits, grants: Grants) -> tuple[Span, ...]:
    """Return wanted spans as they are where the limited plans are held only from the grants on."""
    starts = {span.start: chain[0].start for _, chain in _chains(spans, limits) for span in chain}
    return tuple(
        part
        for span in spans
        for part in (
            _parts(span, grants[span.plan].get((person_id, starts[span.start])), limits[span.plan])
            if span.plan in limits
            else (span,)
        )
    )


def lined_up(
    timelines: Mapping[str, Sequence[Span]], limits: SeatLimits, rank: Rank
) -> dict[str, tuple[Span, ...]]:
    """Return everybody's spans as the limits have them, whatever they have waited for until now."""
    wanted = {person_id: as_wanted(spans, limits) for person_id, spans in timelines.items()}
    wants: dict[str, list[Want]] = {plan: [] for plan in limits}
    for person_id, spans in wanted.items():
        for plan, want in wants_of(person_id, spans, limits, rank):
            wants[plan].append(want)
    grants = {plan: admit(each, limits[plan]) for plan, each in wants.items()}
    return {person_id: as_granted(person_id, spans, limits, grants) for person_id, spans in wanted.items()}


def _chains(spans: Sequence[Span], plans: Collection[str]) -> Iterator[tuple[str, list[Span]]]:
    chain: list[Span] = []
    for span in spans:
        if chain and (chain[-1].plan != span.plan or chain[-1].end != span.start):
            yield chain[0].plan, chain
            chain = []
        if span.plan in plans:
            chain.append(span)
    if chain:
        yield chain[0].plan, chain


def _wanted(span: Span) -> Span:
    roles = span.roles + span.withheld_roles
    return replace(span, plan=span.waits_for or span.plan, roles=roles, waits_for=None, withheld_roles=())


def _goes_on(before: Span, after: Span) -> bool:
    """Tell whether two spans are one that was parted where a seat was granted, or access changed."""
    return (before.end, before.holding, before.storm_id) == (after.start, after.holding, after.storm_id)


def _parts(span: Span, grant: Grant | None, limits: Sequence[SeatLimit]) -> Iterator[Span]:
    if grant is not None and grant.at <= span.start:
        yield span
    elif grant is not None and (span.end is None or grant.at < span.end):
        yield from _waiting(replace(span, end=grant.at, ended_by=grant.freed_by), limits)
        yield replace(span, start=grant.at, started_by=grant.freed_by)
    else:
        yield from _waiting(span, limits)


def _waiting(span: Span, limits: Sequence[SeatLimit]) -> list[Span]:
    """Return the time of waiting, parted where another access is left to those who wait."""
    parts: list[Span] = []
    access = ""
    for limit in limits:
        start, end = max(span.start, limit.start), _earlier(span.end, limit.end)
        if end is not None and end <= start:
            continue
        if limit.access == access:
            parts[-1] = replace(parts[-1], end=end)
            continue
        if parts:
            parts[-1] = replace(parts[-1], ended_by=limit.cause_id)
        started_by = limit.cause_id if parts else span.started_by
        parts.append(replace(_waits(span, limit), start=start, end=end, started_by=started_by))
        access = limit.access
    parts[-1] = replace(parts[-1], ended_by=span.ended_by)
    return parts


def _waits(span: Span, limit: SeatLimit) -> Span:
    kept, withheld = (span.roles, ()) if limit.access == "roles" else ((), span.roles)
    return replace(span, plan=NO_PLAN, roles=kept, waits_for=span.plan, withheld_roles=withheld)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)
