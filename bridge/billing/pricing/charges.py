"""The lines of price terms, in their fixed order.

Within a term: seats, flat fees, consumption, overage, per-user cap, discount, plan cap, true-up, floor;
after all terms the tenant's cap and floor. Each step works on the rounded minor units of the steps before
it and is rounded once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bridge.billing.money import allocate, format_exact, format_minor, format_quantity, round_half_away
from bridge.billing.pricing.cohorts import Who
from bridge.billing.pricing.consumption import Quantities, consume
from bridge.billing.pricing.counts import SeatCount, count_seats
from bridge.billing.pricing.lines import Kind, Line, net, nobodys, shared, summed
from bridge.billing.pricing.ownership import HoldingsByWindow
from bridge.billing.pricing.rows import (
    RowKey,
    Rows,
    Runs,
    carried,
    evenly,
    joined,
    names_order,
    overlaid,
    put,
)
from bridge.billing.pricing.terms import Minimum, PriceTerm
from bridge.billing.pricing.tiers import ZERO, Price
from bridge.billing.pricing.windows import Window
from bridge.errors import InvalidValue


@dataclass(slots=True)
class TermCharges:
    """The lines of one term while its steps are taken; ``rows`` is what each row carries so far."""

    window: Window
    currency: str
    seats: SeatCount
    lines: list[Line]
    rows: Rows

    @property
    def term(self) -> PriceTerm:
        return self.window.term

    @property
    def net(self) -> int:
        return sum(map(carried, self.rows.values()))

    def add(self, line: Line) -> None:
        self.carry(line)
        self.lines.append(line)

    def carry(self, line: Line) -> None:
        put(self.rows, line.shares)

    def step(self, kind: Kind, amount: int, description: str) -> None:
        """Add a line shared in proportion to what the rows carry so far; nothing for nothing."""
        if amount:
            plan = self.term.plan
            self.add(Line(kind, plan, f"{plan}: {description}", amount, shared(amount, self.rows, plan)))

    def guarantee(self, amount: int, description: str) -> None:
        """Add a line of money that no person caused."""
        if amount > 0:
            plan = self.term.plan
            self.add(Line("minimum", plan, f"{plan}: {description}", amount, nobodys(amount, plan)))

    def shown(self, minor: int) -> str:
        return f"{format_minor(minor, self.currency)} {self.currency}"


def charge_terms(
    windows: tuple[Window, ...], holdings: HoldingsByWindow, quantities: Quantities | None, currency: str
) -> list[TermCharges]:
    """Return the charges of each window.

    ``quantities`` None bills in advance, before anything could be used.
    """
    charged = []
    for place, window in enumerate(windows):
        charges = TermCharges(window, currency, count_seats(window, holdings[place]), [], {})
        _charge_seats(charges)
        if quantities is not None:
            _charge_usage(charges, place, quantities)
        _charge_overage(charges)
        charged.append(charges)
    _cap_people(charged)
    for charges in charged:
        _discount(charges)
        _cap_plan(charges)
        _true_up(charges)
        _raise_to_floor(charges)
    return charged


def _charge_seats(charges: TermCharges) -> None:
    term, seats, window = charges.term, charges.seats, charges.window
    if term.price is None:
        return
    exact = Fraction(seats.units(window))
    units = round_half_away(exact)
    if units or seats.quantity:
        price = f"{_price_text(term.price, charges.currency)} a {term.interval}"
        text = f"{format_quantity(seats.quantity)} seats of {term.plan} at {price}, {_dates(window)}"
        shares = shared(units, evenly(seats.weights), term.plan, exact=exact)
        charges.add(Line("seats", term.plan, text, units, shares, seats.quantity))
    exact = Fraction(term.flats(seats.highest))
    flats = round_half_away(exact)
    if flats:
        text = f"{term.plan}: flat fee at {format_quantity(Fraction(seats.highest))} seats"
        shares = shared(flats, evenly(seats.weights), term.plan, exact=exact)
        charges.add(Line("flat", term.plan, text, flats, shares))


def _charge_usage(charges: TermCharges, place: int, quantities: Quantities) -> None:
    plan = charges.term.plan
    for meter in charges.term.meters:
        used = quantities.get((place, meter.name), {})
        consumed = consume(charges.window, meter, charges.seats, used)
        amount = round_half_away(consumed.exact)
        if amount or used:
            included = (
                f" beyond what is included, of {format_quantity(sum(used.values(), ZERO))}"
                if meter.included_per_seat
                else ""
            )
            text = f"{plan}: {format_quantity(consumed.quantity)} {meter.name}{included}"
            shares = shared(amount, evenly(consumed.weights), plan, exact=Fraction(consumed.exact))
            charges.add(Line("usage", plan, text, amount, shares, consumed.quantity, meter.name))


def _charge_overage(charges: TermCharges) -> None:
    minimum = charges.term.minimum
    if minimum is None:
        return
    over = _toward(charges, minimum) - _guaranteed(charges, minimum)
    if over > 0:
        amount = round_half_away(over * (minimum.overage_factor - 1))
        factor = format_quantity(minimum.overage_factor)
        charges.step(
            "minimum", amount, f"{charges.shown(over)} beyond the commitment, at {factor} times the price"
        )


def _guaranteed(charges: TermCharges, minimum: Minimum) -> int:
    """Return the minor units a minimum guarantees over this window."""
    window, term = charges.window, charges.term
    if minimum.amount is not None:
        return round_half_away(minimum.amount * window.part)
    seats = minimum.seats or 0
    return round_half_away(term.units(seats) * window.value) + round_half_away(term.flats(seats))


def _toward(charges: TermCharges, minimum: Minimum) -> int:
    """Tell what counts toward a minimum.

    Seats and flat fees, and consumption when an amount is guaranteed.
    """
    counted = {"seats", "flat"} if minimum.amount is None else {"seats", "flat", "usage"}
    return net(line for line in charges.lines if line.kind in counted)


def _cap_people(charged: list[TermCharges]) -> None:
    """Limit each person's sum in a plan.

    Two terms of one plan share the limit and the line: a new price is no new cap.
    """
    spent: dict[tuple[Who, str], Runs] = {}
    reduced: dict[str, Rows] = {}
    last: dict[str, TermCharges] = {}
    for charges in charged:
        cap, plan = charges.term.per_user_cap, charges.term.plan
        if cap is None:
            continue
        shares = _over_cap(charges.rows, cap, plan, spent)
        if shares:
            charges.carry(Line("cap", plan, "", 0, tuple(shares)))
            put(reduced.setdefault(plan, {}), shares)
            last[plan] = charges
    for plan, rows in reduced.items():
        people = _reached_by(rows)
        amount = sum(map(carried, rows.values()))
        capped = "1 person" if people == 1 else f"{people} people"
        limit = last[plan].shown(last[plan].term.per_user_cap or 0)
        text = f"{plan}: limit of {limit} a person, reached by {capped}"
        last[plan].lines.append(Line("cap", plan, text, amount, tuple(rows.items())))


def _over_cap(
    rows: Mapping[RowKey, Runs], cap: int, plan: str, spent: dict[tuple[Who, str], Runs]
) -> list[tuple[RowKey, Runs]]:
    """Return the negative shares that bring each person back to the cap.

    ``spent`` is what earlier terms of the plan took.
    """
    shares: list[tuple[RowKey, Runs]] = []
    for who, keys in _by_who(rows).items():
        kept: list[tuple[int, int]] = []
        taken: list[list[tuple[int, int]]] = [[] for _ in keys]
        before = spent.get((who, plan))
        for people, mine in overlaid([*(rows[key] for key in keys), *([before] if before else [])]):
            earlier = mine[len(keys)] if before else 0
            amount = sum(mine[: len(keys)])
            excess = min(max(earlier + amount - cap, 0), max(amount, 0))
            kept.append((people, earlier + amount - excess))
            for index, part in enumerate(_reduced(excess, mine[: len(keys)])):
                taken[index].append((people, part))
        spent[who, plan] = joined(kept)
        shares += [
            (key, joined(runs))
            for key, runs in zip(keys, taken, strict=True)
            if any(part for _, part in runs)
        ]
    return shares


def _by_who(rows: Iterable[RowKey]) -> dict[Who, list[RowKey]]:
    """Return the rows of each person or cohort in their order."""
    found: dict[Who, list[RowKey]] = {}
    for key in rows:
        if key.person is not None:
            found.setdefault(key.person, []).append(key)
    return {who: sorted(keys, key=names_order) if len(keys) > 1 else keys for who, keys in found.items()}


def _reduced(excess: int, mine: Sequence[int]) -> list[int]:
    """Take a person's excess off his rows, in proportion to what they carry."""
    parts = [0] * len(mine)
    carriers = [(index, amount) for index, amount in enumerate(mine) if amount > 0]
    for index, part in allocate(-excess, carriers) if excess else ():
        parts[index] = part
    return parts


