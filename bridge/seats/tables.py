"""Rows of seats as last computed from facts and rules."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow


class Seat(TenantRow):
    """A span in which a person held a plan and roles, with the rule and the facts that made it so.

    ``plan`` is ``none`` where a rule gives roles without a seat; such spans are never billed.
    ``started_by`` and ``ended_by`` are journal entries: the facts at the two ends.
    """

    __tablename__ = "seats"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        CheckConstraint('"end" > start', name="order"),
        Index("ix_seats_time", "tenant_id", "start", "end"),
    )

    person_id: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    end: Mapped[datetime | None]
    plan: Mapped[str]
    roles: Mapped[list[str]]
    department: Mapped[str | None]
    cost_centre: Mapped[str | None]
    rule_set_id: Mapped[str]
    rule: Mapped[str]
    group_ids: Mapped[list[str]]
    started_by: Mapped[str]
    ended_by: Mapped[str | None]
    computed_at: Mapped[datetime]


class AssignmentFailure(TenantRow):
    """A person whose timeline could not be computed; tried again at ``next_attempt_at``."""

    __tablename__ = "assignment_failures"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),)

    person_id: Mapped[str] = mapped_column(primary_key=True)
    error: Mapped[str]
    attempts: Mapped[int]
    first_failed_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]


class LateChange(TenantRow):
    """A change of seats before the end of a closed period: the next invoice carries the difference."""

    __tablename__ = "late_changes"
    __table_args__ = (Index("ix_late_changes_since", "tenant_id", "since"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    since: Mapped[datetime]
    cause_id: Mapped[str]
    recorded_at: Mapped[datetime]
