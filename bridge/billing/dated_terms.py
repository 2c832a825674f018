"""Which price terms hold on which days, where later decisions lie over earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from bridge.billing.periods import Period

TermDocument = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DatedTerms:
    """A tenant's own terms of a plan on the local dates ``[valid_from, valid_until)``; None is open."""

    valid_from: date
    valid_until: date | None
    terms: TermDocument

    def holds_on(self, day: date) -> bool:
        """Tell whether they name that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


def in_force(
    own: Sequence[DatedTerms], default: TermDocument | None, *, start: date, end: date
) -> list[tuple[date, date, TermDocument]]:
    """Return the terms of one plan over ``[start, end)`` as runs of days, each with its terms.

    ``own`` stands in the order of decision: of two for one day the later one holds. Days that none of them
    names have the default, or nothing where there is none.
    """
    edges = {start, end}
    for dated in own:
        edges.update(day for day in (dated.valid_from, dated.valid_until) if day and start < day < end)
    runs: list[tuple[date, date, TermDocument]] = []
    for first, until in pairwise(sorted(edges)):
        terms = next((dated.terms for dated in reversed(own) if dated.holds_on(first)), default)
        if terms is None:
            continue
        if runs and runs[-1][2] is terms and runs[-1][1] == first:
            runs[-1] = (runs[-1][0], until, terms)
        else:
            runs.append((first, until, terms))
    return runs


def cut_at(terms: Sequence[TermDocument], period: Period, end: date) -> tuple[TermDocument, ...]:
    """Return the terms of a period that ends early: none of them holds from ``end`` on."""
    if end >= period.end:
        return tuple(terms)
    cut: list[TermDocument] = []
    for term in terms:
        valid = term.get("valid") or {}
        first = valid.get("from") or period.start.isoformat()
        until = min(valid.get("until") or end.isoformat(), end.isoformat())  # dates sort as text
        if first < until:
            cut.append({**term, "valid": {"from": first, "until": until}})
    return tuple(cut)
