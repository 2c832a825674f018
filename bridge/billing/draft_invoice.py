"""Drafting an invoice: what a run costs, with what late facts change in earlier periods."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import select

from bridge.billing.backdating import adjustment_lines, differences, reversal_lines
from bridge.billing.billing_details import details_on, seller
from bridge.billing.credit import credit_balance
from bridge.billing.creditable import creditable_invoices
from bridge.billing.invoice_draft import CreditNoteDraft, DraftLine, InvoiceDraft, PersonShare, Run
from bridge.billing.invoice_events import void_invoices
from bridge.billing.legal_parties import Parties
from bridge.billing.local_days import midnight
from bridge.billing.money import format_quantity
from bridge.billing.people_pages import page_shares
from bridge.billing.periods import Period
from bridge.billing.price_run import PricedPeriod, person_rows, priced_period, tenant_of
from bridge.billing.pricing.invoices import credit_lines, tax_lines
from bridge.billing.pricing.lines import Line as PricedLine
from bridge.billing.runs import next_runs, run_for
from bridge.billing.subscription_terms import SubscriptionTerms
from bridge.billing.subscriptions import read_subscription, read_subscriptions
from bridge.billing.suppositions import supposed
from bridge.billing.tables import CreditNotePeople, Invoice, InvoicePeople
from bridge.billing.tax_shares import reversed_net, taxed
from bridge.database.sessions import TenantSession
from bridge.errors import NotFound
from bridge.seats.tables import LateChange
from bridge.uncollected import uncollected
from config.settings import settings

PAGES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class IssuedPeriod:
    """A period that invoices were issued for: those of ``revisions`` stand, the others are void."""

    subscription: SubscriptionTerms
    period: Period
    revisions: frozenset[int]


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


@uncollected()
def draft_invoice(session: TenantSession, run: Run) -> InvoiceDraft:
    """Return the invoice of a run as the facts are now. Nothing is written."""
    tenant = tenant_of(session)
    # Late changes first, seats second: what comes between is computed now, and later found to be nothing.
    late = pending_changes(session)
    priced = priced_period(session, run.subscription, run.period)
    own = priced.invoices[run.revision]
    people = person_rows([own], run.period)
    lines = [*_trial_lines(run), *(_line(line, run.period) for line in own.lines if line.kind != "tax")]
    net = {priced.tax_percent: own.subtotal}
    credit_notes: list[CreditNoteDraft] = []
    details = details_on(session, run.issued_on)
    for issued in _touched(session, run, late):
        now = priced if issued.period == run.period else _priced_again(session, issued)
        added = differences_of(session, issued, late, priced=now)
        note = None
        if details.corrections == "credit_note":
            note = _credit_note(session, issued, added, now.tax_percent)
        if note is not None:
            credit_notes.append(note)
            continue
        lines.extend(adjustment_lines(added, issued.period))
        people.extend(added)
        net[now.tax_percent] = net.get(now.tax_percent, 0) + sum(row.amount_minor for row in added)
    taxes = tax_lines(net)
    subtotal, tax = sum(row.amount_minor for row in people), sum(line.amount for line in taxes)
    credit = credit_lines(subtotal + tax, credit_balance(session))
    return InvoiceDraft(
        run=run,
        currency=tenant.currency,
        lines=(*lines, *(_line(line, run.period) for line in (*taxes, *credit))),
        people=people,
        subtotal_minor=subtotal,
        tax_minor=tax,
        credit_used_minor=-sum(line.amount for line in credit),
        terms=priced.terms,
        late_changes=tuple(change.id for change in late),
        tenant_terms=priced.tenant_terms,
        credit_notes=tuple(credit_notes),
        parties=Parties(seller(settings()), details.buyer),
        taxes=taxed(net),
    )


def differences_of(
    session: TenantSession,
    issued: IssuedPeriod,
    late: Sequence[PendingChange],
    *,
    priced: PricedPeriod | None = None,
) -> list[PersonShare]:
    """Return what the facts of now add to what was issued for a period; ``priced`` where it is known."""
    now = _priced_again(session, issued) if priced is None else priced
    end = midnight(issued.period.end, tenant_of(session).timezone)
    touching = [change for change in late if change.since < end]
    return differences(
        person_rows(
            (each for revision, each in enumerate(now.invoices) if revision in issued.revisions),
            issued.period,
        ),
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
    """Return the periods with invoices, void ones too, that late facts can still change, oldest first."""
    tenant = tenant_of(session)
    subscriptions = {each.id: each for each in read_subscriptions(session)}
    void = Invoice.id.in_(void_invoices())
    rows = session.execute(
        select(Invoice.subscription_id, Invoice.period_start, Invoice.period_end, Invoice.revision, void)
        .order_by(Invoice.period_start, Invoice.subscription_id)
    )  # fmt: skip
    standing: dict[tuple[str, Period], set[int]] = {}
    for id_, start, end, revision, is_void in rows:
        standing.setdefault((id_, Period(start, end)), set()).update(() if is_void else (revision,))
    periods = [
        IssuedPeriod(subscriptions[id_], period, frozenset(revisions))
        for (id_, period), revisions in standing.items()
    ]
    settled = tenant.settled_until
    return [
        each for each in periods
        if settled is None or midnight(each.period.start, tenant.timezone) >= settled
    ]  # fmt: skip


def _touched(session: TenantSession, run: Run, late: Sequence[PendingChange]) -> Iterable[IssuedPeriod]:
    """Return the issued periods that may differ: those late changes reach, and the run's own period."""
    timezone = tenant_of(session).timezone
    since = min((change.since for change in late), default=None)
    if since is None and not run.revision and not run.reissue:
        return []
    return [
        each for each in unsettled_periods(session)
        if (each.subscription.id == run.subscription.id and each.period == run.period)
        or (since is not None and midnight(each.period.end, timezone) > since)
    ]  # fmt: skip


