"""The price book: which terms a tenant's plans have in a period, and how they are changed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import select

from bridge.billing.catalogue import Plan, load_plans
from bridge.billing.dated_terms import DatedTerms, TermDocument, in_force
from bridge.billing.invoice_events import is_not_void
from bridge.billing.invoiced_days import invoiced_until
from bridge.billing.periods import Period, period_containing
from bridge.billing.pricing import reading
from bridge.billing.pricing.term_document import parse_term
from bridge.billing.pricing.terms import PriceTerm
from bridge.billing.subscription_terms import SubscriptionTerms
from bridge.billing.tables import PriceTerms
from bridge.billing.tenant_terms import parse_dates
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, InvalidValue, NotFound
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.tables import Tenant
from bridge.usage.apply_meters import read_meters
from bridge.usage.meters import MeterTerms

#: What a tenant cannot decide per term, since subscription and validity do.
DECIDED_ELSEWHERE = ("valid", "timing", "year_start")


@cache
def shipped_plans() -> Mapping[str, Plan]:
    """Return the plans of config/plans.toml by their key."""
    return load_plans((files("config") / "plans.toml").read_text())


def terms_in_force(
    session: TenantSession, subscription: SubscriptionTerms, period: Period, plans: set[str]
) -> tuple[TermDocument, ...]:
    """Return the terms of a period as documents of the quote, by rank.

    They are those the tenant agreed on, whether or not anyone holds the plan (a commitment binds), and the
    catalogue's for the other plans in ``plans``. Raises ``Conflict`` for a plan that has no price.
    """
    billed = subscription.billed_part(period)
    if billed is None:
        return ()
    own = _own_terms(session)
    catalogue = shipped_plans()
    found: list[TermDocument] = []
    for plan in sorted(plans | own.keys(), key=lambda key: (_rank(key), key)):
        default = catalogue[plan].terms if plan in plans and plan in catalogue else None
        runs = in_force(own.get(plan, ()), default, start=billed.start, end=billed.end)
        if plan in plans and not runs:
            raise Conflict(_priceless(plan, period))
        found.extend(_term(plan, run, subscription, period) for run in runs)
    return tuple(found)


def is_committed(session: TenantSession, period: Period) -> bool:
    """Tell whether the tenant committed itself to seats for the whole period."""
    own = _own_terms(session).values()
    runs = [run for dated in own for run in in_force(dated, None, start=period.start, end=period.end)]
    return any(terms.get("annual") is not None for _, _, terms in runs)


def apply_prices(
    session: TenantSession, document: Mapping[str, Any], *, cause: Cause, now: datetime
) -> tuple[str, ...]:
    """Give plans a tenant's own terms: ``{"valid_from": …, "valid_until": null, "terms": [{"plan": …}, …]}``.

    Terms are those of the quote without ``valid``, ``timing`` and ``year_start``. Returns the plans. Raises
    ``InvalidValue`` with the pointer of what is wrong, ``Conflict`` for days that are invoiced already.
    """
    raw = dict(document)
    valid_from, valid_until = parse_dates(raw, ("terms",))
    refuse_invoiced_days(session, valid_from)
    plans = _checked_plans(session, raw)
    entry = record(
        session, "billing:prices:apply", Subject("tenant", session.tenant_id), cause=cause, at=now,
        details={"plans": plans, "valid_from": valid_from.isoformat()},
    )  # fmt: skip
    session.add_all(
        PriceTerms(
            id=new_id(now), plan=terms["plan"], valid_from=valid_from, valid_until=valid_until,
            terms=terms, created_at=now, cause_id=entry,
        )
        for terms in raw["terms"]
    )  # fmt: skip
    session.flush()
    return tuple(plans)


def _checked_plans(session: TenantSession, raw: reading.JsonObject) -> list[str]:
    currency = session.scalar(select(Tenant.currency))
    if currency is None:
        raise NotFound("there is no such tenant; `bridge tenant create` makes one")
    meters = read_meters(session)
    plans: list[str] = []
    for index, value in enumerate(
        reading.listed(raw, "terms", "", reading.DEFAULT_LIMITS.terms, required=True)
    ):
        pointer = f"/terms/{index}"
        term = parse_term(value, pointer, currency=currency)
        plan = term.plan
        _refuse_uncounted(term, pointer, meters)
        for name in DECIDED_ELSEWHERE:
            if name in value:
                allowed = "nothing here: the subscription and /valid_from decide it"
                raise reading.refusal(f"{pointer}/{name}", value[name], allowed)
        if plan not in shipped_plans():
            raise reading.refusal(f"{pointer}/plan", plan, f"one of {', '.join(sorted(shipped_plans()))}")
        if plan in plans:
            raise reading.refusal(f"{pointer}/plan", plan, "each plan once")
        plans.append(plan)
    return plans


def _refuse_uncounted(term: PriceTerm, pointer: str, meters: Mapping[str, MeterTerms]) -> None:
    counted = ", ".join(key for key, each in meters.items() if each.is_on) or "none yet"
    for index, meter in enumerate(term.meters):
        if meter.name not in meters or not meters[meter.name].is_on:
            allowed = f"a meter of the tenant that is on: {counted} (`bridge meters apply`)"
            raise reading.refusal(f"{pointer}/meters/{index}/meter", meter.name, allowed)


def refuse_invoiced_days(session: TenantSession, valid_from: date) -> None:
    """Raise ``Conflict`` where invoices are issued for days from that date on."""
    billed_until = invoiced_until(session, is_not_void())
    if billed_until is not None and valid_from < billed_until:
        raise Conflict(
            f"invoices are issued for days until {billed_until}; new terms can hold from then on",
            pointer="/valid_from",
        )


def read_prices(session: TenantSession) -> Sequence[PriceTerms]:
    """Return the tenant's own prices in the order of decision."""
    return session.scalars(select(PriceTerms).order_by(PriceTerms.created_at, PriceTerms.id)).all()


