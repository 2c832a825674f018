"""Closing periods: the drafted invoice gets its number and stays as it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from bridge.alerts.ring import Kind, close_alert, open_alert
from bridge.alerts.tables import Alert
from bridge.billing.credit import use_credit
from bridge.billing.draft_invoice import draft_invoice, unsettled_periods
from bridge.billing.invoice_document import document_digest, invoice_document
from bridge.billing.invoice_draft import InvoiceDraft, Run
from bridge.billing.issue_credit_note import CORRECTION, add_pages, issue_credit_note
from bridge.billing.local_days import midnight
from bridge.billing.people_pages import pages_of
from bridge.billing.price_run import tenant_of
from bridge.billing.runs import closed_until, next_runs, run_for
from bridge.billing.subscriptions import lock_counter, read_subscription
from bridge.billing.tables import Invoice, InvoiceCounter, InvoicePeople
from bridge.billing.wake_delivery import wake_delivery
from bridge.database.ids import new_id
from bridge.database.sessions import Database, TenantSession
from bridge.errors import BridgeError, Conflict, InvalidValue
from bridge.journal.record import Cause, Subject, record
from bridge.seats.due import take_due
from bridge.seats.locks import lock_seats
from bridge.seats.tables import AssignmentFailure, LateChange
from bridge.tenants.tables import Tenant
from config.settings import settings

IDS_AT_ONCE = 500
REFUSED: Kind = "close_refused"

#: Causes the alert where it is not even clear which run is next; otherwise the run does.
NEXT_RUNS = "next runs"


@dataclass(frozen=True, slots=True)
class Closed:
    """The invoice of a closed period; ``already_closed`` when it had been issued before this call."""

    invoice_id: str
    number: int
    already_closed: bool


def close_period(
    database: Database,
    tenant_id: str,
    subscription_id: str | None,
    period_start: date | None,
    *,
    cause: Cause,
    now: datetime,
) -> Closed:
    """Issue the invoice of an ended period; without ``period_start``, of the oldest that has none.

    Twice, or by two workers at once, makes one invoice. Raises ``InvalidValue`` for a period that has not
    ended by ``now``, ``Conflict`` while an earlier one is open or for a plan without a price.
    """
    with database.read(tenant_id) as session:
        run = _asked_for(session, subscription_id, period_start)
        issued = _issued(session, run)
        due_at = midnight(run.issued_on, tenant_of(session).timezone)
    if issued is not None:
        return issued
    if due_at > now:
        raise InvalidValue(
            f"the invoice for {run.period.start} to {run.period.end} is due on {run.issued_on} "
            f"({due_at.isoformat()}); until then it can be previewed, not closed"
        )
    return close_run(database, tenant_id, run, cause=cause, now=now)


def close_due_periods(database: Database, tenant_id: str, *, now: datetime) -> tuple[Closed, ...]:
    """Issue all invoices that were due ``invoice_grace_hours`` ago or earlier, oldest first.

    Raises as ``close_period`` does at the first that is refused, since later ones build on it.
    """
    cause = Cause("worker", "close_due_periods", new_id(now))
    by = now - timedelta(hours=settings().invoice_grace_hours)
    closed: list[Closed] = []
    while True:
        due = _due_runs(database, tenant_id, by=by, now=now)
        if not due:
            _nothing_is_refused(database, tenant_id, now=now)
            return tuple(closed)
        closed.append(close_run(database, tenant_id, due[0], cause=cause, now=now))


def _due_runs(database: Database, tenant_id: str, *, by: datetime, now: datetime) -> list[Run]:
    """Return the runs that are due by an instant; prices that leave open which ones those are ring too."""
    with _ringing(database, tenant_id, NEXT_RUNS, now=now), database.read(tenant_id) as session:
        timezone = tenant_of(session).timezone
        return [run for run in next_runs(session) if midnight(run.issued_on, timezone) <= by]


def _asked_for(session: TenantSession, subscription_id: str | None, period_start: date | None) -> Run:
    if period_start is not None:
        return run_for(session, read_subscription(session, subscription_id), period_start)
    runs = [run for run in next_runs(session) if subscription_id in {None, run.subscription.id}]
    if not runs:
        subscription = read_subscription(session, subscription_id)
        raise Conflict(f"the subscription ended on {subscription.ends_on} and is billed to its end")
    return runs[0]


def close_run(database: Database, tenant_id: str, run: Run, *, cause: Cause, now: datetime) -> Closed:
    """Issue the invoice of a run, or return the one that it has.

    A refusal is an alert until the run is closed: at night nobody sees it otherwise.
    """
    _bring_seats_up_to_date(database, tenant_id, now=now)
    with _ringing(database, tenant_id, _name(run), now=now), database.write(tenant_id) as session:
        counter = lock_counter(session)
        issued = _issued(session, run)
        if issued is not None:
            return issued
        lock_seats(session)
        _refuse_unknown_seats(session)
        closed = _issue(session, counter, draft_invoice(session, run), cause=cause, now=now)
        for name in (_name(run), NEXT_RUNS):
            close_alert(session, REFUSED, name, now=now)
        return closed


@contextmanager
def _ringing(database: Database, tenant_id: str, name: str, *, now: datetime) -> Iterator[None]:
    """Open an alert of that name for a refusal, once what it interrupted is rolled back."""
    try:
        yield
    except BridgeError as refusal:
        with database.write(tenant_id) as session:
            lock_counter(session)
            open_alert(session, REFUSED, name, now=now, detail=refusal.detail)
        raise


def _name(run: Run) -> str:
    return f"{run.subscription.id} {run.period.start} {run.revision} {run.reissue}"


def _nothing_is_refused(database: Database, tenant_id: str, *, now: datetime) -> None:
    """Close what alerts are left: of a run that is not due any more, such as one of a cancelled period."""
    with database.read(tenant_id) as session:
        left = session.scalar(
            select(Alert.id).where(Alert.kind == REFUSED, Alert.closed_at.is_(None)).limit(1)
        )
    if left is not None:
        with database.write(tenant_id) as session:
            close_alert(session, REFUSED, None, now=now)


def _bring_seats_up_to_date(database: Database, tenant_id: str, *, now: datetime) -> None:
    """Compute what is due, so that the period's seats are complete; what comes later is a late change."""
    limit = settings().assignment_batch
    while take_due(database, tenant_id, now=now, limit=limit, closed_until=closed_until):
        pass


