"""When periods are closed: each night, those that ended long enough ago."""

from bridge import clock
from bridge.billing.close_period import close_due_periods
from bridge.database.sessions import Database
from workers.app import app, database


@app.task(name="bridge.close_periods")
def close_periods(tenant_id: str) -> None:
    """Close what is due for the tenant; twice, or two at once, close it once."""
    close_all(database(), tenant_id)


def close_all(database: Database, tenant_id: str) -> None:
    """Close every period of the tenant that is due now."""
    close_due_periods(database, tenant_id, now=clock.now())
