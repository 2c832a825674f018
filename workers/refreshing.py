"""When sessions are asked for again at their providers: as soon as one is due."""

import time
from datetime import datetime

from sqlalchemy import delete, select

from bridge import clock
from bridge.access.refreshes import next_refresh
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.journal.record import Cause
from bridge.signin.key_sets import known_providers
from bridge.signin.refresh_sessions import Desk, refresh_due
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import DueTenant
from config.settings import Settings, settings
from workers.app import app, database

NAME = "bridge.refresh_sessions"


@app.task(name=NAME)
def refresh_sessions(tenant_id: str) -> None:
    """Ask for the sessions of the tenant that are due, for as long as a turn lasts.

    What is left is found by the next sweep, or meanwhile by another worker: no session is taken by two.
    """
    refresh_all(database(), tenant_id, settings())


def refresh_all(database: Database, tenant_id: str, chosen: Settings) -> bool:
    """Ask for all that is due, then have the sweep come back for the next; return whether nothing is left.

    The due rows are read first and deleted last, as those of assignments are.
    """
    ends, now = time.monotonic() + chosen.assignment_turn_seconds, clock.now()
    due = _due_rows(database, tenant_id, now=now)
    desk = Desk(database, Seal(chosen.secret_keys()), known_providers(chosen), chosen)
    cause = Cause("worker", NAME, new_id(now))
    while refresh_due(desk, tenant_id, cause=cause, now=clock.now()):
        if time.monotonic() >= ends:
            return False
    _come_back(database, tenant_id, due, now=now)
    return True


def _come_back(database: Database, tenant_id: str, due: list[str], *, now: datetime) -> None:
    with database.read(tenant_id) as session:
        again_at = next_refresh(session)
    with database.unscoped() as unscoped:
        unscoped.execute(delete(DueTenant).where(DueTenant.id.in_(due)))
        if again_at is not None:
            row = DueTenant(id=new_id(now), tenant_id=tenant_id, cause="refresh", wake_at=again_at)
            unscoped.add(row)


def _due_rows(database: Database, tenant_id: str, *, now: datetime) -> list[str]:
    with database.unscoped_read() as session:
        chosen = select(DueTenant.id).where(
            DueTenant.tenant_id == tenant_id, DueTenant.cause == "refresh", DueTenant.wake_at <= now
        )
        return list(session.scalars(chosen))
