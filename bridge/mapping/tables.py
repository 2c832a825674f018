"""Rows of rule sets."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index
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
