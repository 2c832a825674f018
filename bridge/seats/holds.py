"""Holding of seats that a storm would release, as a function of spans."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.directory.facts import JoinFact
from bridge.mapping.rules import NO_PLAN
from bridge.seats.losses import endings
from bridge.seats.timeline import Span


@dataclass(frozen=True, slots=True)
class Hold:
    """What a person holds until ``at`` is held on, until ``until`` where the storm was undone.

    A confirmed storm holds nothing: it is as if it had never been.
    """

    at: datetime
    until: datetime | None
    storm_id: str
    ended_by: str | None


def held_back(
    spans: Sequence[Span], holds: Collection[Hold], away: Sequence[JoinFact] = ()
) -> tuple[Span, ...]:
    """Return the spans as they are while the holds last.

    A held span has the plan, roles and reason of the one that would have ended, and names its storm. It ends
    with the hold, or when facts give the person a plan again, or when they begin to count as somebody else.
    What lesser thing they would have meanwhile waits. A hold where nothing is lost (any more) does nothing.
    """
    if not holds:
        return tuple(spans)
    found = list(spans)
    losses = {ending.at for ending in endings(spans)}
    for hold in sorted(holds, key=lambda each: each.at):
        lost = next((span for span in found if span.end == hold.at and hold.at in losses), None)
        if lost is None:
            continue
        end, ended_by = _end(spans, hold, away)
        if end is not None and end <= hold.at:
            continue
        started_by = lost.ended_by or ""
        held = replace(
            lost, start=hold.at, end=end, started_by=started_by, ended_by=ended_by, storm_id=hold.storm_id
        )
        found = sorted([*_without(found, hold.at, end), held], key=lambda span: span.start)
    return tuple(found)


def _end(spans: Sequence[Span], hold: Hold, away: Sequence[JoinFact]) -> tuple[datetime | None, str | None]:
    ends: list[tuple[datetime, str]] = [
        (span.start, span.started_by) for span in spans if span.plan != NO_PLAN
    ]
    ends += [(join.start, join.started_by) for join in away]
    ends = [each for each in ends if each[0] > hold.at]
    first = min(ends, default=None)
    if hold.until is not None and (first is None or hold.until < first[0]):
        return hold.until, hold.ended_by
    return first or (None, None)


def _without(spans: Iterable[Span], start: datetime, end: datetime | None) -> Iterable[Span]:
    """Yield what of the spans lies outside of ``[start, end)``."""
    for span in spans:
        if span.start < start:
            yield span  # none goes on past the start: there one of them ends
        elif end is not None and (span.end is None or span.end > end):
            yield span if span.start >= end else replace(span, start=end)