def _issued_shares(session: TenantSession, issued: IssuedPeriod) -> Iterator[PersonShare]:
    """All shares for a period: of its own invoices, adjustments on later ones, corrections by credit notes.

    Periods of a tenant's subscriptions never begin on the same date, so the date says which one is meant.
    What a void invoice held was taken back.
    """
    start = issued.period.start
    pages = (
        select(InvoicePeople).where(
            InvoicePeople.for_period_start == start, InvoicePeople.invoice_id.not_in(void_invoices())
        ),
        select(CreditNotePeople).where(CreditNotePeople.for_period_start == start),
    )
    for chosen in pages:
        for row in session.scalars(chosen, execution_options={"yield_per": PAGES_AT_ONCE}):
            yield from page_shares(row.shares, row.for_period_start)


def _credit_note(
    session: TenantSession, issued: IssuedPeriod, added: Sequence[PersonShare], tax_percent: Fraction
) -> CreditNoteDraft | None:
    """Return the credit note that gives back what a period costs less, where a paid invoice can bear it."""
    net = -sum(share.amount_minor for share in added)
    if net <= 0:
        return None
    for paid in creditable_invoices(session, issued.subscription.id, issued.period.start):
        share = reversed_net(paid.left, tax_percent, net)
        if share is not None and share.gross <= paid.left_minor:
            lines = (*adjustment_lines(added, issued.period), *reversal_lines([share], issued.period.start))
            return CreditNoteDraft(paid.id, paid.number, lines, added, (share,))
    return None


def _priced_again(session: TenantSession, issued: IssuedPeriod) -> PricedPeriod:
    return priced_period(session, issued.subscription, issued.period)


def _trial_lines(run: Run) -> list[DraftLine]:
    """Show the dates that cost nothing because of the trial, on the first invoice of their period."""
    days = run.subscription.trial_days(run.period)
    if not days or run.revision:
        return []
    told = f"trial until {run.subscription.billed_from}: days that cost nothing"
    return [DraftLine("trial", None, told, str(days), 0, run.period.start)]


def _line(line: PricedLine, period: Period) -> DraftLine:
    return DraftLine(
        line.kind, line.plan, line.description, format_quantity(line.quantity), line.amount, period.start
    )
