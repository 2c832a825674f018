"""What happened to issued invoices, by which the state of each is told."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import ColumnElement, Select, select

from bridge.billing.tables import Invoice, InvoiceEvent
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession

Status = Literal["issued", "paid", "void"]
Kind = Literal["paid", "void", "payment_failed"]


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """One thing that happened to an invoice; see ``bridge.billing.tables.InvoiceEvent``."""

    kind: Kind
    happened_on: date
    amount_minor: int
    reference: str
    source: str
    recorded_at: datetime


def void_invoices() -> Select[str]:
    """Return the statement that selects the ids of the invoices that are void."""
    return select(InvoiceEvent.invoice_id).where(InvoiceEvent.kind == "void")


def is_not_void() -> ColumnElement[bool]:
    """Return the condition on invoices that they stand."""
    return Invoice.id.not_in(void_invoices())


def events_of(session: TenantSession, invoice_id: str) -> list[LifeEvent]:
    """Return what happened to an invoice after it was issued, in order."""
    rows = session.scalars(
        select(InvoiceEvent)
        .where(InvoiceEvent.invoice_id == invoice_id)
        .order_by(InvoiceEvent.recorded_at, InvoiceEvent.id)
    )
    return [
        LifeEvent(
            row.kind,  # type: ignore[arg-type]  # the table's check allows no other kind
            row.happened_on,
            row.amount_minor,
            row.reference,
            row.source,
            row.recorded_at,
        )
        for row in rows
    ]


def statuses(session: TenantSession, invoice_ids: Collection[str] | None = None) -> dict[str, Status]:
    """Return the status of the invoices that are paid or void; all others are issued."""
    chosen = select(InvoiceEvent.invoice_id, InvoiceEvent.kind).where(InvoiceEvent.kind != "payment_failed")
    if invoice_ids is not None:
        chosen = chosen.where(InvoiceEvent.invoice_id.in_(invoice_ids))
    return {id_: "void" if kind == "void" else "paid" for id_, kind in session.execute(chosen)}


def status_of(session: TenantSession, invoice_id: str) -> Status:
    """Return the status of one invoice."""
    return statuses(session, [invoice_id]).get(invoice_id, "issued")


def add_event(
    session: TenantSession,
    invoice_id: str,
    kind: Kind,
    *,
    happened_on: date,
    amount_minor: int,
    reference: str,
    source: str,
    cause_id: str,
    now: datetime,
) -> None:
    """Write down that something happened to an invoice; the caller holds the tenant's counter."""
    row = {
        "tenant_id": session.tenant_id,
        "id": new_id(now),
        "invoice_id": invoice_id,
        "kind": kind,
        "happened_on": happened_on,
        "amount_minor": amount_minor,
        "reference": reference,
        "source": source,
        "recorded_at": now,
        "cause_id": cause_id,
    }
    session.add_rows(InvoiceEvent, [row])