def _reached_by(rows: Mapping[RowKey, Runs]) -> int:
    """Count the people from whom anything was taken."""
    return sum(
        people
        for keys in _by_who(rows).values()
        for people, parts in overlaid([rows[key] for key in keys])
        if any(parts)
    )


def _discount(charges: TermCharges) -> None:
    percent = charges.term.discount_percent
    amount = -round_half_away(charges.net * percent / 100)
    charges.step("discount", amount, f"discount of {format_quantity(percent)} %")


def _cap_plan(charges: TermCharges) -> None:
    cap = part_of(charges.term.plan_cap, charges.window)
    if cap is not None and charges.net > cap:
        charges.step("cap", cap - charges.net, f"limit of {charges.shown(cap)} for the plan")


def _true_up(charges: TermCharges) -> None:
    minimum = charges.term.minimum
    if minimum is None:
        return
    guaranteed = _guaranteed(charges, minimum)
    if minimum.amount is not None:
        charges.guarantee(guaranteed - charges.net, f"up to the commitment of {charges.shown(guaranteed)}")
        return
    keep = 1 - charges.term.discount_percent / 100
    cap = part_of(charges.term.plan_cap, charges.window)
    if cap is not None and guaranteed * keep > cap:
        raise InvalidValue(
            f"found {minimum.seats} seats, guaranteed at {charges.shown(guaranteed)}, allowed no more than "
            f"/terms/{charges.window.index}/plan_cap",
            pointer=f"/terms/{charges.window.index}/minimum/seats",
        )
    missing = round_half_away((guaranteed - _toward(charges, minimum)) * keep)
    charges.guarantee(missing, f"up to the commitment of {minimum.seats} seats")


