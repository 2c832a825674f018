"""Which invoice a subscription asks for next."""

from datetime import date, datetime

from sqlalchemy import func, select

from bridge.billing.dated_terms import TermDocument
from bridge.billing.invoice_draft import Run
from bridge.billing.local_days import midnight
from bridge.billing.periods import Period
from bridge.billing.price_book import terms_in_force
from bridge.billing.price_run import parsed_terms, price, tenant_of
from bridge.billing.seat_spans import billed_plans
from bridge.billing.subscription_terms import SubscriptionTerms
from bridge.billing.subscriptions import read_subscriptions
from bridge.billing.tables import Invoice
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, InvalidValue


def next_run(session: TenantSession, subscription: SubscriptionTerms) -> Run | None:
    """Return the first run without an invoice; None when an ended subscription is billed to its end."""
    last = _last_issued(session, subscription)
    if last is None:
        return period_runs(session, subscription, subscription.period_of(subscription.starts_on))[0]
    period = subscription.period_of(last.period_start)
    runs = period_runs(session, subscription, period)
    if last.revision + 1 < len(runs):
        return runs[last.revision + 1]
    if subscription.ends_on is not None and subscription.ends_on <= period.end:
        return None
    return period_runs(session, subscription, subscription.period_of(period.end))[0]


def next_runs(session: TenantSession) -> list[Run]:
    """Return the next run of each subscription of the tenant, first issued first."""
    runs = (next_run(session, subscription) for subscription in read_subscriptions(session))
    return sorted((run for run in runs if run), key=lambda run: (run.issued_on, run.period))


def run_for(session: TenantSession, subscription: SubscriptionTerms, period_start: date) -> Run:
    """Return the run that closing this period means: its next one, or its last when all are issued.

    Raises ``InvalidValue`` for a date on which no period begins, ``Conflict`` while an earlier one is open.
    """
    period = _period(subscription, period_start)
    following = next_run(session, subscription)
    if following is None or following.period.start > period.start:
        return period_runs(session, subscription, period)[-1]
    if following.period != period:
        raise Conflict(
            f"the period from {following.period.start} is not closed yet; periods are closed in their order, "
            f"so close that one first"
        )
    return following


def period_runs(session: TenantSession, subscription: SubscriptionTerms, period: Period) -> tuple[Run, ...]:
    """Return the runs of a period; when they are issued depends on the terms alone, so nobody is priced."""
    tenant = tenant_of(session)
    billed = subscription.billed_part(period)
    terms: tuple[TermDocument, ...] = ()
    if billed is not None:
        start, end = midnight(billed.start, tenant.timezone), midnight(billed.end, tenant.timezone)
        terms = terms_in_force(session, subscription, period, billed_plans(session, start, end))
    # A subscription that ends inside the period has its last invoice then, not at the end of the period.
    last = min(period.end, max(subscription.ends_on or period.end, period.start))
    dates = [
        min(each.issued_on, last) for each in price(tenant, subscription, period, parsed_terms(tenant, terms))
    ]
    return tuple(Run(subscription, period, revision, issued_on) for revision, issued_on in enumerate(dates))


def closed_until(session: TenantSession) -> datetime | None:
    """Return the instant before which seats are invoiced: the end of the latest closed period.

    Whoever changes seats asks under ``bridge.seats.locks.lock_seats_shared``, which keeps closings waiting: a
    change is then either read by a closing or known to be late.
    """
    latest = session.scalar(select(func.max(Invoice.issued_on)))
    return None if latest is None else midnight(latest, tenant_of(session).timezone)


def _last_issued(session: TenantSession, subscription: SubscriptionTerms) -> Invoice | None:
    return session.scalar(
        select(Invoice)
        .where(Invoice.subscription_id == subscription.id)
        .order_by(Invoice.period_start.desc(), Invoice.revision.desc(), Invoice.reissue.desc())
        .limit(1)
    )


def _period(subscription: SubscriptionTerms, period_start: date) -> Period:
    period = subscription.period_of(period_start)
    ended = subscription.ends_on is not None and period.start >= subscription.ends_on
    if period.start != period_start or period.end <= subscription.starts_on or ended:
        raise InvalidValue(
            f"found {period_start}, allowed the first date of a period of the subscription, such as "
            f"{subscription.period_of(max(period_start, subscription.starts_on)).start}",
            pointer="/period_start",
        )
    return period
