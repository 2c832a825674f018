"""People whom pricing need not tell apart: who hold the same seats cost the same.

What a person costs follows from his seats, his sign-ins and his consumption. A large tenant's month is a
million people and a few thousand different answers, so pricing computes each answer once, for a cohort.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from bridge.billing.pricing.period_days import FOREVER, PeriodDays, Span, microseconds


class SeatSpan(NamedTuple):
    """A fact: this person held a seat of this plan from ``start`` to ``end`` (UTC; None: still does)."""

    person: str
    plan: str
    start: datetime
    end: datetime | None = None
    department: str | None = None
    cost_centre: str | None = None


class Stay(NamedTuple):
    """A seat cut to the period, in microseconds since 1970.

    ``begun`` orders the seats of one person; of an only seat it is the same as ``start``, whenever it began.
    """

    plan: str
    start: int
    end: int
    begun: int
    department: str | None
    cost_centre: str | None


class Alike(NamedTuple):
    """People who hold the same seats. Nobody is named twice, neither here nor in another one of a period."""

    people: Sequence[str]
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """People of whom one is computed for all, by code points."""

    people: Sequence[str]


Who = str | Cohort | None
"""Who carries money: one person, each of a cohort, or nobody."""


def people_of(who: Who) -> Sequence[str | None]:
    """Return the people behind a row, by code points; None is nobody."""
    return who.people if isinstance(who, Cohort) else (who,)


def size_of(who: Who) -> int:
    """Return how many rows of people a row stands for."""
    return len(who.people) if isinstance(who, Cohort) else 1


def alike_of(seats: Iterable[SeatSpan], period: Span) -> list[Alike]:
    """Return each person with the seats they hold in the period, whatever they held before and after.

    A seat of no length is held at no instant, and one that is told twice is one.
    """
    held: dict[str, list[Stay]] = {}
    for person, plan, start, until, department, cost_centre in seats:
        begun = microseconds(start)
        low = max(begun, period[0])
        high = min(FOREVER if until is None else microseconds(until), period[1])
        if low < high:
            held.setdefault(person, []).append(Stay(plan, low, high, begun, department, cost_centre))
    return each_alone(held)


def each_alone(held: Mapping[str, Sequence[Stay]]) -> list[Alike]:
    """Return each person with what they hold, in order; ``by_days`` puts those together who hold the same."""
    return [
        Alike((person,), (_alone(stays[0]),) if len(stays) == 1 else tuple(sorted(set(stays), key=_order)))
        for person, stays in held.items()
    ]


def by_days(alike: Iterable[Alike], calendar: PeriodDays, plans: Collection[str]) -> list[Alike]:
    """Put the people together who hold the same on the same days; ``plans`` are those that count days.

    At which instant of a day somebody came or went decides nothing there, but in which order his seats
    began does. And on the first day it decides what is billed in advance.
    """
    found: dict[tuple[tuple[Any, ...], ...], list[str]] = {}
    for people, stays in alike:
        key = _on_days(stays, calendar, plans)
        if key in found:
            found[key].extend(people)
        else:
            found[key] = [*people]
    return [Alike(people, tuple(map(Stay._make, key))) for key, people in found.items()]


def _on_days(
    stays: tuple[Stay, ...], calendar: PeriodDays, plans: Collection[str]
) -> tuple[tuple[Any, ...], ...]:
    if len(stays) == 1:
        return (_by_days(stays[0], 0, calendar),) if stays[0].plan in plans else stays
    if not all(stay.plan in plans for stay in stays):
        return stays
    begun = {stay.begun for stay in stays}
    if len(begun) < len(stays):
        return stays  # of seats that began together the one that a term's days let last longer comes first
    in_order = sorted(stays, key=_begun)
    return tuple(_by_days(stay, rank, calendar) for rank, stay in enumerate(in_order))


def _by_days(stay: Stay, rank: int, calendar: PeriodDays) -> tuple[Any, ...]:
    """Return a stay from edge to edge of its days: its members alone, since most are found to be known."""
    plan, start, end, _, department, cost_centre = stay
    edges = calendar.edges
    first = bisect_right(edges, start) - 1
    last = bisect_left(edges, end, 0, len(edges) - 1)
    return plan, edges[first] if first > 0 else start, edges[last], rank, department, cost_centre


def _alone(stay: Stay) -> Stay:
    """Return an only seat as it is compared: when it began decides nothing."""
    return stay if stay.begun == stay.start else stay._replace(begun=stay.start)


def _begun(stay: Stay) -> int:
    return stay.begun


def _order(stay: Stay) -> tuple[str, int, int, int, str, str, bool, bool]:
    department, centre = stay.department, stay.cost_centre
    return (*stay[:4], department or "", centre or "", department is None, centre is None)
