"""Emptying a PostgreSQL database of the tests, which costs a third of making another.

A copy of the migrated database is some seven hundred files. What a test leaves is rows in a few tables.
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from tests.servers.postgresql import PostgreSQL, connection

WAIT_MILLISECONDS = 120_000
ENDED = "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE datname = %s"
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
#: What was migrated, and what may be changed of it: tables, columns, rights, triggers, policies, functions …
SHAPE = """
SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (
  SELECT concat_ws(' ', 'class', oid, relname, relkind, relowner, relacl, relrowsecurity, relforcerowsecurity,
                   reloptions) AS line FROM pg_class WHERE oid >= 16384
  UNION ALL SELECT concat_ws(' ', 'column', attrelid, attname, atttypid, attnotnull, atthasdef, attacl)
    FROM pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT concat_ws(' ', 'trigger', oid, tgname, tgenabled) FROM pg_trigger
  UNION ALL SELECT concat_ws(' ', 'policy', oid, polname, polroles, polqual, polwithcheck) FROM pg_policy
  UNION ALL SELECT concat_ws(' ', 'constraint', oid, conname, convalidated) FROM pg_constraint
  UNION ALL SELECT concat_ws(' ', 'function', oid, proname, prosrc, proacl) FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT concat_ws(' ', 'schema', oid, nspname, nspacl) FROM pg_namespace
    WHERE nspname !~ '^pg_(temp|toast_temp)_'
  UNION ALL SELECT concat_ws(' ', 'granted by default', oid, defaclrole, defaclacl) FROM pg_default_acl
  UNION ALL SELECT concat_ws(' ', 'setting', setrole, setconfig) FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  UNION ALL SELECT concat_ws(' ', 'migrated to', version_num) FROM alembic_version
) AS lines
"""


@dataclass(frozen=True, slots=True)
class Emptied:
    """How a database looks that was only migrated: its shape, and the tables that are without rows."""

    shape: str
    tables: tuple[str, ...]

    @classmethod
    def like(cls, server: PostgreSQL, database: str) -> "Emptied":
        """Look at a database to which no test has done anything yet."""
        with connection(server.port, database) as superuser:
            tables = {name for (name,) in superuser.execute(TABLES)} - {"alembic_version"}
            assert _filled(superuser, tables) == []
            return cls(_shape(superuser), tuple(sorted(tables)))

    def empty(self, server: PostgreSQL, database: str) -> bool:
        """End whoever is connected and delete all rows; False where the database is no longer as it was."""
        server.superuser.execute(ENDED, (WAIT_MILLISECONDS, database))
        with connection(server.port, database) as superuser:
            if _shape(superuser) != self.shape:
                return False
            filled = [sql.Identifier(name) for name in _filled(superuser, self.tables)]
            if filled:
                # Neither foreign keys nor the triggers that keep the journal as it is hold a superuser up so.
                superuser.execute("SET session_replication_role = replica")
                deleted = [sql.SQL("DELETE FROM {}").format(name) for name in filled]
                superuser.execute(sql.SQL("; ").join(deleted))
                superuser.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(filled)))
        return True


def _shape(superuser: psycopg.Connection) -> str:
    return superuser.execute(SHAPE).fetchone()[0]


def _filled(superuser: psycopg.Connection, tables) -> list[str]:
    """Return those of the tables that have rows, by one query."""
    each = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    asked = [each.format(sql.Literal(name), sql.Identifier(name)) for name in sorted(tables)]
    return [name for (name,) in superuser.execute(sql.SQL(" UNION ALL ").join(asked))]
