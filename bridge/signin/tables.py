"""Rows of sign-ins: settings, attempts, identities, questions, refusals."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.columns import Kept
from bridge.database.rows import TenantRow


class OidcSetting(TenantRow):
    """How people of a connection sign in by OpenID Connect; ``sealed`` is the secret, or the private key.

    ``organisations`` are the values of ``hd`` (Google) or ``tid`` (Entra) that are let in; none for all.
    ``group_claim`` names the claim that has people's groups, None where tokens are not asked for them.
    """

    __tablename__ = "oidc_settings"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        CheckConstraint("preset IN ('okta', 'entra', 'google', 'generic')", name="preset"),
        CheckConstraint("proof IN ('secret', 'private_key', 'none')", name="proof"),
        CheckConstraint("(proof = 'none') = (sealed IS NULL)", name="sealed"),
        CheckConstraint("jit IN ('off', 'link-only', 'create')", name="jit"),
    )

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    preset: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    proof: Mapped[str]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(Kept)
    jit: Mapped[str]
    organisations: Mapped[list[str]] = mapped_column(Kept)
    group_claim: Mapped[str | None]
    groups_from_userinfo: Mapped[bool]
    changed_at: Mapped[datetime]
    cause_id: Mapped[str]


class SignInAttempt(TenantRow):
    """Somebody who was sent to the provider: whoever returns with the state takes the row away.

    ``sealed`` has what only this bridge may know until then: the verifier of PKCE and the nonce.
    """

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        Index("ix_sign_in_attempts_expiry", "tenant_id", "expires_at"),
    )

    digest: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[str]
    browser_digest: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    return_to: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Identity(TenantRow):
    """Whom a provider's subject is. ``linked_by`` is ``external_id``, ``administrator`` or ``created``."""

    __tablename__ = "identities"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        CheckConstraint("linked_by IN ('external_id', 'administrator', 'created')", name="linked_by"),
        Index("ix_identities_person", "tenant_id", "person_id"),
    )

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    linked_by: Mapped[str]
    linked_at: Mapped[datetime]
    cause_id: Mapped[str]


class GroupQuestion(TenantRow):
    """Somebody whose token says that they are in too many groups for it: they are to be asked for.

    ``object_id`` is whom the provider calls so. ``asked_at`` and ``request_id`` are those of the last such
    token. ``failure`` is why the last attempt came to nothing.
    """

    __tablename__ = "group_questions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        Index("ix_group_questions_next", "tenant_id", "next_attempt_at"),
    )

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str]
    asked_at: Mapped[datetime]
    request_id: Mapped[str]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime]
    failure: Mapped[str | None]


class RefusedSignIn(TenantRow):
    """Somebody was refused; the id is that of the request. ``person_id`` where it is known who it was.

    ``subject`` is kept where the connection's policy is ``link-only``, for an administrator to link.
    """

    __tablename__ = "refused_sign_ins"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        Index("ix_refused_sign_ins_at", "tenant_id", "at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[str]
    at: Mapped[datetime]
    reason: Mapped[str]
    person_id: Mapped[str | None]
    subject: Mapped[str | None]


class SpentToken(TenantRow):
    """A logout token that was taken, by the keyed digest of its issuer and id: it is not taken again."""

    __tablename__ = "spent_tokens"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        Index("ix_spent_tokens_expiry", "tenant_id", "expires_at"),
    )

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
