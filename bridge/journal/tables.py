"""Rows of the journal, which are only ever added."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow


class JournalEntry(TenantRow):
    """One thing that happened. It names people by id only, so that it never has to be erased."""

    __tablename__ = "journal_entries"
    __table_args__ = (
        Index("ix_journal_entries_subject", "tenant_id", "subject_id", "at"),
        Index("ix_journal_entries_request", "tenant_id", "request_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    action: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    request_id: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    details: Mapped[dict[str, Any]]


class JournalSeal(TenantRow):
    """The place of an entry in the tenant's chain: its hash covers the entry and the seal before."""

    __tablename__ = "journal_seals"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "entry_id"], ["journal_entries.tenant_id", "journal_entries.id"]),
        Index("uq_journal_seals_entry", "tenant_id", "entry_id", unique=True),
    )

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[str]
    hash: Mapped[str]
