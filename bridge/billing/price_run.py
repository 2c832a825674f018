"""Pricing a period of a tenant: from rows to what each person costs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import TypeAlias

from sqlalchemy import select

from bridge.billing.billing_terms import billing_terms_on
from bridge.billing.counted_facts import read_sign_ins, read_usage, refuse_uncounted
from bridge.billing.dated_terms import TermDocument, cut_at
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.invoice_events import is_not_void
from bridge.billing.local_days import midnight
from bridge.billing.periods import Period
from bridge.billing.price_book import terms_in_force
from bridge.billing.pricing.cohorts import Alike
from bridge.billing.pricing.price_period import (
    PricedInvoice,
    PricingInput,
    SignIn,
    UsageEvent,
    price_period,
)
from bridge.billing.pricing.term_document import parse_term
from bridge.billing.pricing.terms import PriceTerm
from bridge.billing.seat_spans import read_alike
from bridge.billing.subscription_terms import SubscriptionTerms
from bridge.billing.tables import Invoice
from bridge.billing.tenant_terms import TenantTerms, parse_tenant_terms
from bridge.database.sessions import TenantSession
from bridge.errors import NotFound
from bridge.tenants.tables import Tenant

_Facts: TypeAlias = tuple[Sequence[Alike], Sequence[SignIn], Sequence[UsageEvent]]


def tenant_of(session: TenantSession) -> Tenant:
    """Return the session's tenant, read once while it is in use. Raises ``NotFound`` where there is none."""
    tenant = session.get(Tenant, session.tenant_id)
    if tenant is None:
        raise NotFound("there is no such tenant; `bridge tenant create` makes one")
    return tenant


@dataclass(frozen=True, slots=True)
class PricedPeriod:
    """What a period costs as the facts are now, with the terms it is computed with, as documents."""

    invoices: tuple[PricedInvoice, ...]
    terms: tuple[TermDocument, ...]
    tenant_terms: TermDocument
    tax_percent: Fraction


def priced_period(session: TenantSession, subscription: SubscriptionTerms, period: Period) -> PricedPeriod:
    """Return the invoices of a period as the facts are now.

    Only the billed dates are looked at: what is held or used before a trial ends, or after a subscription,
    costs nothing.
    """
    tenant = tenant_of(session)
    issued = _issued_document(session, subscription, period)
    billed = subscription.billed_part(period)
    alike: Sequence[Alike] = ()
    if billed is not None:
        alike = read_alike(session, _instants(billed, tenant), _instants(period, tenant))
    plans = {stay.plan for each in alike for stay in each.stays}
    terms = _period_terms(session, subscription, period, issued, plans)
    tenant_terms = billing_terms_on(session, period.start) if issued is None else issued["billing_terms"]
    parsed = parsed_terms(tenant, terms)
    own = parse_tenant_terms(tenant_terms, currency=tenant.currency)
    facts: _Facts = ((), (), ())
    if billed is not None:
        start, end = _instants(billed, tenant)
        sign_ins = read_sign_ins(session, parsed, billed, start, end)
        facts = (alike, sign_ins, read_usage(session, parsed, billed))
    return PricedPeriod(
        price(tenant, subscription, period, parsed, own, facts=facts), terms, tenant_terms, own.tax_percent
    )


def _instants(days: Period, tenant: Tenant) -> tuple[datetime, datetime]:
    return midnight(days.start, tenant.timezone), midnight(days.end, tenant.timezone)


def _period_terms(
    session: TenantSession,
    subscription: SubscriptionTerms,
    period: Period,
    issued: TermDocument | None,
    plans: set[str],
) -> tuple[TermDocument, ...]:
    """Return the terms of a period, in which these plans are held; ``issued`` is its first invoice.

    A period that has an invoice keeps the terms of its first one that is not void: a new catalogue or a price
    that came later changes nothing that was issued. Only a plan that a late fact brought in has today's
    terms, and a cancelled subscription ends them.
    """
    tenant = tenant_of(session)
    billed = subscription.billed_part(period)
    if billed is None:
        return ()
    if issued is None:
        terms = terms_in_force(session, subscription, period, plans)
        refuse_uncounted(session, parsed_terms(tenant, terms))
        return terms
    kept = cut_at(issued["terms"], period, billed.end)
    missing = plans - {term["plan"] for term in kept}
    if not missing:
        return kept
    added = terms_in_force(session, subscription, period, missing)
    return kept + tuple(term for term in added if term["plan"] in missing)


def parsed_terms(tenant: Tenant, terms: Iterable[TermDocument]) -> tuple[PriceTerm, ...]:
    """Read terms in the tenant's currency."""
    return tuple(
        parse_term(term, f"/terms/{index}", currency=tenant.currency) for index, term in enumerate(terms)
    )


def price(
    tenant: Tenant,
    subscription: SubscriptionTerms,
    period: Period,
    terms: tuple[PriceTerm, ...],
    own: TenantTerms = TenantTerms(),  # noqa: B008 (immutable)
    *,
    facts: _Facts = ((), (), ()),
) -> tuple[PricedInvoice, ...]:
    """Call the one pure function with a tenant's money and time zone.

    Credit is left out: it pays for adjustments too, which the period alone does not know.
    """
    alike, sign_ins, usage = facts
    invoices = price_period(
        PricingInput(
            currency=tenant.currency,
            timezone=tenant.timezone,
            period=period,
            terms=terms,
            alike=alike,
            logins=sign_ins,
            usage=usage,
            tenant_cap=own.tenant_cap,
            tenant_floor=own.tenant_floor,
            tax_percent=own.tax_percent,
        )
    )
    if subscription.timing == "advance" and subscription.billed_part(period) is None:
        # Nothing of the period is billed, yet it may have been, ahead: the second invoice gives that back.
        return (replace(invoices[0], issued_on=period.start), *invoices)
    return invoices


def _issued_document(
    session: TenantSession, subscription: SubscriptionTerms, period: Period
) -> TermDocument | None:
    return session.scalar(
        select(Invoice.document)
        .where(
            Invoice.subscription_id == subscription.id, Invoice.period_start == period.start, is_not_void()
        )
        .order_by(Invoice.revision)
        .limit(1)
    )


def person_rows(priced: Iterable[PricedInvoice], period: Period) -> list[PersonShare]:
    """Return the people of some invoices of a period as rows."""
    make = PersonShare._make
    return [share for invoice in priced for share in invoice.people_as(make, None, period.start)]
