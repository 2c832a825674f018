"""When what has had its time is forgotten: each night."""

from bridge import clock
from bridge.access.forget_sessions import forget_sessions
from bridge.access.oauth_clients import forget_tokens
from bridge.database.sessions import Database
from bridge.provisioning.erase_people import erase_due
from bridge.provisioning.forget_requests import forget_requests
from bridge.signin.events.forget_events import forget_events
from bridge.signin.forget import forget_identities
from bridge.tenants.secrets import Seal
from config.settings import settings


def forget_all(database: Database, tenant_id: str) -> None:
    """Forget what is past its retention, expired tokens, people who are to be erased."""
    now = clock.now()
    forget_requests(database, tenant_id, days=settings().request_log_days, now=now)
    forget_events(database, tenant_id, days=settings().identity_event_days, now=now)
    forget_tokens(database, tenant_id, now=now)
    forget_sessions(database, tenant_id, days=settings().session_days, now=now)
    erase_due(database, tenant_id, seal=Seal(settings().secret_keys()), forget=forget_identities, now=now)
