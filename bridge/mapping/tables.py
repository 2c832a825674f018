"""Rows of rule sets, with the overrides that stand above them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow


class RuleSet(TenantRow):
    """One immutable version of a tenant's rules, in force from ``effective_from`` until the next one is."""

    __tablename__ = "rule_sets"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        Index("uq_rule_sets_version", "tenant_id", "version", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    author: Mapped[str]
    note: Mapped[str]
    effective_from: Mapped[datetime]
    created_at: Mapped[datetime]
    document: Mapped[dict[str, Any]]
    cause_id: Mapped[str]


class PersonOverride(TenantRow):
    """A dated fact: from ``start`` until ``end`` an administrator decides the person's plan, roles or both.

    One that was withdrawn before it began ends where it starts. ``reason`` names nobody: it outlives people's
    names.
    """

    __tablename__ = "overrides"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        CheckConstraint('"end" >= start', name="order"),
        Index("ix_overrides_person", "tenant_id", "person_id", "start"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    start: Mapped[datetime]
    end: Mapped[datetime | None]
    plan: Mapped[str | None]
    roles: Mapped[list[str] | None]
    reason: Mapped[str]
    author: Mapped[str]
    started_by: Mapped[str]
    ended_by: Mapped[str | None]


class RoleCatalogue(TenantRow):
    """One immutable version of a tenant's own roles; the newest holds, from when it was made."""

    __tablename__ = "role_catalogues"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        Index("uq_role_catalogues_version", "tenant_id", "version", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    author: Mapped[str]
    created_at: Mapped[datetime]
    document: Mapped[dict[str, Any]]
    cause_id: Mapped[str]
