"""Rows of deliveries with their attempts, of Stripe's customers, events, differences."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow


class StripeCustomer(TenantRow):
    """A tenant whose invoices are collected through Stripe, from those closed at ``enrolled_at`` on."""

    __tablename__ = "stripe_customers"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),)

    enrolled_at: Mapped[datetime]
    customer_id: Mapped[str | None]


class Delivery(TenantRow):
    """Something to be done at Stripe: an invoice made (``push``), told to be paid elsewhere, made void.

    ``credit`` makes one of its credit notes, which ``credit_note_id`` names; an invoice may have several.
    ``waiting`` until ``next_attempt_at``, which is also the end of a worker's lease; ``dead`` when no further
    attempt helps. ``key_generation`` parts the idempotency keys before and after an answer that says 5xx,
    which Stripe would otherwise repeat to the same key.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        ForeignKeyConstraint(["tenant_id", "credit_note_id"], ["credit_notes.tenant_id", "credit_notes.id"]),
        CheckConstraint("action IN ('push', 'pay', 'void', 'credit')", name="action"),
        CheckConstraint("(action = 'credit') = (credit_note_id IS NOT NULL)", name="credit_note"),
        CheckConstraint("state IN ('waiting', 'done', 'dead')", name="state"),
        Index(
            "uq_deliveries_action",
            "tenant_id",
            "invoice_id",
            "action",
            unique=True,
            sqlite_where=text("credit_note_id IS NULL"),
            postgresql_where=text("credit_note_id IS NULL"),
        ),
        Index("uq_deliveries_credit_note", "tenant_id", "credit_note_id", unique=True),
        Index("ix_deliveries_state", "tenant_id", "state", "next_attempt_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str]
    credit_note_id: Mapped[str | None]
    action: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    key_generation: Mapped[int]
    next_attempt_at: Mapped[datetime]
    last_error: Mapped[str | None]
    remote_id: Mapped[str | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class StripeEvent(TenantRow):
    """An event of Stripe's webhook that was taken; the same id is taken once."""

    __tablename__ = "stripe_events"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),)

    event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    received_at: Mapped[datetime]
    outcome: Mapped[str]


class StripeDifference(TenantRow):
    """Where Stripe says something else than the bridge, as the last comparison found it.

    ``subject`` is ``invoice`` or ``credit_note``, ``reference`` its number here; of something that is unknown
    here, its id there.
    """

    __tablename__ = "stripe_differences"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),)

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    reference: Mapped[str]
    ours: Mapped[str]
    theirs: Mapped[str]
    found_at: Mapped[datetime]
