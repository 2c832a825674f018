"""The first tables"""

import sqlalchemy as sa
from alembic import op

from bridge.database.columns import Document, Instant, Kept, Key

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "changes_due",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("subject_kind", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.CheckConstraint(
            "subject_kind IN ('person', 'group', 'rule_set', 'plan')",
            name=op.f("ck_changes_due_subject_kind"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_changes_due")),
    )
    op.create_index(
        "ix_changes_due_spread",
        "changes_due",
        ["tenant_id", "id"],
        unique=False,
        sqlite_where=sa.text("subject_kind <> 'person'"),
        postgresql_where=sa.text("subject_kind <> 'person'"),
    )
    op.create_index("ix_changes_due_subject", "changes_due", ["tenant_id", "subject_id"], unique=False)
    op.create_table(
        "connection_doors",
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("tenant_id", Key, nullable=False),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_connection_doors")),
    )
    op.create_table(
        "credentials",
        sa.Column("digest", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=True),
        sa.Column("person_id", Key, nullable=True),
        sa.Column("issued_by", Key, nullable=True),
        sa.Column("scopes", Document, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(kind <> 'api_key') = (connection_id IS NOT NULL)", name=op.f("ck_credentials_connection")
        ),
        sa.CheckConstraint(
            "(kind = 'oauth_token') = (issued_by IS NOT NULL)", name=op.f("ck_credentials_issued_by")
        ),
        sa.CheckConstraint("kind = 'api_key' OR person_id IS NULL", name=op.f("ck_credentials_person")),
        sa.CheckConstraint(
            "kind IN ('scim_token', 'api_key', 'oauth_client', 'oauth_token')",
            name=op.f("ck_credentials_kind"),
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_credentials")),
        sa.UniqueConstraint("id", name=op.f("uq_credentials_id")),
    )
    op.create_index(
        "ix_credentials_person",
        "credentials",
        ["tenant_id", "person_id"],
        unique=False,
        sqlite_where=sa.text("person_id IS NOT NULL"),
        postgresql_where=sa.text("person_id IS NOT NULL"),
    )
    op.create_index("ix_credentials_tenant", "credentials", ["tenant_id", "connection_id"], unique=False)
    op.create_table(
        "due_tenants",
        sa.Column("id", Key, nullable=False),
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("cause", Key, nullable=False),
        sa.Column("wake_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "cause IN ('changes', 'boundary', 'delivery', 'refresh', 'groups', 'nightly')",
            name=op.f("ck_due_tenants_cause"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_tenants")),
    )
    op.create_index("ix_due_tenants_wake", "due_tenants", ["wake_at", "tenant_id"], unique=False)
    op.create_index(
        "uq_due_tenants_nightly",
        "due_tenants",
        ["tenant_id"],
        unique=True,
        sqlite_where=sa.text("cause = 'nightly'"),
        postgresql_where=sa.text("cause = 'nightly'"),
    )
    op.create_table(
        "journal_entries",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("action", Key, nullable=False),
        sa.Column("actor_kind", Key, nullable=False),
        sa.Column("actor_id", Key, nullable=False),
        sa.Column("request_id", Key, nullable=False),
        sa.Column("subject_kind", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("details", Document, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_journal_entries")),
    )
    op.create_index(
        "ix_journal_entries_request", "journal_entries", ["tenant_id", "request_id"], unique=False
    )
    op.create_index(
        "ix_journal_entries_subject", "journal_entries", ["tenant_id", "subject_id", "at"], unique=False
    )
    op.create_table(
        "late_changes",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_late_changes")),
    )
    op.create_index("ix_late_changes_since", "late_changes", ["tenant_id", "since"], unique=False)
    op.create_table(
        "refusals",
        sa.Column("id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("method", Key, nullable=False),
        sa.Column("route", Key, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("reason", Key, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
    )
    op.create_index("ix_refusals_at", "refusals", ["at"], unique=False)
    op.create_table(
        "replay_claims",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("request_id", Key, nullable=False),
        sa.Column("operation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("resource_id", Key, nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_kind", Key, nullable=False),
        sa.Column("actor_id", Key, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "request_id", "operation", name=op.f("pk_replay_claims")),
    )
    op.create_index("ix_replay_claims_at", "replay_claims", ["tenant_id", "at"], unique=False)
    op.create_table(
        "request_records",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("connection_id", Key, nullable=True),
        sa.Column("credential_id", Key, nullable=False),
        sa.Column("method", Key, nullable=False),
        sa.Column("route", Key, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("reason", Key, nullable=True),
        sa.Column("tolerances", Document, nullable=False),
        sa.Column("subject_id", Key, nullable=True),
        sa.Column("duration_microseconds", sa.Integer(), nullable=False),
        sa.Column("replay_of", Key, nullable=True),
        sa.Column("failed_operations", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_request_records")),
    )
    op.create_index("ix_request_records_at", "request_records", ["tenant_id", "at"], unique=False)
    op.create_table(
        "resource_counts",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'group')", name=op.f("ck_resource_counts_kind")),
        sa.PrimaryKeyConstraint("tenant_id", "connection_id", "kind", "id", name=op.f("pk_resource_counts")),
    )
    op.create_table(
        "tenants",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("name", Key, nullable=False),
        sa.Column("currency", Key, nullable=False),
        sa.Column("timezone", Key, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("settled_until", Instant(), nullable=True),
        sa.Column("schema_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenants")),
    )
    op.create_table(
        "alerts",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.Column("detail", Key, nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_alerts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_opened", "alerts", ["tenant_id", "opened_at"], unique=False)
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["tenant_id", "kind", "cause_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "billing_details",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("buyer", Document, nullable=False),
        sa.Column("corrections", Key, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.CheckConstraint(
            "corrections IN ('adjustment', 'credit_note')", name=op.f("ck_billing_details_corrections")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_billing_details_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_details")),
    )
    op.create_index(
        "ix_billing_details_valid_from", "billing_details", ["tenant_id", "valid_from"], unique=False
    )
    op.create_table(
        "billing_terms",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("terms", Document, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_billing_terms_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_terms")),
    )
    op.create_table(
        "connections",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("name", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("dialect", Key, nullable=False),
        sa.Column("live_from", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_connections_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_connections")),
    )
    op.create_index("uq_connections_name", "connections", ["tenant_id", "name"], unique=True)
    op.create_table(
        "credit_entries",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("reference", Key, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.CheckConstraint("(kind = 'use') = (amount_minor < 0)", name=op.f("ck_credit_entries_sign")),
        sa.CheckConstraint("kind IN ('grant', 'use', 'return')", name=op.f("ck_credit_entries_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_credit_entries_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_credit_entries")),
    )
    op.create_index(
        "uq_credit_entries_reference", "credit_entries", ["tenant_id", "kind", "reference"], unique=True
    )
    op.create_table(
        "extension_schemas",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("urn", Key, nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.Column("author", Key, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_extension_schemas_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_extension_schemas")),
    )
    op.create_index(
        "uq_extension_schemas_version", "extension_schemas", ["tenant_id", "version"], unique=True
    )
    op.create_table(
        "fuses",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("group_people", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_fuses_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_fuses")),
    )
    op.create_table(
        "invoice_counters",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("last_credit_note", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_invoice_counters_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_invoice_counters")),
    )
    op.create_table(
        "join_attributes",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attribute", Key, nullable=True),
        sa.Column("case_exact", sa.Boolean(), nullable=False),
        sa.Column("connection_ids", Document, nullable=False),
        sa.Column("author", Key, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_join_attributes_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_join_attributes")),
    )
    op.create_index("uq_join_attributes_version", "join_attributes", ["tenant_id", "version"], unique=True)
    op.create_table(
        "journal_seals",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", Key, nullable=False),
        sa.Column("hash", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["journal_entries.tenant_id", "journal_entries.id"],
            name=op.f("fk_journal_seals_tenant_id_entry_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "position", name=op.f("pk_journal_seals")),
    )
    op.create_index("uq_journal_seals_entry", "journal_seals", ["tenant_id", "entry_id"], unique=True)
    op.create_table(
        "meters",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("unit", Key, nullable=False),
        sa.Column("aggregation", Key, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.CheckConstraint("aggregation IN ('sum', 'max', 'unique')", name=op.f("ck_meters_aggregation")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_meters_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "key", name=op.f("pk_meters")),
    )
    op.create_table(
        "previews",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("subject", Key, nullable=False),
        sa.Column("starts_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("digest", Key, nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.CheckConstraint("kind IN ('rules', 'live')", name=op.f("ck_previews_kind")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_previews_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_previews")),
    )
    op.create_index("ix_previews_created", "previews", ["tenant_id", "created_at"], unique=False)
    op.create_table(
        "price_terms",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("plan", Key, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("terms", Document, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_price_terms_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_price_terms")),
    )
    op.create_index("ix_price_terms_plan", "price_terms", ["tenant_id", "plan", "valid_from"], unique=False)
    op.create_table(
        "role_catalogues",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author", Key, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_role_catalogues_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_role_catalogues")),
    )
    op.create_index("uq_role_catalogues_version", "role_catalogues", ["tenant_id", "version"], unique=True)
    op.create_table(
        "rule_sets",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author", Key, nullable=False),
        sa.Column("note", Key, nullable=False),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_rule_sets_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_rule_sets")),
    )
    op.create_index("uq_rule_sets_version", "rule_sets", ["tenant_id", "version"], unique=True)
    op.create_table(
        "seal_renewals",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("mark", Key, nullable=False),
        sa.Column("renewed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_seal_renewals_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_seal_renewals")),
    )
    op.create_table(
        "seat_limits",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("plan", Key, nullable=False),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("access", Key, nullable=False),
        sa.Column("set_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.CheckConstraint("access IN ('none', 'roles')", name=op.f("ck_seat_limits_access")),
        sa.CheckConstraint("seats IS NULL OR seats >= 0", name=op.f("ck_seat_limits_seats")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_seat_limits_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_seat_limits")),
    )
    op.create_table(
        "stripe_customers",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("enrolled_at", Instant(), nullable=False),
        sa.Column("customer_id", Key, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_stripe_customers_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_stripe_customers")),
    )
    op.create_table(
        "stripe_differences",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("subject", Key, nullable=False),
        sa.Column("reference", Key, nullable=False),
        sa.Column("ours", Key, nullable=False),
        sa.Column("theirs", Key, nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_stripe_differences_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_stripe_differences")),
    )
    op.create_table(
        "stripe_events",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("event_id", Key, nullable=False),
        sa.Column("type", Key, nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("outcome", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_stripe_events_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name=op.f("pk_stripe_events")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("interval", Key, nullable=False),
        sa.Column("anchor_day", sa.Integer(), nullable=False),
        sa.Column("timing", Key, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("trial_ends_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("interval IN ('month', 'year')", name=op.f("ck_subscriptions_interval")),
        sa.CheckConstraint("timing IN ('arrears', 'advance')", name=op.f("ck_subscriptions_timing")),
        sa.CheckConstraint("anchor_day BETWEEN 1 AND 31", name=op.f("ck_subscriptions_anchor_day")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_subscriptions_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_subscriptions")),
    )
    op.create_table(
        "usage_secrets",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_usage_secrets_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_usage_secrets")),
    )
    op.create_table(
        "groups",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("display_name", Key, nullable=False),
        sa.Column("display_name_key", Key, nullable=False),
        sa.Column("unique_name_key", Key, nullable=True),
        sa.Column("external_id", Key, nullable=True),
        sa.Column("resource", Kept, nullable=False),
        sa.Column("folded", Document, nullable=False),
        sa.Column("is_claimed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_groups_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_groups")),
    )
    op.create_index(
        "ix_groups_created",
        "groups",
        ["tenant_id", "connection_id", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_groups_name", "groups", ["tenant_id", "connection_id", "display_name_key"], unique=False
    )
    op.create_index(
        "uq_groups_external_id",
        "groups",
        ["tenant_id", "connection_id", "external_id"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_groups_name",
        "groups",
        ["tenant_id", "connection_id", "unique_name_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "identity_events",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("source", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("our_id", Key, nullable=False),
        sa.Column("type", Key, nullable=False),
        sa.Column("effect", Key, nullable=False),
        sa.Column("subject", Key, nullable=True),
        sa.Column("session_ref", Key, nullable=True),
        sa.Column("group_ref", Key, nullable=True),
        sa.Column("group_name", Key, nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("request_id", Key, nullable=False),
        sa.Column("outcome", Key, nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("person_id", Key, nullable=True),
        sa.CheckConstraint(
            "(outcome = 'waiting') = (settled_at IS NULL)", name=op.f("ck_identity_events_settled")
        ),
        sa.CheckConstraint(
            "effect IN ('activate', 'deactivate', 'join_group', 'leave_group', 'end_sessions', 'sign_in', 'note')",
            name=op.f("ck_identity_events_effect"),
        ),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'applied', 'unchanged', 'superseded', 'unknown_person', 'unknown_group', 'ignored', 'refused')",
            name=op.f("ck_identity_events_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_identity_events_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", "source", "id", name=op.f("pk_identity_events")
        ),
    )
    op.create_index(
        "ix_identity_events_received", "identity_events", ["tenant_id", "received_at", "our_id"], unique=False
    )
    op.create_index(
        "ix_identity_events_waiting",
        "identity_events",
        ["tenant_id", "connection_id", "at", "id"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "invoices",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("subscription_id", Key, nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reissue", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("currency", Key, nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.Column("sha256", Key, nullable=False),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_invoices_period")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subscription_id"],
            ["subscriptions.tenant_id", "subscriptions.id"],
            name=op.f("fk_invoices_tenant_id_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoices")),
    )
    op.create_index("uq_invoices_number", "invoices", ["tenant_id", "number"], unique=True)
    op.create_index(
        "uq_invoices_run",
        "invoices",
        ["tenant_id", "subscription_id", "period_start", "revision", "reissue"],
        unique=True,
    )
    op.create_table(
        "oidc_settings",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("preset", Key, nullable=False),
        sa.Column("issuer", Key, nullable=False),
        sa.Column("client_id", Key, nullable=False),
        sa.Column("proof", Key, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", Kept, nullable=False),
        sa.Column("jit", Key, nullable=False),
        sa.Column("organisations", Kept, nullable=False),
        sa.Column("group_claim", Key, nullable=True),
        sa.Column("groups_from_userinfo", sa.Boolean(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.CheckConstraint("(proof = 'none') = (sealed IS NULL)", name=op.f("ck_oidc_settings_sealed")),
        sa.CheckConstraint("jit IN ('off', 'link-only', 'create')", name=op.f("ck_oidc_settings_jit")),
        sa.CheckConstraint(
            "preset IN ('okta', 'entra', 'google', 'generic')", name=op.f("ck_oidc_settings_preset")
        ),
        sa.CheckConstraint("proof IN ('secret', 'private_key', 'none')", name=op.f("ck_oidc_settings_proof")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_oidc_settings_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "connection_id", name=op.f("pk_oidc_settings")),
    )
    op.create_table(
        "okta_hooks",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("digest", Key, nullable=True),
        sa.Column("previous_digest", Key, nullable=True),
        sa.Column("previous_until", Instant(), nullable=True),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("plan_claim", Key, nullable=True),
        sa.Column("roles_claim", Key, nullable=True),
        sa.Column("tokens", Document, nullable=False),
        sa.Column("sign_in_apps", Document, nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_okta_hooks_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "connection_id", name=op.f("pk_okta_hooks")),
    )
    op.create_table(
        "people",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("user_name", Key, nullable=False),
        sa.Column("user_name_key", Key, nullable=False),
        sa.Column("external_id", Key, nullable=True),
        sa.Column("external_digest", Key, nullable=True),
        sa.Column("display_name", Key, nullable=True),
        sa.Column("display_name_key", Key, nullable=True),
        sa.Column("email_key", Key, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("resource", Kept, nullable=False),
        sa.Column("folded", Document, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_people_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_people")),
    )
    op.create_index(
        "ix_people_created",
        "people",
        ["tenant_id", "connection_id", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_people_display_name", "people", ["tenant_id", "connection_id", "display_name_key"], unique=False
    )
    op.create_index("ix_people_email", "people", ["tenant_id", "connection_id", "email_key"], unique=False)
    op.create_index(
        "ix_people_external_digest",
        "people",
        ["tenant_id", "connection_id", "external_digest"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "uq_people_external_id",
        "people",
        ["tenant_id", "connection_id", "external_id"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_people_user_name",
        "people",
        ["tenant_id", "connection_id", "user_name_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "preview_people",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("preview_id", Key, nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("steps", Document, nullable=False),
        sa.Column("person_ids", Document, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "preview_id"],
            ["previews.tenant_id", "previews.id"],
            name=op.f("fk_preview_people_tenant_id_preview_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "preview_id", "page", name=op.f("pk_preview_people")),
    )
    op.create_table(
        "refused_sign_ins",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("reason", Key, nullable=False),
        sa.Column("person_id", Key, nullable=True),
        sa.Column("subject", Key, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_refused_sign_ins_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_refused_sign_ins")),
    )
    op.create_index("ix_refused_sign_ins_at", "refused_sign_ins", ["tenant_id", "at", "id"], unique=False)
    op.create_table(
        "sign_in_attempts",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("digest", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("browser_digest", Key, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("return_to", Key, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_sign_in_attempts_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index(
        "ix_sign_in_attempts_expiry", "sign_in_attempts", ["tenant_id", "expires_at"], unique=False
    )
    op.create_table(
        "spent_tokens",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("digest", Key, nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_spent_tokens_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "connection_id", "digest", name=op.f("pk_spent_tokens")),
    )
    op.create_index("ix_spent_tokens_expiry", "spent_tokens", ["tenant_id", "expires_at"], unique=False)
    op.create_table(
        "storms",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("status", Key, nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("opened_by", Key, nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", Key, nullable=True),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_storms_decided")),
        sa.CheckConstraint("status IN ('open', 'confirmed', 'undone')", name=op.f("ck_storms_status")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_storms_tenant_id_connection_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_storms")),
    )
    op.create_index("ix_storms_connection", "storms", ["tenant_id", "connection_id", "last_at"], unique=False)
    op.create_table(
        "assignment_failures",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("error", Key, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", Instant(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_assignment_failures_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", name=op.f("pk_assignment_failures")),
    )
    op.create_table(
        "credit_notes",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("invoice_id", Key, nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("currency", Key, nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.Column("sha256", Key, nullable=False),
        sa.CheckConstraint(
            "amount_minor > 0 AND subtotal_minor + tax_minor = amount_minor",
            name=op.f("ck_credit_notes_amount_minor"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_credit_notes_tenant_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_credit_notes")),
    )
    op.create_index("ix_credit_notes_invoice", "credit_notes", ["tenant_id", "invoice_id"], unique=False)
    op.create_index("uq_credit_notes_number", "credit_notes", ["tenant_id", "number"], unique=True)
    op.create_table(
        "erasures",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("asked_by", Key, nullable=False),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_erasures_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "asked_at", name=op.f("pk_erasures")),
    )
    op.create_index(
        "uq_erasures_pending",
        "erasures",
        ["tenant_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("erased_at IS NULL"),
        postgresql_where=sa.text("erased_at IS NULL"),
    )
    op.create_table(
        "event_standings",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("thing", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("event_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_event_standings_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "thing", name=op.f("pk_event_standings")),
    )
    op.create_table(
        "group_questions",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("object_id", Key, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("request_id", Key, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=False),
        sa.Column("failure", Key, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_group_questions_tenant_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_group_questions_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "connection_id", "person_id", name=op.f("pk_group_questions")),
    )
    op.create_index(
        "ix_group_questions_next", "group_questions", ["tenant_id", "next_attempt_at"], unique=False
    )
    op.create_table(
        "group_versions",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("group_id", Key, nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=True),
        sa.Column("display_name", Key, nullable=False),
        sa.Column("started_by", Key, nullable=False),
        sa.Column("ended_by", Key, nullable=True),
        sa.CheckConstraint('"end" > start', name=op.f("ck_group_versions_order")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["groups.tenant_id", "groups.id"],
            name=op.f("fk_group_versions_tenant_id_group_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "start", name=op.f("pk_group_versions")),
    )
    op.create_index(
        "uq_group_versions_open",
        "group_versions",
        ["tenant_id", "group_id"],
        unique=True,
        sqlite_where=sa.text('"end" IS NULL'),
        postgresql_where=sa.text('"end" IS NULL'),
    )
    op.create_table(
        "identities",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("issuer", Key, nullable=False),
        sa.Column("subject", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("linked_by", Key, nullable=False),
        sa.Column("linked_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.CheckConstraint(
            "linked_by IN ('external_id', 'administrator', 'created')", name=op.f("ck_identities_linked_by")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_identities_tenant_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_identities_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", "issuer", "subject", name=op.f("pk_identities")
        ),
    )
    op.create_index("ix_identities_person", "identities", ["tenant_id", "person_id"], unique=False)
    op.create_table(
        "invoice_events",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("invoice_id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reference", Key, nullable=False),
        sa.Column("source", Key, nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.CheckConstraint("kind IN ('paid', 'void', 'payment_failed')", name=op.f("ck_invoice_events_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_invoice_events_tenant_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoice_events")),
    )
    op.create_index("ix_invoice_events_invoice", "invoice_events", ["tenant_id", "invoice_id"], unique=False)
    op.create_index(
        "uq_invoice_events_last",
        "invoice_events",
        ["tenant_id", "invoice_id"],
        unique=True,
        sqlite_where=sa.text("kind <> 'payment_failed'"),
        postgresql_where=sa.text("kind <> 'payment_failed'"),
    )
    op.create_table(
        "invoice_people",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("invoice_id", Key, nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("for_period_start", sa.Date(), nullable=False),
        sa.Column("first_person", Key, nullable=False),
        sa.Column("last_person", Key, nullable=False),
        sa.Column("has_unassigned", sa.Boolean(), nullable=False),
        sa.Column("shares", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_invoice_people_tenant_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "invoice_id", "page", name=op.f("pk_invoice_people")),
    )
    op.create_index(
        "ix_invoice_people_period", "invoice_people", ["tenant_id", "for_period_start"], unique=False
    )
    op.create_table(
        "joins",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("account_id", Key, nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=True),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("made_by", Key, nullable=False),
        sa.Column("join_attribute_id", Key, nullable=True),
        sa.Column("reason", Key, nullable=False),
        sa.Column("started_by", Key, nullable=False),
        sa.Column("ended_by", Key, nullable=True),
        sa.CheckConstraint(
            "(made_by = 'attribute') = (join_attribute_id IS NOT NULL)", name=op.f("ck_joins_join_attribute")
        ),
        sa.CheckConstraint("made_by IN ('administrator', 'attribute')", name=op.f("ck_joins_made_by")),
        sa.CheckConstraint('"end" > start', name=op.f("ck_joins_order")),
        sa.CheckConstraint("account_id <> person_id", name=op.f("ck_joins_two")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_joins_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "join_attribute_id"],
            ["join_attributes.tenant_id", "join_attributes.id"],
            name=op.f("fk_joins_tenant_id_join_attribute_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_joins_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "start", name=op.f("pk_joins")),
    )
    op.create_index("ix_joins_person", "joins", ["tenant_id", "person_id"], unique=False)
    op.create_index(
        "uq_joins_open",
        "joins",
        ["tenant_id", "account_id"],
        unique=True,
        sqlite_where=sa.text('"end" IS NULL'),
        postgresql_where=sa.text('"end" IS NULL'),
    )
    op.create_table(
        "memberships",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("group_id", Key, nullable=False),
        sa.Column("member_id", Key, nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=True),
        sa.Column("member_kind", Key, nullable=False),
        sa.Column("started_by", Key, nullable=False),
        sa.Column("ended_by", Key, nullable=True),
        sa.CheckConstraint("member_kind IN ('person', 'group')", name=op.f("ck_memberships_member_kind")),
        sa.CheckConstraint('"end" > start', name=op.f("ck_memberships_order")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["groups.tenant_id", "groups.id"],
            name=op.f("fk_memberships_tenant_id_group_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "member_id", "start", name=op.f("pk_memberships")),
    )
    op.create_index("ix_memberships_member", "memberships", ["tenant_id", "member_id", "start"], unique=False)
    op.create_index(
        "uq_memberships_open",
        "memberships",
        ["tenant_id", "group_id", "member_id"],
        unique=True,
        sqlite_where=sa.text('"end" IS NULL'),
        postgresql_where=sa.text('"end" IS NULL'),
    )
    op.create_table(
        "overrides",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=True),
        sa.Column("plan", Key, nullable=True),
        sa.Column("roles", Document, nullable=True),
        sa.Column("reason", Key, nullable=False),
        sa.Column("author", Key, nullable=False),
        sa.Column("started_by", Key, nullable=False),
        sa.Column("ended_by", Key, nullable=True),
        sa.CheckConstraint('"end" >= start', name=op.f("ck_overrides_order")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_overrides_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_overrides")),
    )
    op.create_index("ix_overrides_person", "overrides", ["tenant_id", "person_id", "start"], unique=False)
    op.create_table(
        "person_versions",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("resource", Kept, nullable=False),
        sa.Column("started_by", Key, nullable=False),
        sa.Column("ended_by", Key, nullable=True),
        sa.CheckConstraint('"end" > start', name=op.f("ck_person_versions_order")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_person_versions_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "start", name=op.f("pk_person_versions")),
    )
    op.create_index(
        "uq_person_versions_open",
        "person_versions",
        ["tenant_id", "person_id"],
        unique=True,
        sqlite_where=sa.text('"end" IS NULL'),
        postgresql_where=sa.text('"end" IS NULL'),
    )
    op.create_table(
        "seat_losses",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("releases", sa.Boolean(), nullable=False),
        sa.Column("group_ids", Document, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_seat_losses_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "at", name=op.f("pk_seat_losses")),
    )
    op.create_index(
        "ix_seat_losses_connection", "seat_losses", ["tenant_id", "connection_id", "at"], unique=False
    )
    op.create_table(
        "seats",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=True),
        sa.Column("plan", Key, nullable=False),
        sa.Column("roles", Document, nullable=False),
        sa.Column("department", Key, nullable=True),
        sa.Column("cost_centre", Key, nullable=True),
        sa.Column("rule_set_id", Key, nullable=False),
        sa.Column("rule", Key, nullable=False),
        sa.Column("group_ids", Document, nullable=False),
        sa.Column("started_by", Key, nullable=False),
        sa.Column("ended_by", Key, nullable=True),
        sa.Column("computed_at", Instant(), nullable=False),
        sa.Column("storm_id", Key, nullable=True),
        sa.Column("waits_for", Key, nullable=True),
        sa.Column("withheld_roles", Document, nullable=True),
        sa.CheckConstraint('"end" > start', name=op.f("ck_seats_order")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_seats_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "start", name=op.f("pk_seats")),
    )
    op.create_index("ix_seats_time", "seats", ["tenant_id", "start", "end"], unique=False)
    op.create_index(
        "ix_seats_waits_for",
        "seats",
        ["tenant_id", "waits_for"],
        unique=False,
        sqlite_where=sa.text("waits_for IS NOT NULL"),
        postgresql_where=sa.text("waits_for IS NOT NULL"),
    )
    op.create_table(
        "sessions",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("digest", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("provider_issuer", Key, nullable=False),
        sa.Column("provider_subject", Key, nullable=False),
        sa.Column("provider_session", Key, nullable=True),
        sa.Column("provider_nonce", Key, nullable=True),
        sa.Column("provider_auth_time", Instant(), nullable=True),
        sa.Column("provider_party", Key, nullable=True),
        sa.Column("id_token", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_because", Key, nullable=True),
        sa.Column("ended_by", Key, nullable=True),
        sa.Column("refresh_at", Instant(), nullable=True),
        sa.Column("refresh_lease", Key, nullable=True),
        sa.Column("refresh_leased_until", Instant(), nullable=True),
        sa.Column("refresh_unsure", sa.Boolean(), nullable=False),
        sa.Column("refresh_failures", sa.Integer(), nullable=False),
        sa.Column("refreshed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_sessions_tenant_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_sessions_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_expires", "sessions", ["tenant_id", "expires_at"], unique=False)
    op.create_index("ix_sessions_person", "sessions", ["tenant_id", "person_id", "created_at"], unique=False)
    op.create_index(
        "ix_sessions_provider",
        "sessions",
        ["tenant_id", "connection_id", "provider_session"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_sessions_refresh",
        "sessions",
        ["tenant_id", "refresh_at"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL AND refresh_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND refresh_at IS NOT NULL"),
    )
    op.create_index(
        "ix_sessions_subject",
        "sessions",
        ["tenant_id", "connection_id", "provider_subject"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("uq_sessions_digest", "sessions", ["tenant_id", "digest"], unique=True)
    op.create_table(
        "sign_ins",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("connection_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amr", Kept, nullable=True),
        sa.Column("acr", Key, nullable=True),
        sa.Column("auth_time", Instant(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_sign_ins_tenant_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_sign_ins_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "connection_id", "id", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_day", "sign_ins", ["tenant_id", "day", "person_id"], unique=False)
    op.create_index("ix_sign_ins_person", "sign_ins", ["tenant_id", "person_id", "at", "id"], unique=False)
    op.create_table(
        "storm_people",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("storm_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_storm_people_tenant_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "storm_id"],
            ["storms.tenant_id", "storms.id"],
            name=op.f("fk_storm_people_tenant_id_storm_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "at", name=op.f("pk_storm_people")),
    )
    op.create_index(
        "ix_storm_people_storm", "storm_people", ["tenant_id", "storm_id", "person_id"], unique=False
    )
    op.create_table(
        "usage",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("source", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("meter", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("quantity_millionths", sa.BigInteger(), nullable=False),
        sa.Column("value_digest", Key, nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("cause_id", Key, nullable=False),
        sa.CheckConstraint("quantity_millionths >= 0", name=op.f("ck_usage_quantity")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "meter"], ["meters.tenant_id", "meters.key"], name=op.f("fk_usage_tenant_id_meter")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_usage_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "source", "id", name=op.f("pk_usage")),
    )
    op.create_index("ix_usage_day", "usage", ["tenant_id", "day", "meter"], unique=False)
    op.create_table(
        "credit_note_people",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("credit_note_id", Key, nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("for_period_start", sa.Date(), nullable=False),
        sa.Column("first_person", Key, nullable=False),
        sa.Column("last_person", Key, nullable=False),
        sa.Column("has_unassigned", sa.Boolean(), nullable=False),
        sa.Column("shares", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "credit_note_id"],
            ["credit_notes.tenant_id", "credit_notes.id"],
            name=op.f("fk_credit_note_people_tenant_id_credit_note_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "credit_note_id", "page", name=op.f("pk_credit_note_people")),
    )
    op.create_index(
        "ix_credit_note_people_period", "credit_note_people", ["tenant_id", "for_period_start"], unique=False
    )
    op.create_table(
        "deliveries",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("invoice_id", Key, nullable=False),
        sa.Column("credit_note_id", Key, nullable=True),
        sa.Column("action", Key, nullable=False),
        sa.Column("state", Key, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("key_generation", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=False),
        sa.Column("last_error", Key, nullable=True),
        sa.Column("remote_id", Key, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(action = 'credit') = (credit_note_id IS NOT NULL)", name=op.f("ck_deliveries_credit_note")
        ),
        sa.CheckConstraint("action IN ('push', 'pay', 'void', 'credit')", name=op.f("ck_deliveries_action")),
        sa.CheckConstraint("state IN ('waiting', 'done', 'dead')", name=op.f("ck_deliveries_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "credit_note_id"],
            ["credit_notes.tenant_id", "credit_notes.id"],
            name=op.f("fk_deliveries_tenant_id_credit_note_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_deliveries_tenant_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "ix_deliveries_state", "deliveries", ["tenant_id", "state", "next_attempt_at"], unique=False
    )
    op.create_index(
        "uq_deliveries_action",
        "deliveries",
        ["tenant_id", "invoice_id", "action"],
        unique=True,
        sqlite_where=sa.text("credit_note_id IS NULL"),
        postgresql_where=sa.text("credit_note_id IS NULL"),
    )
    op.create_index("uq_deliveries_credit_note", "deliveries", ["tenant_id", "credit_note_id"], unique=True)
    if op.get_bind().dialect.name == "sqlite":
        _keep_the_journal_on_sqlite()


def _keep_the_journal_on_sqlite() -> None:
    """Refuse to change or delete the journal; on PostgreSQL the bridge's role has no right to."""
    for table in ("journal_entries", "journal_seals"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the journal is only ever added to'); END"
            )
