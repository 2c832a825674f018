"""Bringing a database to the newest version of its tables."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from bridge.database.engine import open_engine
from bridge.database.row_security import secure
from bridge.database.rows import Row
from bridge.database.storage import lay_out
from config.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config() -> Config:
    """Return Alembic's configuration; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade(url: str, role: str = "bridge_app") -> None:
    """Bring the database at ``url`` to the newest version; twice changes nothing.

    On PostgreSQL the login must own the tables, and be allowed to create ``role``, which the bridge runs as.
    """
    engine = owner_engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7643)")  # two starts, one migration
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if connection.dialect.name == "postgresql":
                lay_out(connection)
                if role:
                    secure(connection, role)
    finally:
        engine.dispose()


def is_current(engine: Engine) -> bool:
    """Tell whether the database has the newest version of the tables."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def differences(url: str) -> list[str]:
    """Return how the database's tables differ from the declared ones, which the caller has imported."""
    engine = owner_engine(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return [repr(difference) for difference in compare_metadata(context, Row.metadata)]
    finally:
        engine.dispose()


def owner_engine(url: str) -> Engine:
    """Return an engine that keeps the login's own role, for migrations."""
    settings = Settings(database_url=url, database_role="")
    return open_engine(settings).execution_options(bridge_writes=True)
