"""Visits to the pages by a link"""

import sqlalchemy as sa
from alembic import op

from bridge.database.columns import Instant, Key

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visits",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("role", Key, nullable=False),
        sa.Column("link_digest", Key, nullable=False),
        sa.Column("cookie_digest", Key, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_visits")),
    )
    op.create_index("ix_visits_expires", "visits", ["tenant_id", "expires_at"], unique=False)
    op.create_index("uq_visits_cookie", "visits", ["tenant_id", "cookie_digest"], unique=True)
    op.create_index("uq_visits_link", "visits", ["tenant_id", "link_digest"], unique=True)
