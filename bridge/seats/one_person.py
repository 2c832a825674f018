"""The facts of all accounts of one human, as the facts of one person."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from bridge.directory.facts import JoinFact, MembershipFact, PersonFacts, PersonVersionFact

Fact = TypeVar("Fact", PersonVersionFact, MembershipFact)


@dataclass(frozen=True, slots=True)
class _Window:
    """A time in which an account's facts count for the person, with the journal entries at its two ends."""

    start: datetime
    end: datetime | None
    started_by: str
    ended_by: str | None


def as_one(facts: PersonFacts) -> PersonFacts:
    """Return the facts as those of a person without joins, to whom the same holds at every instant.

    An account counts while it is active, its connection is live and, where it is another's, while it is
    joined. The person is active while any account counts, and in the groups of all that count. Attributes are
    those of the person's own account while it counts, or else of the account that was joined first.
    """
    if not facts.joined and not facts.away:
        return facts
    joined = sorted(facts.joined, key=lambda each: (each.join.start, each.join.account_id))
    accounts = [
        (_own_windows(facts), facts.versions, facts.memberships),
        *((_joined_windows(each.live_from, each.join), each.versions, each.memberships) for each in joined),
    ]
    pieces: list[list[PersonVersionFact]] = []
    memberships: list[MembershipFact] = []
    for windows, versions, groups in accounts:
        active = sorted((each for each in versions if each.active), key=lambda each: each.start)
        present = list(_within(active, windows))
        pieces.append(present)
        memberships.extend(_within(groups, _runs(present)))
    return replace(
        facts,
        live_from=min((each.start for present in pieces for each in present), default=None),
        versions=tuple(_leading(pieces)),
        memberships=tuple(memberships),
        joined=(),
        away=(),
    )


def _own_windows(facts: PersonFacts) -> list[_Window]:
    """Return the times in which a person's own account is not another's."""
    if facts.live_from is None:
        return []
    start: datetime = facts.live_from
    started_by = ""
    windows: list[_Window] = []
    for join in sorted(facts.away, key=lambda each: each.start):
        if join.start > start:
            windows.append(_Window(start, join.start, started_by, join.started_by))
        if join.end is None:
            return windows
        if join.end > start:
            start, started_by = join.end, join.ended_by or ""
    return [*windows, _Window(start, None, started_by, None)]


def _joined_windows(live_from: datetime | None, join: JoinFact) -> list[_Window]:
    if live_from is None or (join.end is not None and join.end <= live_from):
        return []
    if live_from > join.start:
        return [_Window(live_from, join.end, "", join.ended_by)]
    return [_Window(join.start, join.end, join.started_by, join.ended_by)]


def _within(facts: Iterable[Fact], windows: Sequence[_Window]) -> Iterator[Fact]:
    """Yield the part of each fact that lies in each window; where one is cut, the window's end is its end."""
    for fact in facts:
        for window in windows:
            cut = fact
            if window.start > fact.start:
                cut = replace(cut, start=window.start, started_by=window.started_by)
            if window.end is not None and (fact.end is None or window.end < fact.end):
                cut = replace(cut, end=window.end, ended_by=window.ended_by)
            if cut.end is None or cut.end > cut.start:
                yield cut


def _runs(present: Iterable[PersonVersionFact]) -> list[_Window]:
    """Return the times in which an account counts without a break."""
    runs: list[_Window] = []
    for piece in present:
        if runs and runs[-1].end == piece.start:
            runs[-1] = replace(runs[-1], end=piece.end, ended_by=piece.ended_by)
        else:
            runs.append(_Window(piece.start, piece.end, piece.started_by, piece.ended_by))
    return runs


def _leading(accounts: Sequence[Sequence[PersonVersionFact]]) -> Iterator[PersonVersionFact]:
    """Yield who leads when: of the versions that count at an instant, that of the first account."""
    ends = {end for present in accounts for each in present for end in (each.start, each.end)}
    led: PersonVersionFact | None = None
    since: tuple[datetime, str] | None = None
    for instant in sorted(end for end in ends if end is not None):
        leader = next((each for present in accounts for each in present if _covers(each, instant)), None)
        if leader is led:
            continue
        # What changed: the new leader's fact began, or else the old one's has ended.
        begins = leader is not None and leader.start == instant
        cause = leader.started_by if leader is not None and begins else (led and led.ended_by) or ""
        if led is not None and since is not None:
            yield replace(led, start=since[0], started_by=since[1], end=instant, ended_by=cause)
        led, since = leader, (instant, cause)
    if led is not None and since is not None:
        yield replace(led, start=since[0], started_by=since[1], end=None, ended_by=None)


def _covers(fact: PersonVersionFact, instant: datetime) -> bool:
    return fact.start <= instant and (fact.end is None or instant < fact.end)
