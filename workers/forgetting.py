"""When the provisioning log is shortened: each night."""

from bridge import clock
from bridge.database.sessions import Database
from bridge.provisioning.forget_requests import forget_requests
from config.settings import settings


def forget_all(database: Database, tenant_id: str) -> None:
    """Forget what is older than the retention that is set."""
    forget_requests(database, tenant_id, days=settings().request_log_days, now=clock.now())
