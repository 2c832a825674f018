"""A measured figure beside its floor."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one row: ``floor`` is what it must reach, ``met`` whether it does; None without a floor.

    ``rounds`` are the values of which this is the median, in the order in which they were measured.
    """

    row: str
    name: str
    value: float
    unit: str
    floor: str = ""
    met: bool | None = None
    rounds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """What must be known of a row to read it: a peer that is missing, a population, a processor's share."""

    row: str
    text: str


Outcome = Figure | Remark


@dataclass(frozen=True, slots=True)
class Measured:
    """All that came of one row: ``at`` tells when, ``taken`` which share of the processors the host kept.

    A virtual machine's host may give its processors to others; times are then longer than the bridge's own.
    """

    at: str
    taken: float
    outcomes: tuple[Outcome, ...]

    @property
    def figures(self) -> list[Figure]:
        return [each for each in self.outcomes if isinstance(each, Figure)]

    @property
    def remarks(self) -> list[Remark]:
        return [each for each in self.outcomes if isinstance(each, Remark)]


Tell = Callable[[str], None]


def at_least(
    row: str, name: str, value: float, unit: str, floor: float, *, rounds: tuple[float, ...] = ()
) -> Figure:
    return Figure(row, name, value, unit, f"≥ {floor:g} {unit}".strip(), value >= floor, rounds)


def at_most(
    row: str, name: str, value: float, unit: str, floor: float, *, rounds: tuple[float, ...] = ()
) -> Figure:
    return Figure(row, name, value, unit, f"≤ {floor:g} {unit}".strip(), value <= floor, rounds)
