"""Metered consumption: which plan an event belongs to, what is included, what the rest costs."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil

from bridge.billing.money import round_half_away
from bridge.billing.pricing.attribution import Attributed, attribute_touched
from bridge.billing.pricing.cohorts import Who
from bridge.billing.pricing.counts import SeatCount
from bridge.billing.pricing.ownership import Holding, HoldingsByWindow
from bridge.billing.pricing.period_days import FOREVER, microseconds
from bridge.billing.pricing.rows import RowKey
from bridge.billing.pricing.terms import Meter
from bridge.billing.pricing.tiers import ZERO
from bridge.billing.pricing.windows import Window


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """A fact: this person used so much of a meter at that instant."""

    person: str
    meter: str
    at: datetime
    quantity: Fraction


@dataclass(frozen=True, slots=True)
class Consumption:
    """What one meter of one term has to bill."""

    quantity: Fraction
    """Billed quantity, after what is included."""
    exact: Fraction
    """Minor units, flat fees included."""
    weights: dict[RowKey, Fraction]


Quantities = dict[tuple[int, str], dict[RowKey, Fraction]]
"""(place of the window, meter) → row → quantity."""


def assign_usage(
    windows: tuple[Window, ...], holdings: HoldingsByWindow, events: Sequence[UsageEvent]
) -> Quantities:
    """Give each event of the period to the term that owns the person's day, or else to one with the meter.

    Who used something is in no cohort.
    """
    quantities: Quantities = defaultdict(lambda: defaultdict(Fraction))
    if not windows or not events:
        return quantities
    owners = _Owners(windows, holdings)
    for event in events:
        day, owner, billed = owners.of_event(event)
        if billed is not None:
            key = owners.row(event.person, day, billed if owner is None else owner, windows[billed].term.plan)
            quantities[billed, event.meter][key] += event.quantity
    return quantities


def plans_of_usage(
    windows: tuple[Window, ...], holdings: HoldingsByWindow, events: Sequence[UsageEvent]
) -> list[str | None]:
    """Return for each event the plan whose term ``assign_usage`` gives it to; None where it costs nothing."""
    if not windows:
        return [None] * len(events)
    owners = _Owners(windows, holdings)
    places = [owners.of_event(event)[2] for event in events]
    return [None if place is None else windows[place].term.plan for place in places]


class _Owners:
    """Who answers for a person's day, looked up once for all events of the day."""

    def __init__(self, windows: tuple[Window, ...], holdings: HoldingsByWindow) -> None:
        self._windows = windows
        self._ranked = sorted(range(len(windows)), key=lambda place: -windows[place].term.rank)
        self._held: dict[Who, list[tuple[int, Holding]]] = defaultdict(list)
        for place in self._ranked:
            for holding in holdings[place]:
                self._held[holding.who].append((place, holding))
        self._billed: dict[tuple[str, int, int | None], int | None] = {}
        self._rows: dict[tuple[str, int], list[Attributed]] = {}

    def of_event(self, event: UsageEvent) -> tuple[int, int | None, int | None]:
        """Return the day of an event, and the places of the terms that own it and that bill it.

        Outside the period there is neither.
        """
        instant = microseconds(event.at)
        day = self._windows[0].calendar.day_of(instant)
        if day is None:
            return 0, None, None
        owner = self.of_day(event.person, day, instant)
        return day, owner, self.with_meter(event.meter, day, owner)

    def of_day(self, person: str, day: int, instant: int) -> int | None:
        """Return the place of the term that owns the day; where terms share it, who holds the instant."""
        owners = [
            (place, holding) for place, holding in self._held.get(person, ()) if holding.days >> day & 1
        ]
        if len(owners) > 1:
            for place, holding in owners:
                before = bisect_right(holding.spans, (instant, FOREVER)) - 1
                if before >= 0 and instant < holding.spans[before][1]:
                    return place
        return owners[0][0] if owners else None

    def with_meter(self, meter: str, day: int, owner: int | None) -> int | None:
        """Return the owner if it has the meter, or else the highest-ranked term in force that has it."""
        asked = (meter, day, owner)
        if asked not in self._billed:
            candidates = self._ranked if owner is None else [owner, *self._ranked]
            self._billed[asked] = next(
                (
                    place
                    for place in candidates
                    if self._windows[place].days >> day & 1
                    and any(meter == other.name for other in self._windows[place].term.meters)
                ),
                None,
            )
        return self._billed[asked]

    def row(self, person: str, day: int, place: int, plan: str) -> RowKey:
        """Return the row of ``plan``, in the department that the day has with the term at ``place``."""
        if (person, place) not in self._rows:
            calendar = self._windows[place].calendar
            self._rows[person, place] = [
                shown
                for other, holding in self._held.get(person, ())
                if other == place
                for shown in attribute_touched(holding.seats, holding.days, calendar)
            ]
        for department, centre, days in self._rows[person, place]:
            if days >> day & 1:
                return RowKey(person, plan, department, centre)
        return RowKey(person, plan)


def consume(window: Window, meter: Meter, seats: SeatCount, used: dict[RowKey, Fraction]) -> Consumption:
    """Price what was used of one meter over the window."""
    included = _included(window, meter)
    if meter.pooled:
        billed = max(sum(used.values(), ZERO) - included * seats.person_days, ZERO)
        return Consumption(billed, _price(meter, billed), used)
    totals: dict[Who, Fraction] = defaultdict(Fraction)
    days: dict[Who, int] = defaultdict(int)
    for key, quantity in used.items():
        totals[key.person] += quantity
    for key, day_count in seats.billable_days.items():
        days[key.person] += day_count
    over = {person: max(total - included * days[person], ZERO) for person, total in totals.items()}
    billed = sum(over.values(), ZERO)
    weights = {
        key: over[key.person] * quantity / totals[key.person]
        for key, quantity in used.items()
        if totals[key.person]
    }
    return Consumption(billed, _price(meter, billed), weights)


def _included(window: Window, meter: Meter) -> Fraction:
    """How much is included with one seat-day."""
    included = meter.included_per_seat
    if window.part != 1:
        digits = 10**meter.included_decimals
        included = Fraction(round_half_away(included * window.part * digits), digits)
    return included / window.day_count


def _price(meter: Meter, billed: Fraction) -> Fraction:
    if meter.package_size is not None:
        return meter.price.units(ceil(billed / meter.package_size))
    return meter.price.units(billed) + meter.price.flats(billed)
