"""Drafting an invoice: what a run costs, with what late facts change in earlier periods."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from bridge.billing.backdating import adjustment_lines, differences
from bridge.billing.invoice_draft import DraftLine, InvoiceDraft, PersonShare, Run
from bridge.billing.local_days import midnight
from bridge.billing.money import format_quantity
from bridge.billing.people_pages import page_shares
from bridge.billing.periods import Period
from bridge.billing.price_run import person_rows, priced_period, tenant_of
from bridge.billing.pricing.lines import Line as PricedLine
from bridge.billing.pricing.price_period import PricedInvoice
from bridge.billing.runs import next_runs, run_for
from bridge.billing.subscription_terms import SubscriptionTerms
from bridge.billing.subscriptions import read_subscription, read_subscriptions
from bridge.billing.suppositions import supposed
from bridge.billing.tables import Invoice, InvoicePeople
from bridge.database.sessions import TenantSession
from bridge.errors import NotFound
from bridge.seats.tables import LateChange

PAGES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class IssuedPeriod:
    """A period with ``invoices`` issued for it."""

    subscription: SubscriptionTerms
    period: Period
    invoices: int


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A late change that no invoice answers yet."""

    id: str
    person_id: str
    since: datetime
    cause_id: str


def preview_invoice(
    session: TenantSession, *, subscription_id: str | None = None, period_start: date | None = None
) -> InvoiceDraft:
    """Return what closing would issue if nothing changed any more: the same function, without a number.

    Without a period it is the next invoice. Raises ``NotFound`` where nothing is left to be billed.
    """
    if period_start is not None:
        return draft_invoice(
            session, run_for(session, read_subscription(session, subscription_id), period_start)
        )
    runs = [run for run in next_runs(session) if subscription_id in {None, run.subscription.id}]
    if not runs:
        raise NotFound("nothing is left to be billed; `bridge subscription create` starts a subscription")
    return draft_invoice(session, runs[0])


def draft_invoice(session: TenantSession, run: Run) -> InvoiceDraft:
    """Return the invoice of a run as the facts are now. Nothing is written."""
    tenant = tenant_of(session)
    # Late changes first, seats second: what comes between is computed now, and later found to be nothing.
    late = pending_changes(session)
    priced, terms = priced_period(session, run.subscription, run.period)
    own = priced[run.revision]
    people = person_rows([own], run.period)
    lines = list(_own_lines(own, run.period))
    for issued in _touched(session, run, late):
        again = priced if issued.period == run.period else None
        added = differences_of(session, issued, late, priced=again)
        lines.extend(adjustment_lines(added, issued.period))
        people.extend(added)
    return InvoiceDraft(
        run=run,
        currency=tenant.currency,
        lines=(*lines, *_tax_and_credit(own, run.period)),
        people=people,
        subtotal_minor=sum(row.amount_minor for row in people),
        tax_minor=own.tax,
        credit_used_minor=own.credit_used,
        terms=terms,
        late_changes=tuple(change.id for change in late),
    )


def differences_of(
    session: TenantSession,
    issued: IssuedPeriod,
    late: Sequence[PendingChange],
    *,
    priced: tuple[PricedInvoice, ...] | None = None,
) -> list[PersonShare]:
    """Return what the facts of now add to what was issued for a period; ``priced`` where it is known."""
    if priced is None:
        priced, _terms = priced_period(session, issued.subscription, issued.period)
    end = midnight(issued.period.end, tenant_of(session).timezone)
    touching = [change for change in late if change.since < end]
    return differences(
        person_rows(priced[: issued.invoices], issued.period),
        _issued_shares(session, issued),
        for_period_start=issued.period.start,
        causes={change.person_id: change.cause_id for change in touching},
        other_cause=touching[-1].cause_id if touching else None,
    )


def pending_changes(session: TenantSession) -> list[PendingChange]:
    """Return the late changes that no invoice answers yet, in the order in which they were recorded.

    Those of a supposition come last; nothing has caused them yet.
    """
    columns = select(LateChange.id, LateChange.person_id, LateChange.since, LateChange.cause_id)
    rows = session.execute(columns.order_by(LateChange.recorded_at, LateChange.id))
    recorded = [PendingChange(*row) for row in rows]
    supposition = supposed(session)
    imagined = () if supposition is None else supposition.late
    return [*recorded, *(PendingChange("", person_id, since, "") for person_id, since in imagined)]


def unsettled_periods(session: TenantSession) -> list[IssuedPeriod]:
    """Return the periods with invoices that late facts can still change, oldest first."""
    tenant = tenant_of(session)
    subscriptions = {each.id: each for each in read_subscriptions(session)}
    rows = session.execute(
        select(Invoice.subscription_id, Invoice.period_start, Invoice.period_end, func.count())
        .group_by(Invoice.subscription_id, Invoice.period_start, Invoice.period_end)
        .order_by(Invoice.period_start, Invoice.subscription_id)
    )
    periods = [IssuedPeriod(subscriptions[id_], Period(start, end), count) for id_, start, end, count in rows]
    settled = tenant.settled_until
    return [
        each for each in periods
        if settled is None or midnight(each.period.start, tenant.timezone) >= settled
    ]  # fmt: skip


def _touched(session: TenantSession, run: Run, late: Sequence[PendingChange]) -> Iterable[IssuedPeriod]:
    """Return the issued periods that may differ: those late changes reach, and the run's own period."""
    timezone = tenant_of(session).timezone
    since = min((change.since for change in late), default=None)
    if since is None and not run.revision:
        return []
    return [
        each for each in unsettled_periods(session)
        if (each.subscription.id == run.subscription.id and each.period == run.period)
        or (since is not None and midnight(each.period.end, timezone) > since)
    ]  # fmt: skip


def _issued_shares(session: TenantSession, issued: IssuedPeriod) -> Iterator[PersonShare]:
    """All shares for a period: of its own invoices, and adjustments on later ones.

    Periods of a tenant's subscriptions never begin on the same date, so the date says which one is meant.
    """
    pages = select(InvoicePeople).where(InvoicePeople.for_period_start == issued.period.start)
    for row in session.scalars(pages, execution_options={"yield_per": PAGES_AT_ONCE}):
        yield from page_shares(row.shares, row.for_period_start)


def _own_lines(own: PricedInvoice, period: Period) -> Iterable[DraftLine]:
    return (_line(line, period) for line in own.lines if line.kind not in {"tax", "credit"})


def _tax_and_credit(own: PricedInvoice, period: Period) -> Iterable[DraftLine]:
    return (_line(line, period) for line in own.lines if line.kind in {"tax", "credit"})


def _line(line: PricedLine, period: Period) -> DraftLine:
    return DraftLine(
        line.kind, line.plan, line.description, format_quantity(line.quantity), line.amount, period.start
    )
