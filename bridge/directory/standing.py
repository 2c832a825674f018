"""How long a join stands, as the facts of its two accounts have it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bridge.directory.fact_instants import STEP
from bridge.directory.facts import JoinFact, PersonVersionFact

Versions = Sequence[PersonVersionFact]


def standing(join: JoinFact, account: Versions, person: Versions) -> JoinFact:
    """Return the join with its true end, given all versions of its account and of its person.

    A join ends when it is ended, when the account is deleted (whoever comes back under the old id is joined
    by nobody), or, where an attribute proposed it, when the two no longer agree in it. It does not end with
    the deletion of the person, whose id goes on standing for the human: agreement is then asked with what the
    person had last.
    """
    ends = [end for end in (_deleted(join, account), _disagreed(join, account, person)) if end is not None]
    if not ends:
        return join
    instant, cause_id = min(ends)
    end = max(instant, join.start + STEP)
    return join if join.end is not None and join.end <= end else replace(join, end=end, ended_by=cause_id)


def _deleted(join: JoinFact, account: Versions) -> tuple[datetime, str] | None:
    """Return the first instant from the join's start on at which the account is not there."""
    starts = {version.start for version in account}
    gaps = [
        (version.end, version.ended_by or "")
        for version in account
        if version.end is not None and version.end not in starts
    ]
    before = [gap for gap in gaps if gap[0] <= join.start]
    if before and not any(max(before)[0] < start <= join.start for start in starts):
        return max(before)
    return min((gap for gap in gaps if gap[0] > join.start), default=None)


def _disagreed(join: JoinFact, account: Versions, person: Versions) -> tuple[datetime, str] | None:
    if join.agreement is None:
        return None
    key = join.agreement.key
    mine: PersonVersionFact | None = None
    theirs: PersonVersionFact | None = None
    told = sorted([(each.start, 0, each) for each in account] + [(each.start, 1, each) for each in person],
                  key=lambda each: each[:2])  # fmt: skip
    for position, (start, whose, version) in enumerate(told):
        mine, theirs = (version, theirs) if whose == 0 else (mine, version)
        following = told[position + 1][0] if position + 1 < len(told) else None
        if following is not None and following <= max(start, join.start):
            continue  # what was true before the join, or is completed by another fact of the same instant
        if mine is None or theirs is None:
            continue  # nothing is known of one of them any more: there is nothing to disagree with
        if key(mine.resource) is None or key(mine.resource) != key(theirs.resource):
            return start, version.started_by
    return None
