"""Rows of the provisioning log."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow, UnscopedRow

PENDING = text("erased_at IS NULL")


class RequestRecord(TenantRow):
    """One request of a client: what it asked is sealed, how it ended is not.

    ``replay_of`` names the request that this one sent again. ``failed_operations`` counts those of a bulk
    request that was answered; which they were is sealed as well, since why they failed may quote a person.
    """

    __tablename__ = "request_records"
    __table_args__ = (Index("ix_request_records_at", "tenant_id", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    connection_id: Mapped[str | None]
    credential_id: Mapped[str]
    method: Mapped[str]
    route: Mapped[str]
    status: Mapped[int]
    reason: Mapped[str | None]
    tolerances: Mapped[list[str]]
    subject_id: Mapped[str | None]
    duration_microseconds: Mapped[int]
    replay_of: Mapped[str | None]
    failed_operations: Mapped[int] = mapped_column(default=0)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ReplayClaim(TenantRow):
    """That a failed request was replayed with success; written with its effects, so that there is but one.

    ``id`` is the request that did it. Of a bulk request each ``operation`` is claimed for itself, by its
    place in the request, with what it created; of any other the whole, as operation -1.
    """

    __tablename__ = "replay_claims"
    __table_args__ = (Index("ix_replay_claims_at", "tenant_id", "at"),)

    request_id: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str]
    resource_id: Mapped[str | None]
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]


class Refusal(UnscopedRow):
    """A request that named no tenant, because its credential was missing or unknown."""

    __tablename__ = "refusals"
    __table_args__ = (Index("ix_refusals_at", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    method: Mapped[str]
    route: Mapped[str]
    status: Mapped[int]
    reason: Mapped[str]


class Erasure(TenantRow):
    """That somebody asked for a person's data to be erased, and when it was; until then it is pending."""

    __tablename__ = "erasures"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        Index(
            "uq_erasures_pending", "tenant_id", "person_id", unique=True,
            sqlite_where=PENDING, postgresql_where=PENDING,
        ),
    )  # fmt: skip

    person_id: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(primary_key=True)
    asked_by: Mapped[str]
    erased_at: Mapped[datetime | None]
