"""Prices that depend on how many: a unit price, or tiers that are graduated or by volume.

Tier k covers quantities over the bound of tier k - 1 up to its own. The first is reached at 0, with nobody
there at all; flat fees are charged once and never in part.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
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
    _tops: tuple[Quantity, ...] = field(init=False, repr=False, compare=False)
    """The bounds of all tiers but the last."""
    _below: tuple[Fraction, ...] = field(init=False, repr=False, compare=False)
    """What all units below a graduated tier cost, tier by tier: a month asks for the price of many counts."""

    def __post_init__(self) -> None:
        tops = tuple(tier.up_to for tier in self.tiers if tier.up_to is not None)
        widths = (top - bottom for top, bottom in zip(tops, (0, *tops), strict=False))
        whole = (tier.unit_amount * width for tier, width in zip(self.tiers, widths, strict=False))
        object.__setattr__(self, "_tops", tops)
        object.__setattr__(self, "_below", tuple(accumulate(whole, initial=ZERO)))

    def units(self, quantity: Quantity) -> Fraction:
        """Return the price of a quantity without flat fees."""
        if not self.tiers:
            return self.unit_amount * quantity
        reached = self._reached(quantity)
        each = self.tiers[reached].unit_amount
        if self.mode == "volume" or not reached:
            return each * quantity
        return self._below[reached] + each * (quantity - self._tops[reached - 1])

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
        return bisect_left(self._tops, quantity)
