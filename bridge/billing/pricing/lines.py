"""The lines of an invoice, each with the people who carry it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from bridge.billing.pricing.rows import RowKey, Rows, Runs, WeightRuns, put
from bridge.billing.pricing.sharing import share_out

Kind = Literal["seats", "flat", "usage", "cap", "discount", "minimum", "adjustment", "tax", "credit"]
Shares = tuple[tuple[RowKey, Runs], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One group of an invoice.

    ``shares`` are minor units by row and sum to ``amount``; tax and credit have none.
    """

    kind: Kind
    plan: str | None
    description: str
    amount: int
    shares: Shares
    quantity: Fraction = Fraction(1)
    meter: str | None = None


def shared(
    amount: int,
    weights: Mapping[RowKey, WeightRuns],
    plan: str | None,
    *,
    exact: Fraction | None = None,
) -> Shares:
    """Return the parts of an amount by row, in proportion to the positive weights.

    ``exact`` is the amount before it was rounded, where it was. Where there are no weights, the money is
    nobody's: it stands on the row without a person.
    """
    carriers = {key: runs for key, runs in weights.items() if any(weight > 0 for _, weight in runs)}
    return share_out(amount, carriers, exact) if carriers else nobodys(amount, plan)


def nobodys(amount: int, plan: str | None) -> Shares:
    """Money without a person: a guarantee, a floor, a commitment."""
    return ((RowKey(None, plan), ((1, amount),)),)


def summed(lines: Iterable[Line]) -> Rows:
    """Tell what the lines put on each row."""
    rows: Rows = {}
    for line in lines:
        put(rows, line.shares)
    return rows


def net(lines: Iterable[Line]) -> int:
    return sum(line.amount for line in lines)
