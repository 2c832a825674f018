"""Rows of deliveries with their attempts, of Stripe's customers, events, differences."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
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

    ``waiting`` until ``next_attempt_at``, which is also the end of a worker's lease; ``dead`` when no further
    attempt helps. ``key_generation`` parts the idempotency keys before and after an answer that says 5xx,
    which Stripe would otherwise repeat to the same key.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        CheckConstraint("action IN ('push', 'pay', 'void')", name="action"),
        CheckConstraint("state IN ('waiting', 'done', 'dead')", name="state"),
        Index("uq_deliveries_action", "tenant_id", "invoice_id", "action", unique=True),
        Index("ix_deliveries_state", "tenant_id", "state", "next_attempt_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str]
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
    """Where Stripe says something else than the bridge, as the last comparison found it."""

    __tablename__ = "stripe_differences"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),)

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    invoice: Mapped[str]
    ours: Mapped[str]
    theirs: Mapped[str]
    found_at: Mapped[datetime]
