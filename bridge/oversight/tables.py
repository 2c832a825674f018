"""Rows of previews: what a change would do, kept so that it is applied as it was shown."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow


class Preview(TenantRow):
    """A preview as it was answered; forgotten after some hours.

    ``subject`` is the SHA-256 of the rule document, or the connection's id. ``starts_at`` is the instant that
    was asked for, None for "when it is applied". ``digest`` is over the affected people with what they hold
    before and after.
    """

    __tablename__ = "previews"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        CheckConstraint("kind IN ('rules', 'live')", name="kind"),
        Index("ix_previews_created", "tenant_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    starts_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    digest: Mapped[str]
    document: Mapped[dict[str, Any]]


class PreviewPeople(TenantRow):
    """Some of the people to whom a preview says the same will happen, a thousand in a row at most."""

    __tablename__ = "preview_people"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "preview_id"], ["previews.tenant_id", "previews.id"], ondelete="CASCADE"
        ),
    )

    preview_id: Mapped[str] = mapped_column(primary_key=True)
    page: Mapped[int] = mapped_column(primary_key=True)
    steps: Mapped[list[dict[str, Any]]]
    person_ids: Mapped[list[str]]
