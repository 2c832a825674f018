"""What is to be done at Stripe, leased to one worker at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update

from bridge.billing.billing_details import details_on
from bridge.billing.invoice_events import events_of
from bridge.billing.issued_credit_notes import read_credit_note
from bridge.billing.issued_invoices import read_invoice
from bridge.billing.tables import CreditNote, Invoice, InvoiceEvent
from bridge.database.ids import new_id
from bridge.database.sessions import Database, TenantSession
from bridge.delivery.tables import Delivery, StripeCustomer
from bridge.tenants.read import find_tenant
from config.settings import settings

LEASE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(hours=6)

#: The invoice's event → what is done about it at Stripe.
FOLLOWS = {"paid": "pay", "void": "void"}
ERROR_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Errand:
    """One delivery with what a worker needs for it.

    ``document`` is the invoice's, or that of the credit note which ``credit_note_id`` names; ``run_key``
    names the invoice's run. ``is_paid_there`` tells that Stripe itself collected the invoice's money.
    """

    id: str
    action: str
    attempt: int
    key_generation: int
    tenant_id: str
    customer_name: str
    customer_id: str | None
    invoice_id: str
    document: dict[str, Any]
    run_key: str
    remote_id: str | None
    credit_note_id: str | None = None
    is_paid_there: bool = False

    @property
    def is_first(self) -> bool:
        """Whether nothing of it can have been done before."""
        return self.attempt == 1


def queue_deliveries(session: TenantSession, *, now: datetime) -> int:
    """Add what follows from issued invoices and their events, once each; return how much it was."""
    # Two workers queue one after the other, so that neither adds what the other has just added.
    customer = session.scalar(select(StripeCustomer).with_for_update())
    if customer is None:
        return 0
    known = select(Delivery.invoice_id).where(Delivery.action == "push")
    invoices = session.scalars(
        select(Invoice.id)
        .where(
            Invoice.closed_at >= customer.enrolled_at,
            Invoice.id.not_in(known),
            Invoice.id.not_in(select(InvoiceEvent.invoice_id).where(InvoiceEvent.kind.in_(FOLLOWS))),
        )
        .order_by(Invoice.number)
    )
    rows = [_row(session, id_, "push", now) for id_ in invoices]
    pushed = select(Delivery.invoice_id).where(Delivery.action == "push", Delivery.state == "done")
    told = select(Delivery.invoice_id).where(Delivery.action.in_(FOLLOWS.values()))
    events = session.execute(
        select(InvoiceEvent.invoice_id, InvoiceEvent.kind).where(
            InvoiceEvent.kind.in_(FOLLOWS),
            InvoiceEvent.source != "stripe",
            InvoiceEvent.invoice_id.in_(pushed),
            InvoiceEvent.invoice_id.not_in(told),
        )
    )
    rows += [_row(session, id_, FOLLOWS[kind], now) for id_, kind in events]
    rows += [_row(session, id_, "credit", now, note_id) for id_, note_id in _new_credit_notes(session)]
    if rows:
        session.add_rows(Delivery, rows)
    return len(rows)


def _new_credit_notes(session: TenantSession) -> list[tuple[str, str]]:
    """Return the invoices and credit notes that Stripe can be told of.

    A credit note waits until the invoice is paid over there too: of an open one it would only lower what is
    due, and nobody would give the money back.
    """
    told = select(Delivery.credit_note_id).where(Delivery.credit_note_id.is_not(None))
    done = select(Delivery.invoice_id).where(Delivery.state == "done")
    paid_there = select(InvoiceEvent.invoice_id).where(
        InvoiceEvent.kind == "paid", InvoiceEvent.source == "stripe"
    )
    rows = session.execute(
        select(CreditNote.invoice_id, CreditNote.id)
        .where(
            CreditNote.id.not_in(told),
            CreditNote.invoice_id.in_(done.where(Delivery.action == "push")),
            or_(
                CreditNote.invoice_id.in_(done.where(Delivery.action == "pay")),
                CreditNote.invoice_id.in_(paid_there),
            ),
        )
        .order_by(CreditNote.number)
    )
    return [(invoice_id, note_id) for invoice_id, note_id in rows]


def lease_next(database: Database, tenant_id: str, *, now: datetime) -> Errand | None:
    """Take the delivery that is due longest, for the time of a lease; None where nothing is due."""
    with database.write(tenant_id) as session:
        queue_deliveries(session, now=now)
        row = session.scalar(
            select(Delivery)
            .where(Delivery.state == "waiting", Delivery.next_attempt_at <= now)
            .order_by(Delivery.next_attempt_at, Delivery.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.attempts += 1
        row.next_attempt_at = now + LEASE
        session.flush()
        return _errand(session, row)


def keep_customer(database: Database, tenant_id: str, customer_id: str) -> None:
    """Remember which customer the tenant is at Stripe."""
    with database.write(tenant_id) as session:
        session.execute(update(StripeCustomer).values(customer_id=customer_id))


def end_delivery(database: Database, errand: Errand, *, remote_id: str, now: datetime) -> None:
    """Write down that a delivery is done."""
    with database.write(errand.tenant_id) as session:
        session.execute(
            update(Delivery)
            .where(Delivery.id == errand.id)
            .values(state="done", remote_id=remote_id, last_error=None, ended_at=now)
        )


def put_off(
    database: Database, errand: Errand, error: str, *, is_final: bool, is_answer: bool, now: datetime
) -> None:
    """Write down why an attempt failed: it is made again after a pause that doubles, or never.

    ``is_answer`` tells that Stripe answered and will repeat that answer to the same key.
    """
    pause = min(timedelta(seconds=settings().stripe_retry_seconds) * 2 ** (errand.attempt - 1), LONGEST_PAUSE)
    dead = is_final or errand.attempt >= settings().stripe_attempts
    with database.write(errand.tenant_id) as session:
        session.execute(
            update(Delivery)
            .where(Delivery.id == errand.id)
            .values(
                state="dead" if dead else "waiting",
                last_error=error[:ERROR_CHARACTERS],
                next_attempt_at=now + pause,
                key_generation=Delivery.key_generation + int(is_answer),
                ended_at=now if dead else None,
            )
        )


def revive(session: TenantSession, delivery_ids: Iterable[str], *, now: datetime) -> int:
    """Try dead deliveries again, from now on; return how many of them there were."""
    revived = session.execute(
        update(Delivery)
        .where(Delivery.id.in_(list(delivery_ids)), Delivery.state == "dead")
        .values(state="waiting", attempts=1, next_attempt_at=now, ended_at=None)
        .returning(Delivery.id)
    )
    return len(revived.all())


def next_attempt(session: TenantSession) -> datetime | None:
    """Return when the next attempt is due; None where nothing waits."""
    return session.scalar(select(func.min(Delivery.next_attempt_at)).where(Delivery.state == "waiting"))


def list_deliveries(session: TenantSession) -> list[dict[str, Any]]:
    """Return all deliveries of the tenant in order, for JSON."""
    rows = session.scalars(select(Delivery).order_by(Delivery.id))
    return [
        {
            "id": row.id,
            "invoice_id": row.invoice_id,
            "credit_note_id": row.credit_note_id,
            "action": row.action,
            "state": row.state,
            "attempts": row.attempts,
            "next_attempt_at": row.next_attempt_at.isoformat() if row.state == "waiting" else None,
            "last_error": row.last_error,
            "remote_id": row.remote_id,
        }
        for row in rows
    ]


def _row(
    session: TenantSession, invoice_id: str, action: str, now: datetime, credit_note_id: str | None = None
) -> dict[str, Any]:
    return {
        "tenant_id": session.tenant_id,
        "id": new_id(now),
        "invoice_id": invoice_id,
        "credit_note_id": credit_note_id,
        "action": action,
        "state": "waiting",
        "attempts": 0,
        "key_generation": 0,
        "next_attempt_at": now,
        "last_error": None,
        "remote_id": None,
        "created_at": now,
        "ended_at": None,
    }


def _errand(session: TenantSession, row: Delivery) -> Errand:
    invoice = read_invoice(session, row.invoice_id)
    pushed = session.scalar(
        select(Delivery.remote_id).where(Delivery.invoice_id == row.invoice_id, Delivery.action == "push")
    )
    note = None if row.credit_note_id is None else read_credit_note(session, row.credit_note_id)
    buyer = invoice.document["buyer"] or details_on(session, date.max).buyer
    return Errand(
        id=row.id,
        action=row.action,
        attempt=row.attempts,
        key_generation=row.key_generation,
        tenant_id=session.tenant_id,
        customer_name=buyer.get("name") or find_tenant(session).name,
        customer_id=session.scalar(select(StripeCustomer.customer_id)),
        invoice_id=invoice.id,
        document=invoice.document if note is None else note.document,
        run_key=f"{session.tenant_id}:{invoice.subscription_id}:{invoice.period_start}:{invoice.revision}:"
        f"{invoice.reissue}",
        remote_id=pushed,
        credit_note_id=row.credit_note_id,
        is_paid_there=any(
            event.kind == "paid" and event.source == "stripe" for event in events_of(session, invoice.id)
        ),
    )
