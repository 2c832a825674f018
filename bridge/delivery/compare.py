"""Comparing our invoices and credit notes with Stripe's: what differs is told, never put right silently."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select
from stripe import StripeClient

from bridge.billing.invoice_events import statuses
from bridge.billing.issued_credit_notes import all_credit_notes
from bridge.billing.issued_invoices import list_invoices
from bridge.billing.pay_invoice import due_minor
from bridge.database.ids import new_id
from bridge.database.sessions import Database, TenantSession
from bridge.delivery.push_credit_note import remote_credit_notes
from bridge.delivery.push_invoice import remote_invoices
from bridge.delivery.stripe_amounts import stripe_amount
from bridge.delivery.stripe_words import CREDIT_NOTE, INVOICE, told_with
from bridge.delivery.tables import Delivery, StripeCustomer, StripeDifference

#: Our status → what Stripe may say meanwhile.
AGREEING = {"issued": {"open"}, "paid": {"paid"}, "void": {"void"}}

SubjectKind = Literal["invoice", "credit_note"]


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """Where Stripe says something else; see ``bridge.delivery.tables.StripeDifference``."""

    kind: str
    subject: SubjectKind
    reference: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Ours:
    """Something of ours as Stripe ought to have it."""

    reference: str
    status: str
    statuses_there: frozenset[str]
    amount_minor: int
    currency: str
    is_delivered: bool

    @property
    def amount(self) -> int:
        """The amount as Stripe counts; of what was never delivered there may be none that it can take."""
        return stripe_amount(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True)
class Theirs:
    """What Stripe has; ``ours`` is the id that the bridge wrote on it."""

    id: str
    ours: str
    status: str
    amount: int


def compare(database: Database, tenant_id: str, stripe: StripeClient, *, now: datetime) -> list[Difference]:
    """Return where both sides differ, and keep it in place of what the last comparison found.

    Only what was delivered is compared: what waits or died is to be seen among the deliveries.
    """
    with database.read(tenant_id) as session:
        customer_id = session.scalar(select(StripeCustomer.customer_id))
        invoices, notes = _our_invoices(session), _our_credit_notes(session)
    if customer_id is None:
        return []
    remote_ones = [
        Theirs(str(each.id), told_with(each)[INVOICE], str(each.status), int(each.total))
        for each in remote_invoices(stripe, customer_id)
    ]
    remote_notes = [
        Theirs(str(each.id), told_with(each)[CREDIT_NOTE], str(each.status), int(each.total))
        for each in remote_credit_notes(stripe, {"customer": customer_id})
    ]
    found = sorted(
        [*_differences("invoice", invoices, remote_ones), *_differences("credit_note", notes, remote_notes)]
    )
    with database.write(tenant_id) as session:
        session.execute(delete(StripeDifference))
        rows = [
            {"tenant_id": tenant_id, "id": new_id(now), **asdict(each), "found_at": now} for each in found
        ]
        if rows:
            session.add_rows(StripeDifference, rows)
    return found


def _our_invoices(session: TenantSession) -> dict[str, Ours]:
    pushed = select(Delivery.invoice_id).where(Delivery.action == "push", Delivery.state == "done")
    waiting = select(Delivery.invoice_id).where(
        Delivery.state == "waiting", Delivery.credit_note_id.is_(None)
    )
    delivered = set(session.scalars(pushed)) - set(session.scalars(waiting))
    known = statuses(session)
    ours = {}
    for invoice in list_invoices(session):
        status, due = known.get(invoice.id, "issued"), due_minor(invoice)
        # Where nothing is to be collected, Stripe has an invoice paid as soon as it is final.
        also = {"paid"} if due <= 0 else set()
        ours[invoice.id] = Ours(
            str(invoice.number),
            status,
            frozenset(AGREEING[status] | also),
            due,
            invoice.currency,
            is_delivered=invoice.id in delivered,
        )
    return ours


def _our_credit_notes(session: TenantSession) -> dict[str, Ours]:
    delivered = set(
        session.scalars(
            select(Delivery.credit_note_id).where(Delivery.action == "credit", Delivery.state == "done")
        )
    )
    return {
        note.id: Ours(
            str(note.number),
            "issued",
            frozenset({"issued"}),
            note.amount_minor,
            note.currency,
            is_delivered=note.id in delivered,
        )
        for note in all_credit_notes(session)
    }


def _differences(
    subject: SubjectKind, ours: Mapping[str, Ours], remote: list[Theirs]
) -> Iterator[Difference]:
    seen: set[str] = set()
    for each in remote:
        own = ours.get(each.ours)
        if own is None:
            yield Difference("unknown_here", subject, each.id, f"no such {subject}", each.status)
            continue
        if each.ours in seen:
            yield Difference("twice_there", subject, own.reference, f"one {subject}", each.id)
        seen.add(each.ours)
        if not own.is_delivered:
            continue
        if each.amount != own.amount:
            yield Difference("amount_differs", subject, own.reference, str(own.amount), str(each.amount))
        if each.status not in own.statuses_there:
            yield Difference("status_differs", subject, own.reference, own.status, each.status)
    for id_, own in ours.items():
        if own.is_delivered and id_ not in seen:
            yield Difference("missing_there", subject, own.reference, "delivered", f"no such {subject}")
