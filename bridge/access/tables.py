"""Rows of the sessions of people who signed in, and of the visits of those who came by a link."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.rows import TenantRow

OPEN = text("ended_at IS NULL")
REFRESHED = text("ended_at IS NULL AND refresh_at IS NOT NULL")


class Session(TenantRow):
    """One sign-in of one person, known by the keyed digest of its cookie's secret.

    The person is the account that signed in, also while it counts as another one. ``provider_…`` is who the
    identity provider says it is: issuer, ``sub``, ``sid``. Its tokens are sealed, and gone once the session
    has ended. ``expires_at`` holds whatever the use. ``ended_by`` is the journal entry that tells of the end,
    or of the person's deactivation that brought it.

    ``refresh_at`` is when the provider is asked again whether it still vouches for the person, None where it
    cannot be. Who asks holds ``refresh_lease`` until ``refresh_leased_until``; ``refresh_unsure`` says that
    the refresh token was shown and no answer kept, so that the provider may have replaced it.
    ``refresh_failures`` counts those in a row. A refreshed ID token must agree with ``provider_nonce``,
    ``provider_auth_time`` and ``provider_party`` (``azp``) of the first.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        Index("uq_sessions_digest", "tenant_id", "digest", unique=True),
        Index("ix_sessions_person", "tenant_id", "person_id", "created_at"),
        Index(
            "ix_sessions_subject", "tenant_id", "connection_id", "provider_subject",
            sqlite_where=OPEN, postgresql_where=OPEN,
        ),
        Index(
            "ix_sessions_provider", "tenant_id", "connection_id", "provider_session",
            sqlite_where=OPEN, postgresql_where=OPEN,
        ),
        Index("ix_sessions_expires", "tenant_id", "expires_at"),
        Index(
            "ix_sessions_refresh", "tenant_id", "refresh_at",
            sqlite_where=REFRESHED, postgresql_where=REFRESHED,
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    person_id: Mapped[str]
    connection_id: Mapped[str]
    provider_issuer: Mapped[str]
    provider_subject: Mapped[str]
    provider_session: Mapped[str | None]
    provider_nonce: Mapped[str | None]
    provider_auth_time: Mapped[datetime | None]
    provider_party: Mapped[str | None]
    id_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    refresh_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]
    ended_by: Mapped[str | None]
    refresh_at: Mapped[datetime | None]
    refresh_lease: Mapped[str | None]
    refresh_leased_until: Mapped[datetime | None]
    refresh_unsure: Mapped[bool]
    refresh_failures: Mapped[int]
    refreshed_at: Mapped[datetime | None]


class Visit(TenantRow):
    """A stay at the pages of somebody whom no identity provider vouches for, by a link that opens once.

    ``role`` says what they may do. Link and cookie are known by keyed digests of their secrets. Nobody has
    come yet where ``entered_at`` is None, and ``expires_at`` is when the link closes; from then on the cookie
    counts, and ``expires_at`` is when the visit ends at the latest.
    """

    __tablename__ = "visits"
    __table_args__ = (
        Index("uq_visits_link", "tenant_id", "link_digest", unique=True),
        Index("uq_visits_cookie", "tenant_id", "cookie_digest", unique=True),
        Index("ix_visits_expires", "tenant_id", "expires_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    link_digest: Mapped[str]
    cookie_digest: Mapped[str | None]
    created_at: Mapped[datetime]
    entered_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
