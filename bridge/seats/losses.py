"""Where in a timeline a person loses what they held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from bridge.mapping.rules import NO_PLAN
from bridge.seats.timeline import Span


@dataclass(frozen=True, slots=True)
class Ending:
    """At ``at`` a plan or roles end by the fact ``ended_by``.

    ``releases`` tells whether the person holds no plan from then on; otherwise they hold another one.
    ``group_ids`` are the groups that gave the plan, none where there was no plan.
    """

    at: datetime
    releases: bool
    group_ids: tuple[str, ...]
    ended_by: str


def endings(spans: Sequence[Span]) -> tuple[Ending, ...]:
    """Return where the spans of one person, in order, end by a fact with something else or nothing after.

    That only department, cost centre or roles change beside the same plan is no loss.
    """
    found: list[Ending] = []
    following: list[tuple[Span, Span | None]] = [*pairwise(spans), *((last, None) for last in spans[-1:])]
    for span, later in following:
        then = later if later is not None and later.start == span.end else None
        if span.end is None or not span.ended_by or (then is not None and then.plan == span.plan):
            continue
        groups = span.group_ids if span.plan != NO_PLAN else ()
        if then is None:
            found.append(Ending(span.end, True, groups, span.ended_by))  # noqa: FBT003 (a row of a table)
        elif span.plan != NO_PLAN:
            found.append(Ending(span.end, then.plan == NO_PLAN, groups, span.ended_by))
    return tuple(found)
