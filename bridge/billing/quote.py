"""The quote.

The invoices of one period from a JSON document alone, without a tenant and without a database.
"""

from datetime import datetime
from typing import Any

from bridge.billing.money import minor_digits
from bridge.billing.periods import Period
from bridge.billing.pricing import reading
from bridge.billing.pricing.adjustments import IssuedAmount
from bridge.billing.pricing.cohorts import SeatSpan
from bridge.billing.pricing.consumption import UsageEvent
from bridge.billing.pricing.ownership import SignIn
from bridge.billing.pricing.period_days import zone_of
from bridge.billing.pricing.price_period import PricingInput, price_period
from bridge.billing.pricing.reading import DEFAULT_LIMITS, JsonObject, Limits
from bridge.billing.pricing.term_document import paid_amount, parse_term
from bridge.billing.pricing.terms import PriceTerm
from bridge.errors import InvalidValue
from bridge.uncollected import uncollected

_QUOTE = frozenset(
    [
        "currency",
        "timezone",
        "period",
        "terms",
        "tenant_cap",
        "tenant_floor",
        "tax_percent",
        "credit_available",
        "seats",
        "logins",
        "usage",
        "already_issued",
    ]
)
_PERIOD = frozenset({"start", "end"})
_SEAT = frozenset({"person", "plan", "start", "end", "department", "cost_centre"})
_LOGIN = frozenset({"person", "at"})
_USAGE = frozenset({"person", "meter", "at", "quantity"})
_ISSUED = frozenset({"person", "plan", "department", "cost_centre", "amount", "cause"})

KnownInstants = dict[str, datetime]


@uncollected()
def answer_quote(document: bytes | JsonObject, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Return the answer to a quote, ready for JSON.

    Raises InvalidValue for what is not allowed, with the JSON pointer of the part; InvalidSyntax for what
    is no JSON object; TooLarge over the limit of bytes.
    """
    return {"invoices": [invoice.document() for invoice in price_period(parse_quote(document, limits))]}


def parse_quote(document: bytes | JsonObject, limits: Limits = DEFAULT_LIMITS) -> PricingInput:
    """Tell what a quote document asks to be priced; raises as ``answer_quote``."""
    value = reading.load(document, limits) if isinstance(document, bytes) else document
    raw = reading.obj(value, "", _QUOTE)
    currency = reading.text(raw, "currency", "", limits)
    minor_digits(currency)
    timezone = reading.optional_text(raw, "timezone", "", limits) or "UTC"
    zone_of(timezone)
    known: KnownInstants = {}
    return PricingInput(
        currency=currency,
        timezone=timezone,
        period=_period(raw, limits),
        terms=_terms(raw, currency, limits),
        seats=_seats(raw, limits, known),
        logins=_logins(raw, limits, known),
        usage=_usage(raw, limits, known),
        tenant_cap=paid_amount(raw, "tenant_cap", "", currency),
        tenant_floor=paid_amount(raw, "tenant_floor", "", currency),
        tax_percent=reading.percent(raw, "tax_percent", ""),
        credit_available=paid_amount(raw, "credit_available", "", currency) or 0,
        already_issued=_issued(raw, currency, limits),
    )


def _period(raw: JsonObject, limits: Limits) -> Period:
    if raw.get("period") is None:
        raise reading.missing("/period", 'an object, as in {"start": "2024-01-01", "end": "2024-02-01"}')
    row = reading.obj(raw["period"], "/period", _PERIOD)
    start, end = (reading.local_date(row, name, "/period") for name in ("start", "end"))
    if start is None or end is None:
        raise reading.missing("/period/start" if start is None else "/period/end", "a date YYYY-MM-DD")
    period = Period(start, end)
    if period.days > limits.period_days:
        raise InvalidValue(
            f"found {period.days} days, allowed at most {limits.period_days}", pointer="/period/end"
        )
    return period


def _terms(raw: JsonObject, currency: str, limits: Limits) -> tuple[PriceTerm, ...]:
    rows = reading.listed(raw, "terms", "", limits.terms, required=True)
    if not rows:
        raise reading.refusal("/terms", rows, "at least one term")
    return tuple(
        parse_term(row, f"/terms/{index}", currency=currency, limits=limits) for index, row in enumerate(rows)
    )


def _seats(raw: JsonObject, limits: Limits, known: KnownInstants) -> list[SeatSpan]:
    seats = []
    for index, value in enumerate(reading.listed(raw, "seats", "", limits.seats, required=True)):
        at = f"/seats/{index}"
        row = reading.obj(value, at, _SEAT)
        start = reading.instant(row, "start", at, known)
        end = None if row.get("end") is None else reading.instant(row, "end", at, known)
        if end is not None and end < start:
            raise reading.refusal(f"{at}/end", row["end"], f"an instant that is not before {at}/start")
        seats.append(
            SeatSpan(
                reading.text(row, "person", at, limits),
                reading.text(row, "plan", at, limits),
                start,
                end,
                reading.optional_text(row, "department", at, limits),
                reading.optional_text(row, "cost_centre", at, limits),
            )
        )
    return seats


def _logins(raw: JsonObject, limits: Limits, known: KnownInstants) -> list[SignIn]:
    logins = []
    for index, value in enumerate(reading.listed(raw, "logins", "", limits.sign_ins)):
        at = f"/logins/{index}"
        row = reading.obj(value, at, _LOGIN)
        logins.append(SignIn(reading.text(row, "person", at, limits), reading.instant(row, "at", at, known)))
    return logins


def _usage(raw: JsonObject, limits: Limits, known: KnownInstants) -> list[UsageEvent]:
    events = []
    for index, value in enumerate(reading.listed(raw, "usage", "", limits.usage_events)):
        at = f"/usage/{index}"
        row = reading.obj(value, at, _USAGE)
        quantity = reading.decimal(row, "quantity", at)
        if quantity is None:
            raise reading.missing(f"{at}/quantity", 'a number in a string, as in "120"')
        person, meter = (reading.text(row, name, at, limits) for name in ("person", "meter"))
        events.append(UsageEvent(person, meter, reading.instant(row, "at", at, known), quantity))
    return events


def _issued(raw: JsonObject, currency: str, limits: Limits) -> list[IssuedAmount]:
    issued = []
    for index, value in enumerate(reading.listed(raw, "already_issued", "", limits.issued_amounts)):
        at = f"/already_issued/{index}"
        row = reading.obj(value, at, _ISSUED)
        amount = paid_amount(row, "amount", at, currency, signed=True)
        if amount is None:
            raise reading.missing(f"{at}/amount", "an amount")
        person, plan, department, cost_centre, cause = (
            reading.optional_text(row, name, at, limits)
            for name in ("person", "plan", "department", "cost_centre", "cause")
        )
        issued.append(IssuedAmount(person, plan, amount, department, cost_centre, cause))
    return issued
