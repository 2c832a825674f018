"""Numbers by row, where a row stands for each person of a cohort.

Most of a cohort carry the same. Where they do not, because a minor unit was left over that only some of them
could get, the cohort's people are cut into runs: neighbours in their order who carry the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeVar

from bridge.billing.pricing.cohorts import Who, size_of

Weight = int | Fraction
Runs = tuple[tuple[int, int], ...]
"""(how many people, minor units for each of them), in the order of the cohort, all of them."""
WeightRuns = tuple[tuple[int, Weight], ...]
Number = TypeVar("Number", int, Weight)


class RowKey(NamedTuple):
    """One row of an invoice's people; None stands for money without a person, without a department."""

    person: Who
    plan: str | None
    department: str | None = None
    cost_centre: str | None = None


Rows = dict[RowKey, Runs]


def names_order(key: RowKey) -> tuple[bool | str, ...]:
    """Order the rows of one person by plan, department, cost centre in code points, null last."""
    _, plan, department, centre = key
    return (
        plan is None, plan or "", department is None, department or "", centre is None, centre or "",
    )  # fmt: skip


def evenly(numbers: Mapping[RowKey, Weight]) -> dict[RowKey, WeightRuns]:
    """Return numbers that each person of a row has as runs."""
    return {key: ((size_of(key.person), number),) for key, number in numbers.items()}


def carried(runs: Runs) -> int:
    """Return what all people of a row carry together."""
    return sum(people * amount for people, amount in runs)


def put(rows: Rows, shares: Iterable[tuple[RowKey, Runs]], *, sign: int = 1) -> None:
    """Add shares to what rows carry, or take them off."""
    for key, runs in shares:
        before = rows.get(key)
        if before is None:
            rows[key] = runs if sign == 1 else tuple((people, -amount) for people, amount in runs)
        elif len(before) == 1 and len(runs) == 1:
            rows[key] = ((before[0][0], before[0][1] + sign * runs[0][1]),)
        else:
            rows[key] = joined((people, old + sign * new) for people, (old, new) in overlaid((before, runs)))


def overlaid(columns: Sequence[tuple[tuple[int, Number], ...]]) -> Iterator[tuple[int, tuple[Number, ...]]]:
    """Cut the runs of the same people so that all columns change at the same places.

    Returns how many people, with the number of each column.
    """
    places = [0] * len(columns)
    left = [column[0][0] for column in columns]
    while True:
        people = min(left)
        yield people, tuple(column[place][1] for column, place in zip(columns, places, strict=True))
        for index, column in enumerate(columns):
            left[index] -= people
            if not left[index]:
                places[index] += 1
                if places[index] == len(column):
                    return  # all columns have the same people, so all end here
                left[index] = column[places[index]][0]


def joined(runs: Iterable[tuple[int, Number]]) -> tuple[tuple[int, Number], ...]:
    """Put neighbours together who carry the same; runs of nobody go."""
    found: list[tuple[int, Number]] = []
    for people, number in runs:
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0] + people, number)
        elif people:
            found.append((people, number))
    return tuple(found)