def _raise_to_floor(charges: TermCharges) -> None:
    floor = part_of(charges.term.plan_floor, charges.window)
    if floor is not None:
        charges.guarantee(floor - charges.net, f"up to the least for the plan, {charges.shown(floor)}")


def part_of(amount: int | None, window: Window) -> int | None:
    """Return an amount for the period as it is for the part of it in which the term is valid."""
    return None if amount is None else round_half_away(amount * window.part)


def tenant_lines(lines: Iterable[Line], cap: int | None, floor: int | None, currency: str) -> list[Line]:
    """Return the tenant's cap and floor over the lines of all plans."""
    lines = list(lines)
    whole = net(lines)
    if cap is not None and whole > cap:
        text = f"limit of {format_minor(cap, currency)} {currency} for all plans"
        return [Line("cap", None, text, cap - whole, shared(cap - whole, summed(lines), None))]
    if floor is not None and whole < floor:
        text = f"up to the least for all plans, {format_minor(floor, currency)} {currency}"
        return [Line("minimum", None, text, floor - whole, nobodys(floor - whole, None))]
    return []


def _price_text(price: Price, currency: str) -> str:
    return f"{price.mode} prices" if price.tiers else format_exact(price.unit_amount, currency)


def _dates(window: Window) -> str:
    first = max(window.calendar.period.start, window.term.valid.first or window.calendar.period.start)
    until = min(window.calendar.period.end, window.term.valid.until or window.calendar.period.end)
    return f"{first.isoformat()} to {until.isoformat()}"
