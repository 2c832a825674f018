"""What distinguishes the seats as stored from the seats as computed anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from bridge.mapping.rules import NO_PLAN
from bridge.seats.timeline import Holding, Span


@dataclass(frozen=True, slots=True)
class StoredSpan:
    """A span as it was written at ``computed_at``: what lay ahead of that instant is not yet announced."""

    span: Span
    computed_at: datetime


Action = Literal["assigned", "changed", "released", "held", "restored", "waiting", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Announcement:
    """At ``since`` what the person holds became different, or turns out to have been.

    ``held``: access is gone and the seat waits until the storm is decided; ``restored``: it is back.
    ``waiting``: all seats of the plan ``waits_for`` are held by others; ``withdrawn``: no longer wanted.
    """

    action: Action
    since: datetime
    plan: str
    previous_plan: str
    roles: tuple[str, ...]
    cause_id: str
    waits_for: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What has to be written so that the stored spans of one person become the wanted ones."""

    gone: tuple[datetime, ...]
    written: tuple[Span, ...]
    announcements: tuple[Announcement, ...]
    late: "LateDifference | None"


@dataclass(frozen=True, slots=True)
class LateDifference:
    """From ``since`` on, within a closed period, the person costs something else than was charged."""

    since: datetime
    cause_id: str


#: What a person holds, the storm that holds it back from ending, the plan they wait for, roles withheld.
_Held: TypeAlias = tuple[Holding, str | None, str | None, tuple[str, ...]]

#: What a person held before and after an instant, and the journal entry of the fact that made it so.
_Edge: TypeAlias = tuple[_Held | None, _Held | None, str]

#: Plan, department, cost centre.
_Cost: TypeAlias = tuple[str, str | None, str | None]
_FREE: _Cost = (NO_PLAN, None, None)


def keep_settled(
    stored: Sequence[StoredSpan], computed: Sequence[Span], settled_until: datetime | None, *, cause_id: str
) -> tuple[Span, ...]:
    """Return the computed spans with everything before ``settled_until`` as it is stored.

    A stored span that goes on past that instant is cut there when the computation says otherwise; the cut
    is the doing of ``cause_id`` where the computation names no fact at that instant.
    """
    if settled_until is None:
        return tuple(computed)
    kept = [each.span for each in stored if each.span.start < settled_until]
    later = [span for span in computed if span.end is None or span.end > settled_until]
    if later and later[0].start < settled_until:
        later[0] = replace(later[0], start=settled_until)
    if kept and (kept[-1].end is None or kept[-1].end >= settled_until):
        before = kept.pop()
        if later and later[0].start == settled_until and _held(later[0]) == _held(before):
            first = later.pop(0)
            kept.append(replace(before, end=first.end, ended_by=first.ended_by))
        elif before.end == settled_until:
            kept.append(before)
        else:
            cut_by = later[0].started_by if later and later[0].start == settled_until else cause_id
            kept.append(before.cut(settled_until, cut_by or cause_id))
    return (*kept, *later)


def difference(
    stored: Sequence[StoredSpan],
    wanted: Sequence[Span],
    *,
    now: datetime,
    closed_until: datetime | None,
    cause_id: str,
) -> Difference | None:
    """Compare the stored with the wanted spans of one person; None when nothing is to be done.

    A span that did not change is written again once one of its ends has come to pass, which is what
    announces it. ``cause_id`` is named where no fact of the new spans explains a difference.
    """
    by_start = {span.start: span for span in wanted}
    same = {
        each.span.start
        for each in stored
        if by_start.get(each.span.start) == each.span and not _comes_to_pass(each, now)
    }
    gone = tuple(each.span.start for each in stored if each.span.start not in same)
    written = tuple(span for span in wanted if span.start not in same)
    if not gone and not written:
        return None
    announced = _announcements(stored, wanted, now, cause_id)
    return Difference(gone, written, announced, _late(stored, wanted, closed_until, cause_id))


def _comes_to_pass(stored: StoredSpan, now: datetime) -> bool:
    ends = (stored.span.start, stored.span.end)
    return any(end is not None and stored.computed_at < end <= now for end in ends)


