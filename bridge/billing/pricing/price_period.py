"""Pricing: the one pure function from dated facts to invoices.

A quote, a preview and the closing of a period all call ``price_period``; what is previewed is what is
charged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bridge.billing.periods import Period
from bridge.billing.pricing.adjustments import IssuedAmount, NetInvoice, differences, since_issued
from bridge.billing.pricing.annual import annual_invoices
from bridge.billing.pricing.charges import TermCharges, charge_terms, tenant_lines
from bridge.billing.pricing.cohorts import Alike, SeatSpan, alike_of, by_days
from bridge.billing.pricing.conflicts import refuse_conflicts, refuse_unknown
from bridge.billing.pricing.consumption import UsageEvent, assign_usage, plans_of_usage
from bridge.billing.pricing.invoices import PricedInvoice, settle
from bridge.billing.pricing.lines import Line
from bridge.billing.pricing.ownership import HoldingsByWindow, SignIn, holdings_of
from bridge.billing.pricing.period_days import PeriodDays
from bridge.billing.pricing.rows import RowKey, Rows, carried, put
from bridge.billing.pricing.terms import PriceTerm
from bridge.billing.pricing.tiers import ZERO
from bridge.billing.pricing.windows import Window, windows_of

__all__ = ["PricedInvoice", "PricingInput", "SeatSpan", "SignIn", "UsageEvent", "price_period", "usage_plans"]

FROM_THE_FACTS = "computed from the facts of the period, less what was billed in advance"


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingInput:
    """All that decides what a period costs. Money in minor units; instants are UTC.

    ``seats`` are facts as they come; who was put together already is in ``alike`` instead.
    """

    currency: str
    timezone: str
    period: Period
    terms: tuple[PriceTerm, ...]
    seats: Sequence[SeatSpan] = ()
    alike: Sequence[Alike] = ()
    logins: Sequence[SignIn] = ()
    usage: Sequence[UsageEvent] = ()
    tenant_cap: int | None = None
    tenant_floor: int | None = None
    tax_percent: Fraction = ZERO
    credit_available: int = 0
    already_issued: Sequence[IssuedAmount] = ()


def price_period(request: PricingInput) -> tuple[PricedInvoice, ...]:
    """Return the invoices of one period, in the order in which they are issued.

    Raises InvalidValue, with a pointer into the quote document, for terms that contradict each other, seats
    of a plan without a term and events of a meter that no term has.
    """
    refuse_conflicts(request.terms, request.period, request.tenant_cap, request.tenant_floor)
    refuse_unknown(request.terms, request.seats, request.usage, request.alike)
    calendar = PeriodDays.of(request.period, request.timezone)
    windows = windows_of(request.terms, calendar)
    drafts = _drafts(request, windows, _holdings(request, windows, calendar))
    if request.already_issued:
        drafts = [_less_issued(request, drafts)]
    return settle(
        drafts,
        currency=request.currency,
        tax_percent=request.tax_percent,
        credit_available=request.credit_available,
    )


def usage_plans(request: PricingInput) -> list[str | None]:
    """Return for each event of consumption the plan that ``price_period`` bills it by; None for no plan."""
    calendar = PeriodDays.of(request.period, request.timezone)
    windows = windows_of(request.terms, calendar)
    held, *_ = _holdings(request, windows, calendar)
    return plans_of_usage(windows, held, request.usage)


def _holdings(
    request: PricingInput, windows: tuple[Window, ...], calendar: PeriodDays
) -> tuple[HoldingsByWindow, ...]:
    """Return who holds what, and, where a term bills in advance, who is taken to hold what."""
    used = {event.person for event in request.usage}
    issued = {entry.person for entry in request.already_issued if entry.person is not None}
    alike = [*alike_of(request.seats, (calendar.start, calendar.end)), *request.alike]
    by_instant = {term.plan for term in request.terms if not term.by_day}
    plans = {term.plan for term in request.terms} - by_instant
    annual = any(term.annual for term in request.terms)
    ahead = not annual and any(term.timing == "advance" for term in request.terms)
    alike = by_days(alike, calendar, plans)
    return holdings_of(windows, alike, request.logins, apart=used | issued, ahead=ahead)


def _drafts(
    request: PricingInput, windows: tuple[Window, ...], held: tuple[HoldingsByWindow, ...]
) -> list[NetInvoice]:
    period = request.period
    if any(term.annual for term in request.terms):
        return annual_invoices(windows, held[0], period)
    quantities = assign_usage(windows, held[0], request.usage)
    charged = charge_terms(windows, held[0], quantities, request.currency)
    own = _tenant_lines(request, charged)
    days = _days(charged)
    if len(held) == 1:
        return [NetInvoice(period, period.end, [*_lines(charged), *own], days)]
    frozen = charge_terms(windows, held[1], None, request.currency)
    ahead = [charges for charges in frozen if charges.term.timing == "advance"]
    own_ahead = _tenant_lines(request, ahead)
    first = NetInvoice(period, period.start, [*_lines(ahead), *own_ahead], _days(ahead))
    return [first, NetInvoice(period, period.end, _second(charged, own, ahead, own_ahead), days)]


def _second(
    charged: list[TermCharges], own: list[Line], ahead: list[TermCharges], own_ahead: list[Line]
) -> list[Line]:
    """Return the second invoice of a period billed in advance.

    Arrears, consumption, and what the facts changed.
    """
    shown = [
        line
        for charges in charged
        for line in charges.lines
        if charges.term.timing == "arrears" or line.kind == "usage"
    ]
    again = [
        line
        for charges in charged
        for line in charges.lines
        if charges.term.timing == "advance" and line.kind != "usage"
    ]
    plans = list(dict.fromkeys(charges.term.plan for charges in charged if charges.term.timing == "advance"))
    changed = differences(again, _lines(ahead), plans, FROM_THE_FACTS)
    if own_ahead:
        own = _tenant_differences(own, own_ahead)
    return [*shown, *changed, *own]


def _tenant_differences(now: list[Line], before: list[Line]) -> list[Line]:
    """Tell what the tenant's own lines changed, as one line: a cap is carried by rows of every plan."""
    rows: Rows = {}
    for lines, sign in ((now, 1), (before, -1)):
        for line in lines:
            put(rows, line.shares, sign=sign)
    amount = sum(map(carried, rows.values()))
    if not any(part for runs in rows.values() for _, part in runs):
        return []
    return [Line("adjustment", None, f"all plans: {FROM_THE_FACTS}", amount, tuple(rows.items()))]


def _less_issued(request: PricingInput, drafts: list[NetInvoice]) -> NetInvoice:
    """One draft of nothing but adjustments: the pure function computed again, minus what was issued."""
    lines = [line for draft in drafts for line in draft.lines]
    plans = list(dict.fromkeys(term.plan for term in request.terms))
    changed = since_issued(lines, request.already_issued, plans)
    return NetInvoice(request.period, request.period.end, changed, drafts[-1].billable_days)


def _tenant_lines(request: PricingInput, charged: list[TermCharges]) -> list[Line]:
    return tenant_lines(_lines(charged), request.tenant_cap, request.tenant_floor, request.currency)


def _lines(charged: Iterable[TermCharges]) -> list[Line]:
    return [line for charges in charged for line in charges.lines]


def _days(charged: Iterable[TermCharges]) -> dict[RowKey, int]:
    """Billable days by row; two terms of one plan share their rows."""
    days: dict[RowKey, int] = {}
    for charges in charged:
        for key, count in charges.seats.billable_days.items():
            days[key] = days.get(key, 0) + count
    return days
