"""The JSON of a price term, read strictly."""

from fractions import Fraction
from typing import get_args

from bridge.billing.money import parse_amount
from bridge.billing.periods import Interval
from bridge.billing.pricing import reading
from bridge.billing.pricing.reading import DEFAULT_LIMITS, JsonObject, Limits
from bridge.billing.pricing.terms import (
    DEFAULT_WINDOW_DAYS,
    WITH_REMOVAL_DAY,
    Annual,
    Basis,
    Count,
    Meter,
    Minimum,
    PriceTerm,
    RemovalDay,
    Timing,
    TrueUp,
    Validity,
)
from bridge.billing.pricing.tiers import ZERO, Price, Tier, TiersMode
from bridge.errors import InvalidValue

_TERM = frozenset(
    [
        "plan",
        "rank",
        "unit_amount",
        "interval",
        "year_start",
        "valid",
        "tiers",
        "tiers_mode",
        "count",
        "included_seats",
        "max_seats",
        "minimum",
        "per_user_cap",
        "plan_cap",
        "plan_floor",
        "discount_percent",
        "meters",
        "timing",
        "annual",
    ]
)
_COUNT = frozenset({"basis", "removal_day", "window_days"})
_TIER = frozenset({"up_to", "unit_amount", "flat_amount"})
_METER = frozenset(
    {"meter", "included_per_seat", "pooled", "unit_amount", "package_size", "tiers_mode", "tiers"},
)
_MINIMUM = frozenset({"seats", "amount", "overage_factor"})
_ANNUAL = frozenset({"committed_seats", "true_up", "credit_removals"})
_VALID = frozenset({"from", "until"})


def parse_term(value: object, pointer: str, *, currency: str, limits: Limits = DEFAULT_LIMITS) -> PriceTerm:
    """Return the price term in ``value``; ``pointer`` is where it stands in the caller's document.

    Raises InvalidValue, with the pointer of the part that is wrong.
    """
    raw = reading.obj(value, pointer, _TERM)
    meters = _meters(raw, pointer, currency, limits)
    if raw.get("unit_amount") is None and raw.get("tiers") is None and not meters:
        raise reading.missing(f"{pointer}/unit_amount", f"a unit_amount, or {pointer}/tiers, or meters")
    count = _count(raw, pointer, limits)
    annual = _annual(raw, pointer, limits)
    if annual is not None:
        _refuse_beside_annual(raw, pointer)
    return PriceTerm(
        plan=reading.text(raw, "plan", pointer, limits),
        price=_price(raw, pointer, currency, limits),
        rank=reading.whole(raw, "rank", pointer, limits.count, lowest=-limits.count) or 0,
        interval=reading.choice(raw, "interval", pointer, get_args(Interval), "month"),
        year_start=reading.local_date(raw, "year_start", pointer),
        valid=_validity(raw, pointer),
        count=count if annual is None else Count(),  # a true-up counts the peak
        included_seats=reading.whole(raw, "included_seats", pointer, limits.count) or 0,
        max_seats=reading.whole(raw, "max_seats", pointer, limits.count),
        minimum=_minimum(raw, pointer, currency, limits),
        per_user_cap=paid_amount(raw, "per_user_cap", pointer, currency),
        plan_cap=paid_amount(raw, "plan_cap", pointer, currency),
        plan_floor=paid_amount(raw, "plan_floor", pointer, currency),
        discount_percent=reading.percent(raw, "discount_percent", pointer),
        meters=meters,
        timing=reading.choice(raw, "timing", pointer, get_args(Timing), "arrears"),
        annual=annual,
    )


def paid_amount(raw: JsonObject, name: str, at: str, currency: str, *, signed: bool = False) -> int | None:
    """Return an amount that changes hands, so in whole minor units; None when absent or null."""
    if reading.decimal(raw, name, at, signed=signed) is None:
        return None
    return int(parse_amount(raw[name], currency, pointer=f"{at}/{name}"))


def _fine_amount(raw: JsonObject, name: str, at: str, currency: str) -> Fraction | None:
    """Return a price in minor units, possibly finer than one; None when absent or null."""
    if reading.decimal(raw, name, at) is None:
        return None
    return parse_amount(raw[name], currency, pointer=f"{at}/{name}", finer=True)


def _price(raw: JsonObject, at: str, currency: str, limits: Limits) -> Price | None:
    """Return a unit price or tiers; both at once cannot be meant."""
    unit = _fine_amount(raw, "unit_amount", at, currency)
    tiers = _tiers(raw, at, currency, limits)
    if unit is not None and tiers:
        raise InvalidValue(
            f"found tiers beside {at}/unit_amount, allowed exactly one of the two", pointer=f"{at}/tiers"
        )
    mode = reading.choice(raw, "tiers_mode", at, get_args(TiersMode), "graduated")
    return None if unit is None and not tiers else Price(unit or ZERO, tiers, mode)


