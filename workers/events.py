"""When events of identity providers are applied: at the beginning of a tenant's turn."""

import logging
import time

from bridge import clock
from bridge.database.sessions import Database
from bridge.signin.events.apply_events import apply_events
from config.settings import settings

log = logging.getLogger(__name__)


def apply_waiting(database: Database, tenant_id: str, *, ends: float) -> bool:
    """Apply what waits, for as long as the turn lasts; return whether nothing is left.

    What fails stays for the next sweep and stops nothing else: seats are computed all the same.
    """
    chosen = settings()
    try:
        while apply_events(
            database,
            tenant_id,
            limit=chosen.identity_event_batch,
            late_days=chosen.late_days,
            now=clock.now(),
        ):
            if time.monotonic() >= ends:
                return False
    except Exception:
        log.exception("events of tenant %s could not be applied; they are tried again", tenant_id)
        return False
    return True
