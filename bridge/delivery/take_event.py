"""What Stripe's webhook tells: verified, taken once, written down as what happened to our invoice."""

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import select
from stripe import SignatureVerificationError, WebhookSignature

from bridge.billing.invoice_events import status_of
from bridge.billing.issued_invoices import read_invoice
from bridge.billing.local_days import local_date
from bridge.billing.pay_invoice import note_failed_payment, pay_invoice
from bridge.billing.price_run import tenant_of
from bridge.billing.subscriptions import lock_counter
from bridge.database.sessions import Database, TenantSession
from bridge.delivery.stripe_words import INVOICE, TENANT
from bridge.delivery.tables import StripeEvent
from bridge.errors import InvalidSyntax, NotFound, Unauthenticated
from bridge.journal.record import Cause, Subject, record

SOURCE = "stripe"


def verified_event(
    payload: bytes, signature: str | None, *, secret: str, tolerance_seconds: int
) -> dict[str, Any]:
    """Return the event in a request of Stripe, once the library has checked who signed it, and when.

    Raises ``Unauthenticated`` for a signature that is missing, wrong or too old, ``InvalidSyntax`` for what
    is no event.
    """
    try:
        WebhookSignature.verify_header(payload, signature, secret, tolerance_seconds)
    except (SignatureVerificationError, UnicodeDecodeError) as error:
        raise Unauthenticated("the signature of the event is missing, wrong or too old") from error
    try:
        event = orjson.loads(payload)
        remote = event["data"]["object"]
        told = (event["id"], event["type"], event["created"], remote["id"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise InvalidSyntax("this is no event of Stripe") from error
    if [type(part) for part in told] != [str, str, int, str]:
        raise InvalidSyntax("this is no event of Stripe")
    return dict(event)


def take_event(database: Database, event: dict[str, Any], *, request_id: str, now: datetime) -> str:
    """Write down what an event tells of one of our invoices; return what was made of it.

    ``paid``, ``payment_failed``, ``noted``, or ``ignored`` for what is not about an invoice of ours;
    ``repeated`` for an event that was taken before. Raises ``NotFound`` for an invoice that a tenant of ours
    does not have.
    """
    metadata = event["data"]["object"].get("metadata") or {}
    tenant_id, invoice_id = metadata.get(TENANT), metadata.get(INVOICE)
    if not event["type"].startswith("invoice.") or not tenant_id or not invoice_id:
        return "ignored"
    cause = Cause(SOURCE, event["id"], request_id)
    with database.write(str(tenant_id)) as session:
        try:
            lock_counter(session)
        except NotFound:
            return "ignored"  # another bridge's tenant, in the same account of Stripe
        known = select(StripeEvent.event_id).where(StripeEvent.event_id == event["id"])
        if session.scalar(known) is not None:
            return "repeated"
        outcome = _write_down(session, event, str(invoice_id), cause=cause, now=now)
        row = {
            "tenant_id": session.tenant_id,
            "event_id": event["id"],
            "type": event["type"],
            "received_at": now,
            "outcome": outcome,
        }
        session.add_rows(StripeEvent, [row])
        return outcome


def _write_down(
    session: TenantSession, event: dict[str, Any], invoice_id: str, *, cause: Cause, now: datetime
) -> str:
    invoice = read_invoice(session, invoice_id)
    timezone = tenant_of(session).timezone
    happened_on = local_date(min(datetime.fromtimestamp(event["created"], UTC), now), timezone)
    remote_id = event["data"]["object"]["id"]
    status = status_of(session, invoice.id)
    if event["type"] == "invoice.paid" and status == "issued":
        pay_invoice(
            session, invoice.id, paid_on=happened_on, reference=remote_id, source=SOURCE, cause=cause, now=now
        )
        return "paid"
    if event["type"] == "invoice.payment_failed" and status == "issued":
        note_failed_payment(
            session, invoice.id, failed_on=happened_on, reference=remote_id, cause=cause, now=now
        )
        return "payment_failed"
    # Paid there though void here, void there though due here: nobody but a person can say which one holds.
    # The journal has it at once, the nightly comparison finds it as long as it is so.
    details = {"type": event["type"], "status": status}
    subject = Subject("invoice", invoice.id)
    record(session, "delivery:stripe:note", subject, cause=cause, at=now, details=details)
    return "noted"
