"""Explaining the consumption on an invoice by the stored events that it counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bridge.billing.counted_facts import read_sign_ins
from bridge.billing.issued_invoices import IssuedInvoice, read_invoice
from bridge.billing.local_days import midnight
from bridge.billing.money import format_decimal
from bridge.billing.periods import Period
from bridge.billing.price_run import parsed_terms, tenant_of
from bridge.billing.pricing.price_period import PricingInput, UsageEvent, usage_plans
from bridge.billing.pricing.terms import PriceTerm
from bridge.billing.seat_spans import read_seat_spans_of
from bridge.billing.subscriptions import read_subscription
from bridge.database.sessions import TenantSession
from bridge.tenants.tables import Tenant
from bridge.usage.read_usage import CountedEvent, counted_events

EVENTS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class BilledEvent:
    """An event of consumption with the plan by which an invoice bills it."""

    plan: str
    event: CountedEvent

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "plan": self.plan,
            "meter": self.event.meter,
            "person": self.event.person_id,
            "account": self.event.account_id,
            "source": self.event.source,
            "id": self.event.id,
            "at": self.event.at.isoformat(),
            "quantity": format_decimal(self.event.quantity),
        }


def explain_usage(
    session: TenantSession,
    invoice_id: str,
    *,
    plan: str | None = None,
    meter: str | None = None,
    person_id: str | None = None,
) -> Iterator[BilledEvent]:
    """Yield the events that the usage lines of an invoice count, what is included of them too, oldest first.

    Only those of ``plan``, ``meter``, ``person_id`` where they are named. Together they are the quantity that
    the lines tell: what came after the invoice was closed is on a later one, as an adjustment. Whose event it
    is follows from seats and joins as they are now. Raises ``NotFound``.
    """
    invoice = read_invoice(session, invoice_id)
    tenant = tenant_of(session)
    subscription = read_subscription(session, invoice.subscription_id)
    billed = subscription.billed_part(Period(invoice.period_start, invoice.period_end))
    if billed is None or (subscription.timing == "advance" and not invoice.revision):
        return iter(())  # what is billed ahead holds no consumption
    terms = parsed_terms(tenant, invoice.document["terms"])
    meters = {each.name for term in terms for each in term.meters if meter in {None, each.name}}
    if not meters:
        return iter(())
    events = counted_events(
        session, billed.start, billed.end, meters, recorded_until=invoice.closed_at, person_id=person_id
    )
    found = _with_plans(session, tenant, invoice, events, billed=billed, terms=terms)
    return (each for each in found if plan in {None, each.plan})


def _with_plans(
    session: TenantSession,
    tenant: Tenant,
    invoice: IssuedInvoice,
    events: Iterator[CountedEvent],
    *,
    billed: Period,
    terms: tuple[PriceTerm, ...],
) -> Iterator[BilledEvent]:
    start, end = midnight(billed.start, tenant.timezone), midnight(billed.end, tenant.timezone)
    while part := list(islice(events, EVENTS_AT_ONCE)):
        people = {event.person_id for event in part}
        request = PricingInput(
            currency=tenant.currency,
            timezone=tenant.timezone,
            period=Period(invoice.period_start, invoice.period_end),
            terms=terms,
            seats=read_seat_spans_of(session, people, start, end),
            logins=read_sign_ins(session, terms, billed, start, end, people=people),
            usage=_priced(part),
        )
        for event, plan in zip(part, usage_plans(request), strict=True):
            if plan is not None:
                yield BilledEvent(plan, event)


def _priced(events: Sequence[CountedEvent]) -> list[UsageEvent]:
    return [UsageEvent(each.person_id, each.meter, each.at, each.quantity) for each in events]
