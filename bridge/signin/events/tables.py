"""Rows of identity providers' events, of what was last said by them, of Okta's hooks."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow
from bridge.signin.events.identity_events import EFFECTS, OUTCOMES

UNSETTLED = text("settled_at IS NULL")


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


class OktaHook(TenantRow):
    """What Okta may ask on behalf of a connection, with the digests of the secret by which it is known.

    The previous secret holds until ``previous_until``, so that hooks can be given the new one. ``tokens`` are
    those whose claims are answered (``identity``, ``access``). Sign-ins count that were to one of
    ``sign_in_apps``.
    """

    __tablename__ = "okta_hooks"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
    )

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str | None]
    previous_digest: Mapped[str | None]
    previous_until: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    plan_claim: Mapped[str | None]
    roles_claim: Mapped[str | None]
    tokens: Mapped[list[str]]
    sign_in_apps: Mapped[list[str]]
    changed_at: Mapped[datetime]


class ReceivedEvent(TenantRow):
    """An event as it came in, once however often it is sent; ``at`` is its own time.

    ``subject`` is the provider's id of whom it is about, ``session_ref`` that of the one session that it is
    about; both are emptied once the event is settled: from then on ``person_id`` tells, of whomever the
    connection knew. ``our_id`` tells apart what sources or connections gave the same id.
    """

    __tablename__ = "identity_events"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        CheckConstraint(_one_of("effect", EFFECTS), name="effect"),
        CheckConstraint(_one_of("outcome", OUTCOMES), name="outcome"),
        CheckConstraint("(outcome = 'waiting') = (settled_at IS NULL)", name="settled"),
        Index("ix_identity_events_received", "tenant_id", "received_at", "our_id"),
        Index(
            "ix_identity_events_waiting", "tenant_id", "connection_id", "at", "id",
            sqlite_where=UNSETTLED, postgresql_where=UNSETTLED,
        ),
    )  # fmt: skip

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    our_id: Mapped[str]
    type: Mapped[str]
    effect: Mapped[str]
    subject: Mapped[str | None]
    session_ref: Mapped[str | None]
    group_ref: Mapped[str | None]
    group_name: Mapped[str | None]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    request_id: Mapped[str]
    outcome: Mapped[str]
    settled_at: Mapped[datetime | None]
    person_id: Mapped[str | None]


class EventStanding(TenantRow):
    """The latest event about one thing of a person (``active``, or a group's id); older ones change nothing.

    It outlives the event's own row.
    """

    __tablename__ = "event_standings"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),)

    person_id: Mapped[str] = mapped_column(primary_key=True)
    thing: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    event_id: Mapped[str]
