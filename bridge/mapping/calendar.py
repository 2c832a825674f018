"""Versions of rules on the calendar, with one put in that does not exist yet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bridge.mapping.rules import DatedRules, RuleSetRules

#: The id of rules that were never applied.
PROPOSED = "proposed"


def with_rules(
    dated: Sequence[DatedRules], rules: RuleSetRules, start: datetime, end: datetime | None
) -> tuple[DatedRules, ...]:
    """Return the calendar as it would be with these rules in force from ``start`` until ``end``."""
    found = [DatedRules(PROPOSED, 0, start, end, rules)]
    for each in dated:
        if each.start < start:
            until = start if each.end is None else min(each.end, start)
            found.append(replace(each, end=until))
        if end is not None and (each.end is None or each.end > end):
            found.append(replace(each, start=max(each.start, end)))
    return tuple(sorted(found, key=lambda each: each.start))


def next_start(dated: Sequence[DatedRules], start: datetime) -> datetime | None:
    """Return when the version takes over that comes after one that begins at ``start``; None for never."""
    return min((each.start for each in dated if each.start > start), default=None)
