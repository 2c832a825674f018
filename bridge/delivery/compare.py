"""Comparing our invoices with Stripe's: what differs is told, never put right silently."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from stripe import StripeClient

from bridge.billing.invoice_events import statuses
from bridge.billing.issued_invoices import IssuedInvoice, list_invoices
from bridge.billing.pay_invoice import due_minor
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.delivery.push_invoice import INVOICE, remote_invoices, told_with
from bridge.delivery.stripe_amounts import stripe_amount
from bridge.delivery.tables import Delivery, StripeCustomer, StripeDifference

#: Our status → what Stripe may say meanwhile.
AGREEING = {"issued": {"open"}, "paid": {"paid"}, "void": {"void"}}

Told = tuple[str, str, str, str]


def compare(
    database: Database, tenant_id: str, stripe: StripeClient, *, now: datetime
) -> list[dict[str, str]]:
    """Return where both sides differ, and keep it in place of what the last comparison found.

    Only what was delivered is compared: what waits or died is to be seen among the deliveries.
    """
    with database.read(tenant_id) as session:
        customer_id = session.scalar(select(StripeCustomer.customer_id))
        delivered = set(
            session.scalars(
                select(Delivery.invoice_id).where(Delivery.action == "push", Delivery.state == "done")
            )
        )
        waiting = set(session.scalars(select(Delivery.invoice_id).where(Delivery.state == "waiting")))
        invoices = {each.id: each for each in list_invoices(session)}
        known = statuses(session)
    if customer_id is None:
        return []
    remote = [
        (told_with(each)[INVOICE], str(each.status), int(each.total), str(each.id))
        for each in remote_invoices(stripe, customer_id)
    ]
    found = sorted(_differences(invoices, known, delivered - waiting, remote))
    with database.write(tenant_id) as session:
        session.execute(delete(StripeDifference))
        rows = [
            {
                "tenant_id": tenant_id,
                "id": new_id(now),
                **dict(zip(("kind", "invoice", "ours", "theirs"), each, strict=True)),
                "found_at": now,
            }
            for each in found
        ]
        if rows:
            session.add_rows(StripeDifference, rows)
    return [dict(zip(("kind", "invoice", "ours", "theirs"), each, strict=True)) for each in found]


def last_differences(database: Database, tenant_id: str) -> list[dict[str, Any]]:
    """Return what the last comparison found."""
    with database.read(tenant_id) as session:
        rows = session.scalars(
            select(StripeDifference).order_by(
                StripeDifference.kind,
                StripeDifference.invoice,
                StripeDifference.ours,
                StripeDifference.theirs,
            )
        )
        return [
            {
                "kind": row.kind,
                "invoice": row.invoice,
                "ours": row.ours,
                "theirs": row.theirs,
                "found_at": row.found_at.isoformat(),
            }
            for row in rows
        ]


def _differences(
    invoices: Mapping[str, IssuedInvoice],
    known: Mapping[str, str],
    delivered: set[str],
    remote: list[tuple[str, str, int, str]],
) -> Iterator[Told]:
    seen: set[str] = set()
    for invoice_id, status, total, remote_id in remote:
        invoice = invoices.get(invoice_id)
        if invoice is None:
            yield "unknown_here", remote_id, "no such invoice", status
            continue
        if invoice_id in seen:
            yield "twice_there", str(invoice.number), "one invoice", remote_id
        seen.add(invoice_id)
        if invoice_id not in delivered:
            continue
        due = stripe_amount(due_minor(invoice), invoice.currency)
        if total != due:
            yield "amount_differs", str(invoice.number), str(due), str(total)
        ours = known.get(invoice_id, "issued")
        paid_at_once = due <= 0 and status == "paid"  # Stripe has nothing to collect
        if status not in AGREEING[ours] and not paid_at_once:
            yield "status_differs", str(invoice.number), ours, status
    for invoice_id in sorted(delivered - seen):
        yield "missing_there", str(invoices[invoice_id].number), "delivered", "no such invoice"
