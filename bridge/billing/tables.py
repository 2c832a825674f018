"""Rows of subscriptions, price terms, invoices with their lines and person lines."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow


ADJUSTMENT = text("cause_id IS NOT NULL")


class Subscription(TenantRow):
    """What a tenant is billed by: interval, anchor day, timing; in force on the dates it names."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        CheckConstraint("interval IN ('month', 'year')", name="interval"),
        CheckConstraint("timing IN ('arrears', 'advance')", name="timing"),
        CheckConstraint("anchor_day BETWEEN 1 AND 31", name="anchor_day"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    interval: Mapped[str]
    anchor_day: Mapped[int]
    timing: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    created_at: Mapped[datetime]


class PriceTerms(TenantRow):
    """A tenant's own price of a plan on the dates it names; elsewhere the catalogue's price holds.

    Rows are only added: of two for one day, the one created later holds.
    """

    __tablename__ = "price_terms"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        Index("ix_price_terms_plan", "tenant_id", "plan", "valid_from"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    plan: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    terms: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    cause_id: Mapped[str]


class Invoice(TenantRow):
    """An issued invoice: immutable, numbered without gaps; ``document`` is its canonical content.

    ``revision`` counts the invoices of one period: arrears has one, advance two, annual terms one per true-up.
    ``issued_on`` is the local date it is about: seats that change before it are late for it.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "subscription_id"], ["subscriptions.tenant_id", "subscriptions.id"]
        ),
        Index("uq_invoices_run", "tenant_id", "subscription_id", "period_start", "revision", unique=True),
        Index("uq_invoices_number", "tenant_id", "number", unique=True),
        CheckConstraint("period_end > period_start", name="period"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    subscription_id: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    revision: Mapped[int]
    issued_on: Mapped[date]
    number: Mapped[int]
    currency: Mapped[str]
    subtotal_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[datetime]
    document: Mapped[dict[str, Any]]
    sha256: Mapped[str]


class InvoicePerson(TenantRow):
    """A person's share of an invoice: what they cost in one plan and department in one period.

    ``person_id`` is null for money that no person caused. ``for_period_start`` tells the period the money is
    for: the invoice's own, or an earlier one when the row is an adjustment; ``cause_id`` then names the fact.
    """

    __tablename__ = "invoice_people"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        Index("ix_invoice_people_person", "tenant_id", "person_id", "invoice_id"),
        Index(
            "ix_invoice_people_adjustments", "tenant_id", "for_period_start",
            sqlite_where=ADJUSTMENT, postgresql_where=ADJUSTMENT,
        ),
    )

    invoice_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[str | None]
    plan: Mapped[str | None]
    department: Mapped[str | None]
    cost_centre: Mapped[str | None]
    billable_days: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    for_period_start: Mapped[date]
    cause_id: Mapped[str | None]


class InvoiceCounter(TenantRow):
    """The last invoice number given; locked by the closing transaction, so that numbers have no gap."""

    __tablename__ = "invoice_counters"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),)

    last_number: Mapped[int]
