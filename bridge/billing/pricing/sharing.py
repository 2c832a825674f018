"""Sharing a rounded amount among people: floors of exact shares, then the largest remainders.

It answers what ``money.allocate`` answers for each person, and looks at each different weight once.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from math import lcm
from typing import NamedTuple

from bridge.billing.pricing.cohorts import Cohort
from bridge.billing.pricing.rows import RowKey, Runs, Weight, WeightRuns, joined, names_order


class _Part(NamedTuple):
    """What each person of one weight gets."""

    floor: int
    remainder: int


class _Slice(NamedTuple):
    """Neighbours of a row who all may get one of the units that are left: ``people`` from ``first`` on."""

    key: RowKey
    first: int
    people: int


def share_out(
    amount: int, carriers: Mapping[RowKey, WeightRuns], exact: Fraction | None
) -> tuple[tuple[RowKey, Runs], ...]:
    """Give an amount to people in proportion to their weights, so that the parts sum to it.

    Each gets the floor of an exact share; what is left goes by one unit to the largest remainders, ties by
    person, plan, department, cost centre in code points, null last. ``exact`` is the amount before it was
    rounded. Who has no positive weight gets nothing; somebody has one.
    """
    counts = _counted(carriers.values())
    parts, left = _parts(abs(amount), abs(Fraction(amount) if exact is None else exact), counts)
    complete, last, left = _remainders(parts, counts, left)
    among = {weight for weight, part in parts.items() if left and part.remainder == last}
    lucky = _first_of(_slices(carriers, among), left) if left else {}
    sign = -1 if amount < 0 else 1
    each = {weight: sign * (part.floor + (part.remainder in complete)) for weight, part in parts.items()}
    if not lucky:
        return tuple(
            (key, joined((people, each.get(weight, 0)) for people, weight in runs))
            for key, runs in carriers.items()
        )
    return tuple((key, _given(key, runs, each, lucky, sign)) for key, runs in carriers.items())


def _counted(carriers: Iterable[WeightRuns]) -> dict[Weight, int]:
    """Return how many people have each positive weight."""
    counts: dict[Weight, int] = defaultdict(int)
    for runs in carriers:
        for people, weight in runs:
            if weight > 0:
                counts[weight] += people
    return counts


def _parts(magnitude: int, exact: Fraction, counts: Mapping[Weight, int]) -> tuple[dict[Weight, _Part], int]:
    """Return what one person of each weight gets, and what is left then.

    All in integers, whose division is many times faster than that of fractions.
    """
    scale = lcm(*{weight.denominator for weight in counts})
    whole = {weight: weight.numerator * (scale // weight.denominator) for weight in counts}
    divisor = exact.denominator * sum(whole[weight] * people for weight, people in counts.items())
    parts = {weight: _Part(*divmod(exact.numerator * whole[weight], divisor)) for weight in counts}
    return parts, magnitude - sum(parts[weight].floor * people for weight, people in counts.items())


def _remainders(
    parts: Mapping[Weight, _Part], counts: Mapping[Weight, int], left: int
) -> tuple[set[int], int | None, int]:
    """Return the remainders that all get one more, the next one, and the units that are left for it."""
    people: dict[int, int] = defaultdict(int)
    for weight, part in parts.items():
        people[part.remainder] += counts[weight]
    complete: set[int] = set()
    for remainder in sorted(people, reverse=True):
        if left < people[remainder]:
            return complete, remainder, left
        complete.add(remainder)
        left -= people[remainder]
    return complete, None, left


def _slices(carriers: Mapping[RowKey, WeightRuns], weights: set[Weight]) -> list[_Slice]:
    slices = []
    for key, runs in carriers.items():
        first = 0
        for people, weight in runs:
            if weight in weights:
                slices.append(_Slice(key, first, people))
            first += people
    return slices


def _first_of(slices: Sequence[_Slice], count: int) -> dict[tuple[RowKey, int], int]:
    """Return, by row and place, how many of each slice are among the first ``count`` of all of them.

    A cohort is in order, so these are always the first of the slice.
    """
    named = [(each, each.key.person) for each in slices if each.key.person is not None]
    everybody = sorted(chain.from_iterable(_names(who, each) for each, who in named))
    before = everybody[min(count, len(everybody)) - 1] if everybody else ""
    lucky = {}
    for each, who in named:
        people = _people(who)
        until = bisect_left(people, before, each.first, each.first + each.people)
        lucky[each.key, each.first] = until - each.first
    left = count - sum(lucky.values())
    for each in sorted(slices, key=lambda each: (each.key.person is None, names_order(each.key))):
        taken, holder = lucky.get((each.key, each.first), 0), each.key.person
        if left and taken < each.people and (holder is None or _people(holder)[each.first + taken] == before):
            lucky[each.key, each.first] = taken + 1
            left -= 1
    return lucky


def _people(who: str | Cohort) -> Sequence[str]:
    return who.people if isinstance(who, Cohort) else (who,)


def _names(who: str | Cohort, part: _Slice) -> Sequence[str]:
    return _people(who)[part.first : part.first + part.people]


def _given(
    key: RowKey,
    runs: WeightRuns,
    each: Mapping[Weight, int],
    lucky: Mapping[tuple[RowKey, int], int],
    sign: int,
) -> Runs:
    given: list[tuple[int, int]] = []
    first = 0
    for people, weight in runs:
        more, amount = lucky.get((key, first), 0), each.get(weight, 0)
        given += [(more, amount + sign), (people - more, amount)]
        first += people
    return joined(given)
