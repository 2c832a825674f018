"""Rows of meters, consumption, sign-ins, the secrets that values are digested under."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.columns import Kept
from bridge.database.rows import TenantRow


class Meter(TenantRow):
    """A kind of consumption that a tenant counts; while it is off, events of it are refused."""

    __tablename__ = "meters"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        CheckConstraint("aggregation IN ('sum', 'max', 'unique')", name="aggregation"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str]
    aggregation: Mapped[str]
    is_on: Mapped[bool]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    cause_id: Mapped[str]


class Usage(TenantRow):
    """A dated fact: the account used so much of a meter at ``at``. The same event again is no second row.

    The quantity is whole millionths, since one of the databases has no exact decimals; of a meter that counts
    different values it is one, and ``value_digest`` tells values apart without keeping them. ``day`` is the
    local date, by which consumption is added up. ``cause_id`` is the journal entry of the batch.
    """

    __tablename__ = "usage"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        ForeignKeyConstraint(["tenant_id", "meter"], ["meters.tenant_id", "meters.key"]),
        CheckConstraint("quantity_millionths >= 0", name="quantity"),
        Index("ix_usage_day", "tenant_id", "day", "meter"),
    )

    source: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    meter: Mapped[str]
    at: Mapped[datetime]
    day: Mapped[date]
    quantity_millionths: Mapped[int] = mapped_column(BigInteger)
    value_digest: Mapped[str | None]
    recorded_at: Mapped[datetime]
    cause_id: Mapped[str]


class UsageSecret(TenantRow):
    """A tenant's own secret, sealed under the operator's keys, by which the values of meters are digested."""

    __tablename__ = "usage_secrets"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),)

    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class SignIn(TenantRow):
    """A dated fact: the account signed in through the connection at ``at``, on the local date ``day``.

    ``amr``, ``acr`` and ``auth_time`` are the provider's word on how and when it knew who it was (OpenID
    Connect Core 1.0 section 2), where it gave one.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        Index("ix_sign_ins_day", "tenant_id", "day", "person_id"),
        Index("ix_sign_ins_person", "tenant_id", "person_id", "at", "id"),
    )

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    at: Mapped[datetime]
    day: Mapped[date]
    amr: Mapped[list[str] | None] = mapped_column(Kept)
    acr: Mapped[str | None]
    auth_time: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    cause_id: Mapped[str]