def _announcements(
    stored: Sequence[StoredSpan], wanted: Sequence[Span], now: datetime, cause_id: str
) -> tuple[Announcement, ...]:
    computed_at = {each.span.start: each.computed_at for each in stored}
    told = {
        instant: edge
        for instant, (edge, start) in _edges([each.span for each in stored]).items()
        if instant <= computed_at[start]
    }
    true = {instant: edge for instant, (edge, _) in _edges(wanted).items() if instant <= now}
    news = {
        instant: edge
        for instant, edge in true.items()
        if instant not in told or told[instant][:2] != edge[:2]
    }
    moved = [edge[:2] for edge in news.values()]
    found = [
        _announcement(instant, _before(told.get(instant), edge), edge[1], edge[2] or cause_id)
        for instant, edge in news.items()
    ]
    found += [  # what was told and never was: the way back, unless it only moved to another instant
        _announcement(instant, after, before, cause_id)
        for instant, (before, after, _) in told.items()
        if instant not in true and (before, after) not in moved
    ]
    return tuple(sorted(found, key=lambda each: each.since))


def _before(told: _Edge | None, true: _Edge) -> _Held | None:
    """Return what the journal's readers believe to be held: another thing, where this instant was told."""
    return true[0] if told is None or told[1] == true[1] else told[1]


def _edges(spans: Sequence[Span]) -> Mapping[datetime, tuple[_Edge, datetime]]:
    """Return where what is held changes, each with the start of the span whose row tells it."""
    edges: dict[datetime, tuple[_Edge, datetime]] = {}
    for span in spans:
        before = edges.pop(span.start)[0][0] if span.start in edges else None
        edges[span.start] = ((before, _held(span), span.started_by), span.start)
        if span.end is not None:
            edges[span.end] = ((_held(span), None, span.ended_by or ""), span.start)
    return edges


def _held(span: Span) -> _Held:
    return span.holding, span.storm_id, span.waits_for, span.withheld_roles


def _announcement(since: datetime, before: _Held | None, after: _Held | None, cause_id: str) -> Announcement:
    previous_plan, was_waiting_for = (NO_PLAN, None) if before is None else (before[0][0], before[2])
    plan, roles = (NO_PLAN, ()) if after is None else after[0][:2]
    waits_for = None if after is None else after[2]
    action: Action = "changed"
    if after is not None and after[1] is not None:
        action = "held"
    elif before is not None and before[1] is not None and (plan != NO_PLAN or waits_for is not None):
        action = "restored"
    elif waits_for != was_waiting_for and plan == NO_PLAN:
        action = "withdrawn" if waits_for is None else "waiting"
    elif previous_plan == NO_PLAN and plan != NO_PLAN:
        action = "assigned"
    elif previous_plan != NO_PLAN and plan == NO_PLAN:
        action = "released"
    return Announcement(action, since, plan, previous_plan, roles, cause_id, waits_for)


def _late(
    stored: Sequence[StoredSpan], wanted: Sequence[Span], closed_until: datetime | None, cause_id: str
) -> LateDifference | None:
    since = money_differs_from([each.span for each in stored], wanted)
    if since is None or closed_until is None or since >= closed_until:
        return None
    edge = _edges(wanted).get(since)
    return LateDifference(since, (edge and edge[0][2]) or cause_id)


def money_differs_from(stored: Sequence[Span], wanted: Sequence[Span]) -> datetime | None:
    """Return the first instant at which the two differ in plan, department or cost centre."""
    before, after = _costs(stored), _costs(wanted)
    was = is_now = _FREE
    for instant in sorted({*before, *after}):
        was, is_now = before.get(instant, was), after.get(instant, is_now)
        if was != is_now:
            return instant
    return None


def _costs(spans: Sequence[Span]) -> Mapping[datetime, _Cost]:
    """Return what is charged from each instant on."""
    costs: dict[datetime, _Cost] = {}
    for span in spans:
        charged = span.plan != NO_PLAN
        costs[span.start] = (span.plan, span.department, span.cost_centre) if charged else _FREE
        if span.end is not None:
            costs[span.end] = _FREE
    return costs
