"""Reading the sign-ins and the consumption of a period as the values that pricing takes."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bridge.billing.periods import Period
from bridge.billing.pricing.price_period import SignIn, UsageEvent
from bridge.billing.pricing.terms import BY_INSTANT, PriceTerm
from bridge.billing.seat_spans import touches
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict
from bridge.seats.tables import Seat
from bridge.usage.apply_meters import read_meters
from bridge.usage.read_usage import latest_sign_ins, usage_between


def refuse_uncounted(session: TenantSession, terms: Sequence[PriceTerm]) -> None:
    """Raise ``Conflict`` for a term whose meter the tenant does not count: it would bill too little."""
    named = {meter.name: term.plan for term in terms for meter in term.meters}
    if not named:
        return
    meters = read_meters(session)
    for meter, plan in named.items():
        if meter not in meters or not meters[meter].is_on:
            state = "is switched off" if meter in meters else "the tenant does not have"
            raise Conflict(
                f"plan {plan} is priced by the meter {meter}, which {state}: switch it on with "
                "`bridge meters apply`, or give the tenant other terms with `bridge plans apply`"
            )


def read_sign_ins(
    session: TenantSession,
    terms: Sequence[PriceTerm],
    days: Period,
    start: datetime,
    end: datetime,
    *,
    people: Collection[str] | None = None,
) -> list[SignIn]:
    """Return the sign-ins by which days of the period are active: those of its days, and of a window before.

    One for each person and day is enough. ``start`` and ``end`` are the instants of the period's dates.
    ``people`` leaves out all others.
    """
    counting = [term for term in terms if term.count.basis == "active_login"]
    if not counting:
        return []
    window = timedelta(days=max(term.count.window_days for term in counting))
    held = touches(start, end) & Seat.plan.in_({term.plan for term in counting})
    if people is not None:
        held &= Seat.person_id.in_(people)
    found = latest_sign_ins(session, days.start - window, days.end, held)
    return [SignIn(person_id, at) for person_id, at in found]


def read_usage(session: TenantSession, terms: Sequence[PriceTerm], days: Period) -> list[UsageEvent]:
    """Return what was used on the dates of the meters that the terms name."""
    meters = {meter.name for term in terms for meter in term.meters}
    by_instant = any(term.count.basis in BY_INSTANT for term in terms)
    found = usage_between(session, days.start, days.end, meters, by_instant=by_instant)
    return [UsageEvent(each.person_id, each.meter, each.at, each.quantity) for each in found]
