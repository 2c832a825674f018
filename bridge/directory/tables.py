"""Rows of people, groups, memberships, joins, each with the dated facts behind it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bridge.database.columns import Kept
from bridge.database.rows import TenantRow

LIVING = text("deleted_at IS NULL")
DELETED = text("deleted_at IS NOT NULL")
OPEN = text('"end" IS NULL')


class Person(TenantRow):
    """A person as one connection knows them now; ``resource`` is the SCIM user without id, groups or meta.

    A deleted person is a tombstone: names, resource and external id are emptied, ``external_digest`` (keyed)
    stays, so that a returner is the same person to billing. ``folded`` is the resource as filters compare it.
    """

    __tablename__ = "people"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        Index(
            "uq_people_user_name", "tenant_id", "connection_id", "user_name_key", unique=True,
            sqlite_where=LIVING, postgresql_where=LIVING,
        ),
        Index(
            "uq_people_external_id", "tenant_id", "connection_id", "external_id", unique=True,
            sqlite_where=LIVING, postgresql_where=LIVING,
        ),
        Index(
            "ix_people_external_digest", "tenant_id", "connection_id", "external_digest",
            sqlite_where=DELETED, postgresql_where=DELETED,
        ),
        Index("ix_people_email", "tenant_id", "connection_id", "email_key"),
        Index("ix_people_display_name", "tenant_id", "connection_id", "display_name_key"),
        Index(
            "ix_people_created", "tenant_id", "connection_id", "created_at", "id",
            sqlite_where=LIVING, postgresql_where=LIVING,
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[str]
    user_name: Mapped[str]
    user_name_key: Mapped[str]
    external_id: Mapped[str | None]
    external_digest: Mapped[str | None]
    display_name: Mapped[str | None]
    display_name_key: Mapped[str | None]
    email_key: Mapped[str | None]
    active: Mapped[bool]
    resource: Mapped[dict[str, Any]] = mapped_column(Kept)
    folded: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class PersonVersion(TenantRow):
    """A dated fact: from ``start`` until ``end`` the person was (in)active and had these attributes."""

    __tablename__ = "person_versions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        CheckConstraint('"end" > start', name="order"),
        Index(
            "uq_person_versions_open", "tenant_id", "person_id", unique=True,
            sqlite_where=OPEN, postgresql_where=OPEN,
        ),
    )  # fmt: skip

    person_id: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    end: Mapped[datetime | None]
    active: Mapped[bool]
    resource: Mapped[dict[str, Any]] = mapped_column(Kept)
    started_by: Mapped[str]
    ended_by: Mapped[str | None]


class Group(TenantRow):
    """A group as one connection knows it now; its members are rows of their own.

    A deleted group is a tombstone: it keeps what it was, so that it can come back, until that is settled.
    ``unique_name_key`` is set only where the connection's dialect refuses two groups of one name.
    ``is_claimed`` tells that it is known by people's sign-ins alone, until the connection provisions it.
    ``folded`` is the resource as filters compare it.
    """

    __tablename__ = "groups"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"]),
        Index(
            "uq_groups_name", "tenant_id", "connection_id", "unique_name_key", unique=True,
            sqlite_where=LIVING, postgresql_where=LIVING,
        ),
        Index(
            "uq_groups_external_id", "tenant_id", "connection_id", "external_id", unique=True,
            sqlite_where=LIVING, postgresql_where=LIVING,
        ),
        Index("ix_groups_name", "tenant_id", "connection_id", "display_name_key"),
        Index(
            "ix_groups_created", "tenant_id", "connection_id", "created_at", "id",
            sqlite_where=LIVING, postgresql_where=LIVING,
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[str]
    display_name: Mapped[str]
    display_name_key: Mapped[str]
    unique_name_key: Mapped[str | None]
    external_id: Mapped[str | None]
    resource: Mapped[dict[str, Any]] = mapped_column(Kept)
    folded: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_claimed: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class GroupVersion(TenantRow):
    """A dated fact: from ``start`` until ``end`` the group existed under this name."""

    __tablename__ = "group_versions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "group_id"], ["groups.tenant_id", "groups.id"]),
        CheckConstraint('"end" > start', name="order"),
        Index(
            "uq_group_versions_open", "tenant_id", "group_id", unique=True,
            sqlite_where=OPEN, postgresql_where=OPEN,
        ),
    )  # fmt: skip

    group_id: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    end: Mapped[datetime | None]
    display_name: Mapped[str]
    started_by: Mapped[str]
    ended_by: Mapped[str | None]


class Membership(TenantRow):
    """A dated fact: from ``start`` until ``end`` this person or group was a member of the group."""

    __tablename__ = "memberships"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "group_id"], ["groups.tenant_id", "groups.id"]),
        CheckConstraint('"end" > start', name="order"),
        CheckConstraint("member_kind IN ('person', 'group')", name="member_kind"),
        Index(
            "uq_memberships_open", "tenant_id", "group_id", "member_id", unique=True,
            sqlite_where=OPEN, postgresql_where=OPEN,
        ),
        Index("ix_memberships_member", "tenant_id", "member_id", "start"),
    )  # fmt: skip

    group_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    end: Mapped[datetime | None]
    member_kind: Mapped[str]
    started_by: Mapped[str]
    ended_by: Mapped[str | None]


class JoinAttribute(TenantRow):
    """One version of the tenant's choice of what proposes joins; the newest holds, without attribute none.

    ``attribute`` is ``externalId`` or an extension's attribute behind its URN. Only accounts of the
    connections that are named are ever proposed.
    """

    __tablename__ = "join_attributes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        Index("uq_join_attributes_version", "tenant_id", "version", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    attribute: Mapped[str | None]
    case_exact: Mapped[bool]
    connection_ids: Mapped[list[str]]
    author: Mapped[str]
    created_at: Mapped[datetime]
    cause_id: Mapped[str]


class Join(TenantRow):
    """A dated fact: from ``start`` until ``end`` the account counted as the person.

    The person is an account too: the one that stands for the human. A join proposed by a join attribute names
    its choice. ``reason`` is the administrator's, and names nobody: it outlives people's names.
    """

    __tablename__ = "joins"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["people.tenant_id", "people.id"]),
        ForeignKeyConstraint(["tenant_id", "person_id"], ["people.tenant_id", "people.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "join_attribute_id"], ["join_attributes.tenant_id", "join_attributes.id"]
        ),
        CheckConstraint('"end" > start', name="order"),
        CheckConstraint("account_id <> person_id", name="two"),
        CheckConstraint("made_by IN ('administrator', 'attribute')", name="made_by"),
        CheckConstraint(
            "(made_by = 'attribute') = (join_attribute_id IS NOT NULL)", name="join_attribute"
        ),
        Index(
            "uq_joins_open", "tenant_id", "account_id", unique=True,
            sqlite_where=OPEN, postgresql_where=OPEN,
        ),
        Index("ix_joins_person", "tenant_id", "person_id"),
    )  # fmt: skip

    account_id: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    end: Mapped[datetime | None]
    person_id: Mapped[str]
    made_by: Mapped[str]
    join_attribute_id: Mapped[str | None]
    reason: Mapped[str]
    started_by: Mapped[str]
    ended_by: Mapped[str | None]


#: Subjects that concern many people; nearly all that is due is of the kind ``person``.
OF_MANY = ("group", "rule_set", "plan")
SPREADS = text("subject_kind <> 'person'")


class ChangeDue(TenantRow):
    """A person, group, rule set or plan whose consequences are yet to be computed; deleted once they are."""

    __tablename__ = "changes_due"
    __table_args__ = (
        CheckConstraint("subject_kind IN ('person', 'group', 'rule_set', 'plan')", name="subject_kind"),
        Index("ix_changes_due_subject", "tenant_id", "subject_id"),
        Index("ix_changes_due_spread", "tenant_id", "id", sqlite_where=SPREADS, postgresql_where=SPREADS),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    cause_id: Mapped[str]


class ResourceCount(TenantRow):
    """A change of how many living people or groups a connection has; the sum of ``delta`` is their number.

    Only ever added to by requests, so that none waits for another's row; the workers fold many rows into one.
    The sum of ``moved`` counts deletions and returns: where it is the same, nothing left or came back into
    the list. There is no foreign key to the connection: the resources that are counted have it.
    """

    __tablename__ = "resource_counts"
    __table_args__ = (CheckConstraint("kind IN ('person', 'group')", name="kind"),)

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    delta: Mapped[int]
    moved: Mapped[int]
