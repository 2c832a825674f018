"""Rows of customers, their connections, and the digests of their credentials."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow, UnscopedRow


class Tenant(TenantRow):
    """A customer. Money is counted in its currency, days and periods in its time zone."""

    __tablename__ = "tenants"

    name: Mapped[str]
    currency: Mapped[str]
    timezone: Mapped[str]
    created_at: Mapped[datetime]
    settled_until: Mapped[datetime | None]


class Connection(TenantRow):
    """One identity provider of one tenant. Until ``live_from`` it is observed: recorded, never billed."""

    __tablename__ = "connections"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        Index("uq_connections_name", "tenant_id", "name", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    dialect: Mapped[str]
    live_from: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Credential(UnscopedRow):
    """The keyed digest of a token or API key; read before the tenant is known, hence impersonal."""

    __tablename__ = "credentials"
    __table_args__ = (
        CheckConstraint("kind IN ('scim_token', 'api_key')", name="kind"),
        CheckConstraint("(kind = 'scim_token') = (connection_id IS NOT NULL)", name="connection"),
        Index("ix_credentials_tenant", "tenant_id", "connection_id"),
    )

    digest: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    tenant_id: Mapped[str]
    kind: Mapped[str]
    connection_id: Mapped[str | None]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class DueTenant(UnscopedRow):
    """A tenant that needs the workers at an instant. Appended by writers, so that no row is hot.

    ``cause`` is ``changes`` (rows in changes_due), ``boundary`` (a known future instant such as a rule set's
    effective date) or ``nightly`` (closing and reconciliation; each tenant always has exactly one).
    """

    __tablename__ = "due_tenants"
    __table_args__ = (
        CheckConstraint("cause IN ('changes', 'boundary', 'nightly')", name="cause"),
        Index("ix_due_tenants_wake", "wake_at", "tenant_id"),
        Index(
            "uq_due_tenants_nightly",
            "tenant_id",
            unique=True,
            sqlite_where=text("cause = 'nightly'"),
            postgresql_where=text("cause = 'nightly'"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str]
    cause: Mapped[str]
    wake_at: Mapped[datetime]