def _tiers(raw: JsonObject, at: str, currency: str, limits: Limits) -> tuple[Tier, ...]:
    if raw.get("tiers") is None:
        return ()
    rows = reading.listed(raw, "tiers", at, limits.tiers)
    if not rows:
        raise reading.refusal(f"{at}/tiers", rows, "at least one tier")
    tiers = []
    below = ZERO
    for index, value in enumerate(rows):
        place = f"{at}/tiers/{index}"
        row = reading.obj(value, place, _TIER)
        up_to = reading.quantity(row, "up_to", place)
        last = index == len(rows) - 1
        if (up_to is None) is not last:
            raise reading.refusal(f"{place}/up_to", row.get("up_to"), "null in the last tier and only there")
        if up_to is not None and up_to <= below:
            raise reading.refusal(f"{place}/up_to", row["up_to"], "more than in the tier before")
        below = up_to or below
        unit = _fine_amount(row, "unit_amount", place, currency)
        if unit is None:
            raise reading.missing(f"{place}/unit_amount", "an amount")
        tiers.append(Tier(up_to, unit, _fine_amount(row, "flat_amount", place, currency) or ZERO))
    return tuple(tiers)


def _meters(raw: JsonObject, at: str, currency: str, limits: Limits) -> tuple[Meter, ...]:
    meters: list[Meter] = []
    for index, value in enumerate(reading.listed(raw, "meters", at, limits.meters)):
        meter = _meter(value, f"{at}/meters/{index}", currency, limits)
        if any(meter.name == other.name for other in meters):
            raise reading.refusal(f"{at}/meters/{index}/meter", meter.name, "each meter once in a term")
        meters.append(meter)
    return tuple(meters)


def _meter(value: object, at: str, currency: str, limits: Limits) -> Meter:
    raw = reading.obj(value, at, _METER)
    name = reading.text(raw, "meter", at, limits)
    price = _price(raw, at, currency, limits)
    if price is None:
        raise reading.missing(f"{at}/unit_amount", f"a unit_amount or {at}/tiers")
    package_size = reading.quantity(raw, "package_size", at)
    if package_size is not None and price.tiers:
        raise reading.refusal(f"{at}/package_size", raw["package_size"], f"null beside {at}/tiers")
    included = reading.decimal(raw, "included_per_seat", at)
    written = str(raw.get("included_per_seat")).partition(".")[2] if included is not None else ""
    pooled = reading.truth(raw, "pooled", at, default=True)
    return Meter(name, price, included or ZERO, len(written), pooled, package_size)


def _minimum(raw: JsonObject, at: str, currency: str, limits: Limits) -> Minimum | None:
    if raw.get("minimum") is None:
        return None
    place = f"{at}/minimum"
    row = reading.obj(raw["minimum"], place, _MINIMUM)
    seats = reading.whole(row, "seats", place, limits.count)
    amount = _fine_amount(row, "amount", place, currency)
    if seats is not None and amount is not None:
        raise InvalidValue(
            f"found an amount beside {place}/seats, allowed only one of the two", pointer=f"{place}/amount"
        )
    if seats is None and amount is None:
        raise reading.missing(f"{place}/seats", f"a number of seats, or {place}/amount")
    factor = reading.decimal(row, "overage_factor", place)
    return Minimum(seats, amount, Fraction(1) if factor is None else factor)


def _annual(raw: JsonObject, at: str, limits: Limits) -> Annual | None:
    if raw.get("annual") is None:
        return None
    place = f"{at}/annual"
    row = reading.obj(raw["annual"], place, _ANNUAL)
    seats = reading.whole(row, "committed_seats", place, limits.count)
    if seats is None:
        raise reading.missing(f"{place}/committed_seats", "a number of seats")
    true_up = reading.choice(row, "true_up", place, get_args(TrueUp), "yearly")
    return Annual(seats, true_up, reading.truth(row, "credit_removals", place, default=False))


def _refuse_beside_annual(raw: JsonObject, at: str) -> None:
    """Refuse more than seats.

    Anything else would be counted by another clock.
    """
    for name in ("minimum", "per_user_cap", "plan_cap", "plan_floor", "valid"):
        if raw.get(name) is not None:
            raise reading.refusal(f"{at}/{name}", raw[name], f"null beside {at}/annual")
    if raw.get("meters"):
        raise reading.refusal(f"{at}/meters", raw["meters"], f"none beside {at}/annual")
    if reading.percent(raw, "discount_percent", at):
        raise reading.refusal(f"{at}/discount_percent", raw["discount_percent"], f"0 beside {at}/annual")


def _count(raw: JsonObject, at: str, limits: Limits) -> Count:
    if raw.get("count") is None:
        return Count()
    place = f"{at}/count"
    row = reading.obj(raw["count"], place, _COUNT)
    basis = reading.choice(row, "basis", place, get_args(Basis), "day_any")
    removal_day = reading.choice(row, "removal_day", place, get_args(RemovalDay), "billed")
    if removal_day == "free" and basis not in WITH_REMOVAL_DAY:
        raise reading.refusal(
            f"{place}/removal_day", "free", f"billed with {basis}, which counts no removal day"
        )
    window = reading.whole(row, "window_days", place, limits.window_days)
    return Count(basis, removal_day, DEFAULT_WINDOW_DAYS if window is None else window)


def _validity(raw: JsonObject, at: str) -> Validity:
    if raw.get("valid") is None:
        return Validity()
    place = f"{at}/valid"
    row = reading.obj(raw["valid"], place, _VALID)
    valid = Validity(reading.local_date(row, "from", place), reading.local_date(row, "until", place))
    if valid.first and valid.until and valid.until <= valid.first:
        raise reading.refusal(f"{place}/until", row["until"], f"a date after {place}/from")
    return valid
