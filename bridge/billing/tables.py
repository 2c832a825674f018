"""Rows of subscriptions, terms, credit, invoices with their people, events, credit notes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow


class Subscription(TenantRow):
    """What a tenant is billed by: interval, anchor day, timing; in force on the dates it names.

    The dates before ``trial_ends_on`` cost nothing.
    """

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
    trial_ends_on: Mapped[date | None]
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


class BillingTerms(TenantRow):
    """A tenant's cap, floor and tax for the periods that begin on the dates it names; added like prices."""

    __tablename__ = "billing_terms"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),)

    id: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    terms: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    cause_id: Mapped[str]


class CreditEntry(TenantRow):
    """Credit that was granted (positive), used by an invoice (negative), or given back; the sum is left.

    ``reference`` names a grant for its caller; of the others it is the invoice. Nothing happens twice.
    """

    __tablename__ = "credit_entries"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        CheckConstraint("kind IN ('grant', 'use', 'return')", name="kind"),
        CheckConstraint("(kind = 'use') = (amount_minor < 0)", name="sign"),
        Index("uq_credit_entries_reference", "tenant_id", "kind", "reference", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    reference: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    at: Mapped[datetime]
    cause_id: Mapped[str]


class Invoice(TenantRow):
    """An issued invoice: immutable, numbered without gaps; ``document`` is its canonical content.

    ``revision`` counts the invoices of one period: arrears has one, advance two, annual one per true-up.
    ``reissue`` counts the invoices of one run: 0, then one more each time it was void and issued again.
    ``issued_on`` is the local date it is about: seats that change before it are late for it. What happens to
    it later is told by its events.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "subscription_id"], ["subscriptions.tenant_id", "subscriptions.id"]
        ),
        Index(
            "uq_invoices_run",
            "tenant_id",
            "subscription_id",
            "period_start",
            "revision",
            "reissue",
            unique=True,
        ),
        Index("uq_invoices_number", "tenant_id", "number", unique=True),
        CheckConstraint("period_end > period_start", name="period"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    subscription_id: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    revision: Mapped[int]
    reissue: Mapped[int]
    issued_on: Mapped[date]
    number: Mapped[int]
    currency: Mapped[str]
    subtotal_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[datetime]
    document: Mapped[dict[str, Any]]
    sha256: Mapped[str]


class PeoplePageRow(TenantRow):
    """A page of people: what a run of them cost in one period, as canonical JSON.

    A row for each person and period would mean a million rows with their index entries at the end of a large
    tenant's month; issued rows never change, so a thousand of them are one row here. ``shares`` is an array
    of arrays, see ``people_pages``. ``for_period_start`` is the period the money is for: the invoice's own,
    or an earlier one where the page holds adjustments. ``first_person`` and ``last_person`` find a person's
    page (both empty where it has none); ``has_unassigned`` tells that it holds money that no person caused.
    """

    __abstract__ = True

    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=1)
    for_period_start: Mapped[date] = mapped_column(sort_order=1)
    first_person: Mapped[str] = mapped_column(sort_order=1)
    last_person: Mapped[str] = mapped_column(sort_order=1)
    has_unassigned: Mapped[bool] = mapped_column(sort_order=1)
    shares: Mapped[str] = mapped_column(sort_order=1)


class InvoicePeople(PeoplePageRow):
    """A page of an invoice's people."""

    __tablename__ = "invoice_people"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        Index("ix_invoice_people_period", "tenant_id", "for_period_start"),
    )

    invoice_id: Mapped[str] = mapped_column(primary_key=True)


class InvoiceEvent(TenantRow):
    """Something that happened to an issued invoice, only ever added: it was paid, or it is void.

    ``happened_on`` is the date that payment or voiding counts for, ``reference`` that of the payment,
    ``source`` who told of it: ``operator``, ``api_key`` or ``stripe``. A failed payment may come often.
    """

    __tablename__ = "invoice_events"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        CheckConstraint("kind IN ('paid', 'void', 'payment_failed')", name="kind"),
        Index(
            "uq_invoice_events_last",
            "tenant_id",
            "invoice_id",
            unique=True,
            sqlite_where=text("kind <> 'payment_failed'"),
            postgresql_where=text("kind <> 'payment_failed'"),
        ),
        Index("ix_invoice_events_invoice", "tenant_id", "invoice_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str]
    kind: Mapped[str]
    happened_on: Mapped[date]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str]
    source: Mapped[str]
    recorded_at: Mapped[datetime]
    cause_id: Mapped[str]


class CreditNote(TenantRow):
    """Money given back on a paid invoice: immutable, in a gap-free series of numbers of its own.

    Amounts are positive; ``amount_minor`` has the tax in it. With people it corrects a period; without, it is
    a favour that no later computation takes back.
    """

    __tablename__ = "credit_notes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        Index("uq_credit_notes_number", "tenant_id", "number", unique=True),
        Index("ix_credit_notes_invoice", "tenant_id", "invoice_id"),
        CheckConstraint(
            "amount_minor > 0 AND subtotal_minor + tax_minor = amount_minor", name="amount_minor"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    invoice_id: Mapped[str]
    issued_on: Mapped[date]
    currency: Mapped[str]
    subtotal_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    document: Mapped[dict[str, Any]]
    sha256: Mapped[str]


class CreditNotePeople(PeoplePageRow):
    """A page of a credit note's people, with what each gets back as negative money."""

    __tablename__ = "credit_note_people"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "credit_note_id"], ["credit_notes.tenant_id", "credit_notes.id"]),
        Index("ix_credit_note_people_period", "tenant_id", "for_period_start"),
    )

    credit_note_id: Mapped[str] = mapped_column(primary_key=True)


class BillingDetails(TenantRow):
    """Who an invoice is made out to and how it is corrected, from a date on; rows are only added.

    Of two for one date the one created later holds.
    """

    __tablename__ = "billing_details"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        CheckConstraint("corrections IN ('adjustment', 'credit_note')", name="corrections"),
        Index("ix_billing_details_valid_from", "tenant_id", "valid_from"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date]
    buyer: Mapped[dict[str, Any]]
    corrections: Mapped[str]
    created_at: Mapped[datetime]
    cause_id: Mapped[str]


class InvoiceCounter(TenantRow):
    """The last numbers given; locked by who gives the next, so that neither series has a gap."""

    __tablename__ = "invoice_counters"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),)

    last_number: Mapped[int]
    last_credit_note: Mapped[int]
