"""Rows of seats as last computed from facts and rules."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow

WAITS = text("waits_for IS NOT NULL")


class Seat(TenantRow):
    """A span in which a person held a plan and roles, with the rule and the facts that made it so.

    ``plan`` is ``none`` where a rule gives roles without a seat; such spans are never billed.
    ``started_by`` and ``ended_by`` are journal entries: the facts at the two ends. A span with a ``storm_id``
    is held: facts have ended it, but so many at once that somebody must confirm it first. It is billed, and
    gives no access. One that ``waits_for`` a plan whose seats are all held has the plan ``none`` meanwhile;
    ``withheld_roles`` come with the seat.
    """

    __tablename__ = "seats"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        CheckConstraint('"end" > start', name="order"),
        Index("ix_seats_time", "tenant_id", "start", "end"),
        Index(
            "ix_seats_waits_for", "tenant_id", "waits_for",
            sqlite_where=WAITS, postgresql_where=WAITS,
        ),
    )  # fmt: skip

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
    storm_id: Mapped[str | None]
    waits_for: Mapped[str | None]
    withheld_roles: Mapped[list[str] | None]


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


class SeatLoss(TenantRow):
    """That facts of a connection took a plan or roles from a person at an instant, whether or not it is held.

    Derived from facts and rules like the seats; by these rows the fuse counts across people. ``releases``
    tells that the person holds no plan afterwards; ``group_ids`` gave the plan.
    """

    __tablename__ = "seat_losses"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        Index("ix_seat_losses_connection", "tenant_id", "connection_id", "at"),
    )

    person_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    connection_id: Mapped[str]
    releases: Mapped[bool]
    group_ids: Mapped[list[str]]


class Storm(TenantRow):
    """A dated fact: one connection took seats from too many people at once, from the first to the last.

    ``decided_at`` is when somebody confirmed it (everything as if it had never been held) or undid it (the
    instant from which the people are back).
    """

    __tablename__ = "storms"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        CheckConstraint("status IN ('open', 'confirmed', 'undone')", name="status"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        Index("ix_storms_connection", "tenant_id", "connection_id", "last_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    status: Mapped[str]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]


class StormPerson(TenantRow):
    """A dated fact: what a person lost at ``at`` is part of the storm."""

    __tablename__ = "storm_people"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        ForeignKeyConstraint(["tenant_id", "storm_id"], ["storms.tenant_id", "storms.id"]),
        Index("ix_storm_people_storm", "tenant_id", "storm_id", "person_id"),
    )

    person_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    storm_id: Mapped[str]


class Fuse(TenantRow):
    """What a tenant chose instead of the limits in the settings, see ``storm_windows.FuseLimits``."""

    __tablename__ = "fuses"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),)

    people: Mapped[int]
    percent: Mapped[int]
    group_people: Mapped[int]
    changed_at: Mapped[datetime]
    cause_id: Mapped[str]


class SeatLimitSet(TenantRow):
    """A dated fact: from ``effective_from`` until the next of the plan no more than ``seats`` are given.

    ``seats`` None lifts the limit. Of two of one plan with the same instant the one with the higher number
    replaces the other.
    """

    __tablename__ = "seat_limits"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        CheckConstraint("seats IS NULL OR seats >= 0", name="seats"),
        CheckConstraint("access IN ('none', 'roles')", name="access"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    plan: Mapped[str]
    effective_from: Mapped[datetime]
    seats: Mapped[int | None]
    access: Mapped[str]
    set_at: Mapped[datetime]
    cause_id: Mapped[str]
