"""An open database with customers in it, for the tests of the rooms above it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from bridge.database.engine import open_engine
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.journal.record import Cause
from bridge.tenants.create import create_connection, create_tenant
from config.settings import Settings

NOW = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
CAUSE = Cause("operator", "mara", "request-1")


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(open_engine(Settings(database_url=url)))
    yield database
    database.dispose()


def add_tenant(database: Database, name: str = "Lindqvist Freight", timezone: str = "Europe/Berlin") -> str:
    tenant_id = new_id(NOW)
    with database.write(tenant_id) as session:
        create_tenant(session, name=name, currency="EUR", timezone=timezone, cause=CAUSE, now=NOW)
    return tenant_id


def add_connection(database: Database, tenant_id: str, name: str = "Okta", *, live: bool = True) -> str:
    with database.write(tenant_id) as session:
        connection = create_connection(
            session, name=name, kind="okta", dialect=None, live=live, cause=CAUSE, now=NOW
        )
    return connection.id
