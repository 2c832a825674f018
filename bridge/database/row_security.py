"""Row-level security on PostgreSQL: the role that the bridge runs as sees one tenant at a time."""

from sqlalchemy import text
from sqlalchemy.engine import Connection

#: Read before the tenant is known; they hold no personal data.
UNSCOPED = ("connection_doors", "credentials", "due_tenants", "refusals")

#: Only ever added to.
APPEND_ONLY = ("journal_entries", "journal_seals")

POLICY = "one_tenant"


def secure(connection: Connection, role: str) -> None:
    """Give ``role`` the rows of one tenant in every table that has a ``tenant_id``; twice changes nothing.

    It runs after each migration and looks at the tables that exist, so that no new table can be forgotten.
    """
    quoted = connection.dialect.identifier_preparer.quote(role)
    if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
        connection.exec_driver_sql(f"CREATE ROLE {quoted} NOLOGIN NOBYPASSRLS")
    if not connection.scalar(text("SELECT pg_has_role(current_user, :role, 'MEMBER')"), {"role": role}):
        connection.exec_driver_sql(f"GRANT {quoted} TO CURRENT_USER")
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {quoted}")
    for table in _tables(connection):
        rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        connection.exec_driver_sql(f'GRANT {rights} ON "{table}" TO {quoted}')
        if table not in UNSCOPED and table != "alembic_version":
            _force_policy(connection, table)


def _tables(connection: Connection) -> list[str]:
    return list(connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))


def _force_policy(connection: Connection, table: str) -> None:
    # An empty setting is what a pooled connection shows after a transaction that set one: it means no tenant.
    own = "tenant_id = NULLIF(current_setting('app.tenant', true), '')"
    connection.exec_driver_sql(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    connection.exec_driver_sql(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    connection.exec_driver_sql(f'DROP POLICY IF EXISTS {POLICY} ON "{table}"')
    connection.exec_driver_sql(f'CREATE POLICY {POLICY} ON "{table}" USING ({own}) WITH CHECK ({own})')
