"""Who holds a seat of a plan whose seats are limited, as a function of who wants one and since when."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import heappop, heappush
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import Literal, NamedTuple, TypeAlias

#: What is left to a person who waits: nothing, or the roles without the plan.
Access = Literal["none", "roles"]


@dataclass(frozen=True, slots=True)
class SeatLimit:
    """From ``start`` until ``end`` nobody gets a seat while ``seats`` or more are held; None: no limit.

    ``access`` is what those keep who wait. ``cause_id`` is the journal entry that set it.
    """

    start: datetime
    end: datetime | None
    seats: int | None
    access: Access
    cause_id: str


#: The limits of each plan that ever had one, in order of time, without gap; before the first is no limit.
SeatLimits: TypeAlias = Mapping[str, Sequence[SeatLimit]]


@dataclass(frozen=True, slots=True)
class Want:
    """A person is to hold the plan from ``start`` until ``end`` without a break.

    Of several who come at one instant the lowest ``rank`` is first, then the lowest person id. ``ended_by``
    is the journal entry of the fact that ends it.
    """

    person_id: str
    start: datetime
    end: datetime | None
    rank: int
    ended_by: str


#: The person, and the start of what they want.
WantKey: TypeAlias = tuple[str, datetime]


class Grant(NamedTuple):
    """From ``at`` on a seat is held; ``freed_by`` is what made it free, "" where it was free at once."""

    at: datetime
    freed_by: str


_ENDS, _LIMITED, _STARTS = range(3)
_Moment: TypeAlias = tuple[datetime, int, str, Want | SeatLimit]


def in_order(limits: Iterable[SeatLimit]) -> tuple[SeatLimit, ...]:
    """Return the limits of one plan in order of time, each until the next, whatever ends they had.

    Of two with the same start the one that is listed later replaces the other.
    """
    by_start = {limit.start: limit for limit in limits}
    ordered = [by_start[start] for start in sorted(by_start)]
    ends = [limit.start for limit in ordered[1:]]
    return tuple(replace(limit, end=end) for limit, end in zip_longest(ordered, ends))


def limit_at(limits: Iterable[SeatLimit], at: datetime) -> SeatLimit | None:
    """Return what is in force at the instant; None before the first limit."""
    return next((each for each in limits if each.start <= at and (each.end is None or at < each.end)), None)


def admit(wants: Iterable[Want], limits: Sequence[SeatLimit]) -> dict[WantKey, Grant]:
    """Return from when each want has its seat; those that never have one are left out.

    Whoever holds a seat keeps it until the want ends, also where the limit falls below what is held. A free
    seat goes to who has waited longest. At one instant seats are given up first, then limits change, then
    people come; so the order in which wants are listed plays no part.
    """
    line = _Line()
    moments = sorted(_moments(wants, limits), key=itemgetter(0, 1, 2))
    for at, together in groupby(moments, key=itemgetter(0)):
        freed_by = [cause for _, kind, _, what in together for cause in line.take(kind, what)]
        line.let_in(at, next(iter(freed_by), ""))
    return line.grants


class _Line:
    """Those who hold a seat and those who wait, at one instant after the other."""

    def __init__(self) -> None:
        self.grants: dict[WantKey, Grant] = {}
        self._waiting: list[tuple[datetime, int, str]] = []
        self._left: set[WantKey] = set()
        self._seats: int | None = None
        self._held = 0

    def take(self, kind: int, what: Want | SeatLimit) -> Iterator[str]:
        """Take in what happens; yield its cause where it may free a seat."""
        if isinstance(what, SeatLimit):
            self._seats = what.seats
            yield what.cause_id
        elif kind == _STARTS:
            heappush(self._waiting, (what.start, what.rank, what.person_id))
        elif (what.person_id, what.start) in self.grants:
            self._held -= 1
            yield what.ended_by
        else:
            self._left.add((what.person_id, what.start))

    def let_in(self, at: datetime, freed_by: str) -> None:
        """Give the free seats to the first in the line."""
        while self._waiting and (self._seats is None or self._held < self._seats):
            start, _, person_id = heappop(self._waiting)
            if (person_id, start) not in self._left:
                self._held += 1
                self.grants[person_id, start] = Grant(at, "" if at == start else freed_by)


def _moments(wants: Iterable[Want], limits: Sequence[SeatLimit]) -> Iterator[_Moment]:
    for limit in limits:
        yield limit.start, _LIMITED, "", limit
    for want in wants:
        yield want.start, _STARTS, want.person_id, want
        if want.end is not None:
            yield want.end, _ENDS, want.person_id, want
