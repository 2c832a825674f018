"""Price terms: what one plan costs for the dates on which the term is valid."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from bridge.billing.periods import Interval
from bridge.billing.pricing.tiers import ZERO, Price, Quantity

Basis = Literal[
    "day_any",
    "second",
    "month_any",
    "sticky_month",
    "high_water",
    "average",
    "snapshot_start",
    "snapshot_end",
    "active_login",
]
RemovalDay = Literal["billed", "free"]
Timing = Literal["arrears", "advance"]
TrueUp = Literal["monthly", "quarterly", "yearly"]

DEFAULT_WINDOW_DAYS = 28
"""How long a sign-in keeps a person active, when a term does not say."""

ONE_NUMBER: frozenset[Basis] = frozenset(
    {"month_any", "high_water", "average", "snapshot_start", "snapshot_end"}
)
"""The bases that give one count for the period."""
BY_INSTANT: frozenset[Basis] = frozenset({"second", "average"})
"""The bases that count time, not days."""
COUNTS_INSTANTS: frozenset[Basis] = BY_INSTANT | {"snapshot_start", "snapshot_end"}
"""The bases for which people differ who hold seats on the same days, but at other instants."""
DAYS_ALONE: frozenset[Basis] = frozenset({"day_any", "month_any", "sticky_month", "active_login"})
"""The bases that ask on which days a seat is held, and of the removal day whether it is free."""
WITH_REMOVAL_DAY: frozenset[Basis] = frozenset({"day_any", "active_login"})
"""The bases whose removal day may be free."""


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted. ``window_days`` is how long a sign-in keeps a person active (``active_login``)."""

    basis: Basis = "day_any"
    removal_day: RemovalDay = "billed"
    window_days: int = DEFAULT_WINDOW_DAYS


@dataclass(frozen=True, slots=True)
class Meter:
    """Consumption: what is included with a seat, and what the rest costs."""

    name: str
    price: Price
    included_per_seat: Fraction = ZERO
    included_decimals: int = 0
    """How finely ``included_per_seat`` was written; a part of it for a part period is rounded to that."""
    pooled: bool = True
    package_size: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Minimum:
    """A guarantee: ``seats`` or ``amount`` (minor units), and the factor on what goes beyond it."""

    seats: int | None = None
    amount: Fraction | None = None
    overage_factor: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Annual:
    """Seats committed for a year, billed in advance and trued up."""

    committed_seats: int
    true_up: TrueUp = "yearly"
    credit_removals: bool = False

    @property
    def intervals(self) -> int:
        return {"monthly": 12, "quarterly": 4, "yearly": 1}[self.true_up]


@dataclass(frozen=True, slots=True)
class Validity:
    """Local dates ``[first, until)``; None is open."""

    first: date | None = None
    until: date | None = None

    def overlaps(self, other: "Validity") -> bool:
        return (self.first is None or other.until is None or self.first < other.until) and (
            other.first is None or self.until is None or other.first < self.until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTerm:
    """All money in minor units of the quote's currency. ``price`` is None when only meters are charged."""

    plan: str
    price: Price | None
    rank: int = 0
    interval: Interval = "month"
    year_start: date | None = None
    valid: Validity = Validity()
    count: Count = Count()
    included_seats: int = 0
    max_seats: int | None = None
    minimum: Minimum | None = None
    per_user_cap: int | None = None
    plan_cap: int | None = None
    plan_floor: int | None = None
    discount_percent: Fraction = ZERO
    meters: tuple[Meter, ...] = ()
    timing: Timing = "arrears"
    annual: Annual | None = None

    @property
    def by_slot(self) -> bool:
        """Whether concurrent seats are counted, and not each person by himself.

        The next seat has its own price.
        """
        return bool(self.included_seats or self.max_seats is not None or (self.price and self.price.tiers))

    @property
    def by_day(self) -> bool:
        """Whether only the days count on which a person holds a seat, not when on a day he does."""
        counted = self.count.basis in DAYS_ALONE and self.count.removal_day == "billed"
        return counted and not self.by_slot and self.annual is None

    def billed_seats(self, count: Quantity) -> Quantity:
        """Of that many held seats, how many are charged: the included ones are free, the rest limited."""
        charged = max(count - self.included_seats, 0)
        return charged if self.max_seats is None else min(charged, self.max_seats)

    def units(self, count: Quantity) -> Fraction:
        """Tell what ``count`` held seats cost for a whole interval, without flat fees."""
        return self.price.units(self.billed_seats(count)) if self.price else ZERO

    def flats(self, highest: Quantity) -> Fraction:
        """Return the flat fees once ``highest`` seats were held."""
        return self.price.flats(self.billed_seats(highest)) if self.price else ZERO
