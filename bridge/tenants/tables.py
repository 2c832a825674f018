"""Rows of customers, their connections, and the digests of their credentials."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow, UnscopedRow

OF_A_PERSON = text("person_id IS NOT NULL")


class Tenant(TenantRow):
    """A customer. Money is counted in its currency, days and periods in its time zone.

    ``schema_version`` tells which schemas of its own it has; None for none.
    """

    __tablename__ = "tenants"

    name: Mapped[str]
    currency: Mapped[str]
    timezone: Mapped[str]
    created_at: Mapped[datetime]
    settled_until: Mapped[datetime | None]
    schema_version: Mapped[int | None]


class SealRenewal(TenantRow):
    """That all that is sealed of a tenant is so under the operator's key of this ``mark``."""

    __tablename__ = "seal_renewals"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),)

    mark: Mapped[str]
    renewed_at: Mapped[datetime]


class ExtensionSchema(TenantRow):
    """One version of a schema that a tenant defined for users; the newest version of its URN holds.

    Versions count through all schemas of the tenant; the newest is the tenant's ``schema_version``.
    """

    __tablename__ = "extension_schemas"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        Index("uq_extension_schemas_version", "tenant_id", "version", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    urn: Mapped[str]
    document: Mapped[dict[str, Any]]
    author: Mapped[str]
    created_at: Mapped[datetime]
    cause_id: Mapped[str]


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


class ConnectionDoor(UnscopedRow):
    """Whose a connection is: public addresses name the connection alone, so this is read without a tenant."""

    __tablename__ = "connection_doors"

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str]


class Credential(UnscopedRow):
    """The keyed digest of a secret; read before the tenant is known, hence impersonal.

    An ``oauth_client`` is one secret of a connection's OAuth client, whose id is the connection's; an
    ``oauth_token`` was issued for the secret named in ``issued_by``. An ``api_key`` with ``person_id`` is
    that person's own, and good only while they are active.
    """

    __tablename__ = "credentials"
    __table_args__ = (
        CheckConstraint("kind IN ('scim_token', 'api_key', 'oauth_client', 'oauth_token')", name="kind"),
        CheckConstraint("(kind <> 'api_key') = (connection_id IS NOT NULL)", name="connection"),
        CheckConstraint("(kind = 'oauth_token') = (issued_by IS NOT NULL)", name="issued_by"),
        CheckConstraint("kind = 'api_key' OR person_id IS NULL", name="person"),
        Index("ix_credentials_tenant", "tenant_id", "connection_id"),
        Index(
            "ix_credentials_person", "tenant_id", "person_id",
            sqlite_where=OF_A_PERSON, postgresql_where=OF_A_PERSON,
        ),
    )  # fmt: skip

    digest: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    tenant_id: Mapped[str]
    kind: Mapped[str]
    connection_id: Mapped[str | None]
    person_id: Mapped[str | None]
    issued_by: Mapped[str | None]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class DueTenant(UnscopedRow):
    """A tenant that needs the workers at an instant. Appended by writers, so that no row is hot.

    ``cause`` is ``changes`` (rows in changes_due), ``boundary`` (a known future instant such as a rule set's
    effective date), ``delivery`` (invoices to be told elsewhere), ``refresh`` (sessions to be asked for
    again at their providers), ``groups`` (of people, to be asked for) or ``nightly`` (closing and
    reconciliation; each tenant always has exactly one).
    """

    __tablename__ = "due_tenants"
    __table_args__ = (
        CheckConstraint(
            "cause IN ('changes', 'boundary', 'delivery', 'refresh', 'groups', 'nightly')", name="cause"
        ),
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
