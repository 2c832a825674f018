"""Prices that depend on how many: a unit price, or tiers that are graduated or by volume.

Tier k covers quantities over the bound of tier k - 1 up to its own. The first is reached at 0, with nobody
there at all; flat fees are charged once and never in part.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

TiersMode = Literal["graduated", "volume"]
Quantity = int | Fraction
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Tier:
    up_to: Quantity | None
    """The last quantity of the tier; None in the last one."""
    unit_amount: Fraction
    """Minor units for one, possibly finer than the currency."""
    flat_amount: Fraction = ZERO


@dataclass(frozen=True, slots=True)
class Price:
    """What a quantity costs in minor units: ``unit_amount`` each when there are no tiers."""

    unit_amount: Fraction = ZERO
    tiers: tuple[Tier, ...] = ()
    mode: TiersMode = "graduated"

    def units(self, quantity: Quantity) -> Fraction:
        """Return the price of a quantity without flat fees."""
        if not self.tiers:
            return self.unit_amount * quantity
        if self.mode == "volume":
            return self.tiers[self._reached(quantity)].unit_amount * quantity
        cost, below = ZERO, Fraction(0)
        for tier in self.tiers[: self._reached(quantity) + 1]:
            top = quantity if tier.up_to is None else min(quantity, tier.up_to)
            cost += tier.unit_amount * (top - below)
            below = Fraction(top)
        return cost

    def flats(self, highest: Quantity) -> Fraction:
        """Return the flat fees once ``highest`` was reached.

        Of all tiers up to it (graduated), of its own tier (volume).
        """
        if not self.tiers:
            return ZERO
        reached = self._reached(highest)
        if self.mode == "volume":
            return self.tiers[reached].flat_amount
        return sum((tier.flat_amount for tier in self.tiers[: reached + 1]), ZERO)

    def _reached(self, quantity: Quantity) -> int:
        return next(i for i, tier in enumerate(self.tiers) if tier.up_to is None or quantity <= tier.up_to)
