"""What a change would do to money: the next invoice, a year, or a period of the past."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bridge.billing.draft_invoice import preview_invoice
from bridge.billing.invoice_draft import Run
from bridge.billing.money import format_minor
from bridge.billing.periods import Period
from bridge.billing.price_run import priced_period, tenant_of
from bridge.billing.runs import next_runs
from bridge.billing.subscription_terms import SubscriptionTerms
from bridge.billing.subscriptions import read_subscriptions
from bridge.billing.suppositions import Supposition, supposing
from bridge.database.sessions import TenantSession
from bridge.errors import BridgeError, NotFound

MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Amounts:
    """A total with tax before and after, in minor units; ``problem`` tells why one cannot be computed."""

    currency: str
    period: Period | None
    before: int | None
    after: int | None
    problem: str | None = None

    def document(self) -> dict[str, Any]:
        """Return it for JSON, money as text."""
        known = self.before is not None and self.after is not None
        difference = (self.after or 0) - (self.before or 0) if known else None
        amounts = {"before": self.before, "after": self.after, "difference": difference}
        return {
            "currency": self.currency,
            "period": self.period and self.period.document(),
            **{
                name: None if amount is None else format_minor(amount, self.currency)
                for name, amount in amounts.items()
            },
            "problem": self.problem,
        }


def next_invoice(session: TenantSession, before: Supposition, after: Supposition) -> Amounts:
    """Return what the next invoice would come to, adjustments of earlier periods included."""
    run = _next(session)
    if isinstance(run, str):
        return Amounts(tenant_of(session).currency, None, None, None, run)
    return _amounts(session, run.period, before, after, lambda: preview_invoice(session).total_minor)


def a_year(session: TenantSession, before: Supposition, after: Supposition, since: datetime) -> Amounts:
    """Return what a year would cost if everything stayed as it is in the first whole period afterwards."""
    tenant = tenant_of(session)
    run = _next(session)
    if isinstance(run, str):
        return Amounts(tenant.currency, None, None, None, run)
    subscription = run.subscription
    first = max(run.period.end, since.astimezone(ZoneInfo(tenant.timezone)).date())
    period = subscription.period_of(first)
    if period.start < first:
        period = subscription.period_of(period.end)
    if subscription.ends_on is not None and subscription.ends_on <= period.start:
        problem = f"the subscription ends on {subscription.ends_on}"
        return Amounts(tenant.currency, None, None, None, problem)
    times = MONTHS_OF_A_YEAR if subscription.interval == "month" else 1
    return _amounts(session, period, before, after, lambda: times * _cost(session, subscription, period))


def a_period(session: TenantSession, before: Supposition, after: Supposition, period: Period) -> Amounts:
    """Return what a period of the past would have cost."""
    subscription = subscription_on(session, period.start)
    return _amounts(session, period, before, after, lambda: _cost(session, subscription, period))


def subscription_on(session: TenantSession, day: date) -> SubscriptionTerms:
    """Return the subscription that bills a period with this local date. Raises ``NotFound``."""
    for subscription in read_subscriptions(session):
        period = subscription.period_of(day)
        ended = subscription.ends_on is not None and subscription.ends_on <= period.start
        if subscription.starts_on < period.end and not ended:
            return subscription
    raise NotFound(f"no subscription bills {day}; `bridge subscription show` lists them")


def _next(session: TenantSession) -> Run | str:
    """Return the run of the next invoice, or why there is none."""
    try:
        runs = next_runs(session)
    except BridgeError as error:
        return error.detail
    return runs[0] if runs else "nothing is left to be billed"


def _cost(session: TenantSession, subscription: SubscriptionTerms, period: Period) -> int:
    return sum(invoice.total for invoice in priced_period(session, subscription, period).invoices)


def _amounts(
    session: TenantSession,
    period: Period,
    before: Supposition,
    after: Supposition,
    total: Callable[[], int],
) -> Amounts:
    """Ask for the total twice. A plan that cannot be priced is told: people are previewed all the same."""
    found: list[int | None] = []
    problem: str | None = None
    for supposition in (before, after):
        with supposing(session, supposition):
            try:
                found.append(total())
            except BridgeError as error:
                found.append(None)
                problem = error.detail
    return Amounts(tenant_of(session).currency, period, found[0], found[1], problem)
