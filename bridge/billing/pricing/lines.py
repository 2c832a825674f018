"""The lines of an invoice, each with the people who carry it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from bridge.billing.money import allocate
from bridge.billing.pricing.attribution import RowKey, in_order

Kind = Literal["seats", "flat", "usage", "cap", "discount", "minimum", "adjustment", "tax", "credit"]
Shares = tuple[tuple[RowKey, int], ...]


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
    weights: Mapping[RowKey, int | Fraction],
    plan: str | None,
    *,
    exact: Fraction | None = None,
) -> Shares:
    """Return the parts of an amount by row, in proportion to the positive weights.

    ``exact`` is the amount before it was rounded, where it was. Where there are no weights, the money is
    nobody's: it stands on the row without a person.
    """
    carriers = [(key, weights[key]) for key in in_order(weights) if weights[key] > 0]
    if not carriers:
        return ((RowKey(None, plan), amount),)
    return tuple(allocate(amount, carriers, exact=exact))


def nobodys(amount: int, plan: str | None) -> Shares:
    """Money without a person: a guarantee, a floor, a commitment."""
    return ((RowKey(None, plan), amount),)


def summed(lines: Iterable[Line]) -> dict[RowKey, int]:
    """Tell what the lines put on each row."""
    rows: dict[RowKey, int] = {}
    for line in lines:
        for key, amount in line.shares:
            rows[key] = rows.get(key, 0) + amount
    return rows


def net(lines: Iterable[Line]) -> int:
    return sum(line.amount for line in lines)
