"""Pricing a period of a tenant: from rows to what each person costs."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from bridge.billing.dated_terms import TermDocument
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.invoice_events import is_not_void
from bridge.billing.local_days import midnight
from bridge.billing.periods import Period
from bridge.billing.price_book import terms_in_force
from bridge.billing.pricing.price_period import PricedInvoice, PricingInput, SeatSpan, price_period
from bridge.billing.pricing.term_document import parse_term
from bridge.billing.pricing.terms import PriceTerm
from bridge.billing.seat_spans import billed_plans, read_seat_spans
from bridge.billing.subscription_terms import SubscriptionTerms
from bridge.billing.tables import Invoice
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, NotFound
from bridge.tenants.tables import Tenant


def tenant_of(session: TenantSession) -> Tenant:
    """Return the session's tenant. Raises ``NotFound`` where there is none."""
    tenant: Tenant | None = session.scalar(select(Tenant))
    if tenant is None:
        raise NotFound("there is no such tenant; `bridge tenant create` makes one")
    return tenant


def priced_period(
    session: TenantSession, subscription: SubscriptionTerms, period: Period
) -> tuple[tuple[PricedInvoice, ...], tuple[TermDocument, ...]]:
    """Return the invoices of a period as the facts are now, and the terms they are computed with."""
    tenant = tenant_of(session)
    start, end = midnight(period.start, tenant.timezone), midnight(period.end, tenant.timezone)
    terms = period_terms(session, subscription, period)
    return price(tenant, period, terms, read_seat_spans(session, start, end)), terms


def period_terms(
    session: TenantSession, subscription: SubscriptionTerms, period: Period
) -> tuple[TermDocument, ...]:
    """Return the terms of a period.

    A period that has an invoice keeps the terms of its first one that is not void: a new catalogue or a price
    that came later changes nothing that was issued. Only a plan that a late fact brought in has the terms of
    today.
    """
    tenant = tenant_of(session)
    start, end = midnight(period.start, tenant.timezone), midnight(period.end, tenant.timezone)
    plans = billed_plans(session, start, end)
    issued = session.scalar(
        select(Invoice.document)
        .where(
            Invoice.subscription_id == subscription.id,
            Invoice.period_start == period.start,
            is_not_void(),
        )
        .order_by(Invoice.revision)
        .limit(1)
    )
    if issued is None:
        return terms_in_force(session, subscription, period, plans)
    kept: tuple[TermDocument, ...] = tuple(issued["terms"])
    missing = plans - {term["plan"] for term in kept}
    if not missing:
        return kept
    added = terms_in_force(session, subscription, period, missing)
    return kept + tuple(term for term in added if term["plan"] in missing)


def price(
    tenant: Tenant, period: Period, terms: Iterable[TermDocument], seats: Sequence[SeatSpan]
) -> tuple[PricedInvoice, ...]:
    """Call the one pure function with a tenant's money and time zone."""
    parsed = tuple(
        parse_term(term, f"/terms/{index}", currency=tenant.currency) for index, term in enumerate(terms)
    )
    for term in parsed:
        _refuse_what_is_not_counted(term)
    return price_period(
        PricingInput(
            currency=tenant.currency, timezone=tenant.timezone, period=period, terms=parsed, seats=seats
        )
    )


def _refuse_what_is_not_counted(term: PriceTerm) -> None:
    """Refuse terms that need sign-ins or consumption: without those facts they would bill too little."""
    if term.count.basis == "active_login" or term.meters:
        raise Conflict(
            f"plan {term.plan} is priced by {'consumption' if term.meters else 'sign-ins'}, which the bridge "
            "does not take in yet: give the tenant other terms (`bridge plans apply`), or map nobody to it"
        )


def person_rows(priced: Iterable[PricedInvoice], period: Period) -> list[PersonShare]:
    """Return the people of some invoices of a period as rows."""
    return [
        PersonShare(
            share.person, share.plan, share.department, share.cost_centre,
            share.billable_days, share.amount, None, period.start,
        )
        for invoice in priced
        for share in invoice.people
    ]  # fmt: skip
