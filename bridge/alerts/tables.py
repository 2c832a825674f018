"""Rows of alerts."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow

UNCLOSED = text("closed_at IS NULL")


class Alert(TenantRow):
    """Something to look at: its kind, and the id of what caused it; a cause has one open alert of a kind.

    ``detail`` is what was said of it last, where more is known than the kind tells; it names no person.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        Index(
            "uq_alerts_open", "tenant_id", "kind", "cause_id", unique=True,
            sqlite_where=UNCLOSED, postgresql_where=UNCLOSED,
        ),
        Index("ix_alerts_opened", "tenant_id", "opened_at"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    cause_id: Mapped[str]
    detail: Mapped[str | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