def _own_terms(session: TenantSession) -> dict[str, list[DatedTerms]]:
    own: dict[str, list[DatedTerms]] = {}
    for row in read_prices(session):
        own.setdefault(row.plan, []).append(DatedTerms(row.valid_from, row.valid_until, row.terms))
    return own


def _term(
    plan: str, run: tuple[date, date, TermDocument], subscription: SubscriptionTerms, period: Period
) -> TermDocument:
    """Complete the terms of a run of days with what the subscription decides."""
    start, end, document = run
    term: TermDocument = {"rank": _rank(plan)} | document | {"plan": plan}
    if term.get("annual") is not None and (start, end) != (period.start, period.end):
        raise Conflict(
            f"plan {plan} is committed for the whole year {period.start} to {period.end}: no trial, no "
            "change of terms and no end of the subscription may lie inside it"
        )
    if term.get("annual") is None:
        term["timing"] = subscription.timing
    if term.get("interval", "month") == "year":
        term["year_start"] = _year_start(subscription, period)
    elif subscription.interval == "year":
        raise InvalidValue(
            f"plan {plan} has a price per month and the subscription a period of a year, for which that "
            f"price cannot stand; give the plan a price per year with `bridge plans apply`, interval year"
        )
    if (start, end) != (period.start, period.end):
        term["valid"] = {"from": start.isoformat(), "until": end.isoformat()}
    return term


def _year_start(subscription: SubscriptionTerms, period: Period) -> str:
    """Return where the subscription's year begins: twelve of its months make the price of a year."""
    anchor = subscription.period_of(subscription.starts_on).start
    return period_containing(anchor, "year", period.start).start.isoformat()


def _rank(plan: str) -> int:
    known = shipped_plans().get(plan)
    return known.rank if known else 0


def _priceless(plan: str, period: Period) -> str:
    known = plan in shipped_plans()
    return (
        f"people hold the plan {plan} between {period.start} and {period.end}, "
        + ("which has no price then" if known else "which no catalogue knows")
        + "; correct the rules that name it, or give it a price with `bridge plans apply`"
    )
