"""Which losses are a storm: too many of them within an hour, or a whole group's."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FuseLimits:
    """More than ``people`` and more than ``percent`` of a tenant's people at once blow the fuse.

    So does a group that gives a plan and loses its last member, if ``group_people`` or more left it then.
    """

    people: int
    percent: int
    group_people: int

    def are_passed(self, lost: int, *, of: int) -> bool:
        """Tell whether so many losses among so many people are a storm."""
        return lost > self.people and lost * 100 > self.percent * of


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """At ``at`` one connection took a plan or roles from a person; see ``losses.Ending``."""

    at: datetime
    person_id: str
    connection_id: str = field(compare=False)
    releases: bool = field(compare=False)
    group_ids: tuple[str, ...] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Headcount:
    """How many people a tenant had: ``first`` to begin with, and what each of ``steps`` added."""

    first: int
    steps: tuple[tuple[datetime, int], ...] = ()

    def before(self, instants: Sequence[datetime]) -> list[int]:
        """Return the number right before each of the instants, which are in order."""
        found: list[int] = []
        people, position = self.first, 0
        steps = sorted(self.steps)
        for instant in instants:
            while position < len(steps) and steps[position][0] < instant:
                people += steps[position][1]
                position += 1
            found.append(people)
        return found


@dataclass(frozen=True, slots=True)
class Emptied:
    """At ``at`` a group lost its last member."""

    group_id: str
    at: datetime


def in_storms(
    losses: Iterable[Loss],
    headcount: Headcount,
    emptied: Iterable[Emptied],
    decided: Iterable[datetime],
    limits: FuseLimits,
) -> set[Loss]:
    """Return the losses of one connection that are part of a storm, whatever the order they are given in.

    A loss is one if some hour with it has too many releases. ``decided`` are instants at which somebody
    confirmed or undid a storm of the connection: what comes after counts anew.
    """
    decisions = sorted(decided)
    ordered = sorted(losses)
    found: set[Loss] = set()
    for _epoch, some in groupby(ordered, key=lambda loss: bisect_left(decisions, loss.at)):
        found |= _crowded([loss for loss in some if loss.releases], headcount, limits)
    for group in emptied:
        epoch = bisect_left(decisions, group.at)
        found |= {
            loss
            for loss in ordered
            if group.group_id in loss.group_ids
            and group.at - WINDOW < loss.at <= group.at
            and bisect_left(decisions, loss.at) == epoch
        }
    return found


def _crowded(losses: Sequence[Loss], headcount: Headcount, limits: FuseLimits) -> set[Loss]:
    """Return the losses, given in order, that lie in some hour with too many people's."""
    before = headcount.before([loss.at for loss in losses])
    people: Counter[str] = Counter()
    found: set[Loss] = set()
    first = taken = 0
    for position, loss in enumerate(losses):
        people[loss.person_id] += 1
        while losses[first].at <= loss.at - WINDOW:
            people -= Counter([losses[first].person_id])
            first += 1
        if limits.are_passed(len(people), of=before[first]):
            found.update(losses[max(first, taken) : position + 1])
            taken = position + 1
    return found


def emptied_groups(
    memberships: Iterable[tuple[str, str, datetime, datetime | None]],
    *,
    since: datetime,
    until: datetime,
    least: int,
) -> list[Emptied]:
    """Return when in ``(since, until]`` groups lost their last member, and ``least`` or more in an hour.

    ``memberships`` are (group, member, start, end), all of each group that touch that time.
    """
    found: list[Emptied] = []
    for group_id, rows in groupby(sorted(memberships, key=lambda row: row[0]), key=lambda row: row[0]):
        spans = [(member, start, end) for _, member, start, end in rows]
        moves = sorted(
            [(start, 1) for _, start, _ in spans] + [(end, 0) for _, _, end in spans if end is not None]
        )
        members = 0
        for position, (at, enters) in enumerate(moves):
            members += 1 if enters else -1
            last_of_instant = position + 1 == len(moves) or moves[position + 1][0] != at
            if members or not last_of_instant or not since < at <= until:
                continue
            left = {member for member, _, end in spans if end is not None and at - WINDOW < end <= at}
            if len(left) >= least:
                found.append(Emptied(group_id, at))
    return found