def _refuse_unknown_seats(session: TenantSession) -> None:
    """Refuse an invoice that would leave people out because their seats cannot be computed."""
    failed = session.scalar(select(func.count()).select_from(AssignmentFailure))
    if failed:
        raise Conflict(
            f"the seats of {failed} people could not be computed, so the invoice would be wrong: "
            "`bridge reconcile` names them; it is issued once their facts can be read"
        )


def _issued(session: TenantSession, run: Run) -> Closed | None:
    """Return the run's invoice; of one that was void and issued again, the last."""
    found = session.execute(
        select(Invoice.id, Invoice.number)
        .where(
            Invoice.subscription_id == run.subscription.id,
            Invoice.period_start == run.period.start,
            Invoice.revision == run.revision,
            Invoice.reissue >= run.reissue,
        )
        .order_by(Invoice.reissue.desc())
        .limit(1)
    ).one_or_none()
    return found and Closed(found.id, found.number, already_closed=True)


def _issue(
    session: TenantSession, counter: InvoiceCounter, draft: InvoiceDraft, *, cause: Cause, now: datetime
) -> Closed:
    """Write invoice, people and journal in the transaction that holds the counter."""
    counter.last_number += 1
    session.flush()
    number = counter.last_number
    invoice_id = new_id(now)
    pages = list(pages_of(draft.people))
    document = invoice_document(
        draft, pages, invoice_id=invoice_id, number=number, tenant_id=session.tenant_id, closed_at=now
    )
    _insert_invoice(session, draft, document, number=number, now=now)
    add_pages(session, InvoicePeople, pages, invoice_id=invoice_id)
    for note in draft.credit_notes:
        issue_credit_note(
            session, counter, note, reason=CORRECTION, issued_on=draft.run.issued_on, cause=cause, now=now
        )
    wake_delivery(session, now)
    _answer(session, draft.late_changes)
    _settle(session, now)
    subject = Subject("invoice", invoice_id)
    details = {"number": number, "people": len(draft.people), "late_changes": len(draft.late_changes)}
    entry = record(session, "billing:invoice:close", subject, cause=cause, at=now, details=details)
    use_credit(session, draft.credit_used_minor, invoice_id=invoice_id, cause_id=entry, now=now)
    return Closed(invoice_id, number, already_closed=False)


def _insert_invoice(
    session: TenantSession, draft: InvoiceDraft, document: dict[str, Any], *, number: int, now: datetime
) -> None:
    row = {
        "tenant_id": session.tenant_id,
        "id": document["id"],
        "subscription_id": draft.run.subscription.id,
        "period_start": draft.run.period.start,
        "period_end": draft.run.period.end,
        "revision": draft.run.revision,
        "reissue": draft.run.reissue,
        "issued_on": draft.run.issued_on,
        "number": number,
        "currency": draft.currency,
        "subtotal_minor": draft.subtotal_minor,
        "tax_minor": draft.tax_minor,
        "total_minor": draft.total_minor,
        "closed_at": now,
        "document": document,
        "sha256": document_digest(document),
    }
    session.add_rows(Invoice, [row])


def _answer(session: TenantSession, late_changes: tuple[str, ...]) -> None:
    """Remove the late changes that the invoice answers; its rows keep their causes."""
    for first in range(0, len(late_changes), IDS_AT_ONCE):
        session.execute(
            delete(LateChange).where(LateChange.id.in_(late_changes[first : first + IDS_AT_ONCE]))
        )


def _settle(session: TenantSession, now: datetime) -> None:
    """Move ``settled_until`` to the start of the oldest period that is young enough to change; never back."""
    tenant = tenant_of(session)
    young = now - timedelta(days=settings().settle_days)
    periods = unsettled_periods(session)
    starts = [each.period.start for each in periods if midnight(each.period.end, tenant.timezone) > young]
    starts.append(
        periods[-1].period.start
    )  # where even the latest is old, more of them may follow it at once
    until = midnight(min(starts), tenant.timezone)
    if tenant.settled_until is None or until > tenant.settled_until:
        session.execute(update(Tenant).values(settled_until=until))
