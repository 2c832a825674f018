"""When groups are asked for that tokens have no room for: as soon as somebody signs in with such a token."""

import time
from datetime import datetime

from sqlalchemy import delete, select

from bridge import clock
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.signin.group_questions import next_question
from bridge.signin.key_sets import known_providers
from bridge.signin.resolve_groups import resolve_groups
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import DueTenant
from config.settings import settings
from workers.app import app, database


@app.task(name="bridge.resolve_groups")
def resolve_due(tenant_id: str) -> None:
    """Ask for all groups of the tenant's people that are due."""
    resolve_all(database(), tenant_id)


def resolve_all(database: Database, tenant_id: str) -> None:
    """Ask for what is due, for as long as a turn lasts, then have the sweep come back for the rest.

    The due rows are read first and deleted last, as those of deliveries are.
    """
    due = _due_rows(database, tenant_id, now=clock.now())
    chosen, ends = settings(), time.monotonic() + settings().assignment_turn_seconds
    seal, providers = Seal(chosen.secret_keys()), known_providers(chosen)
    while resolve_groups(database, tenant_id, seal=seal, key_sets=providers, chosen=chosen, now=clock.now()):
        if time.monotonic() >= ends:
            break
    with database.read(tenant_id) as session:
        again_at = next_question(session)
    with database.unscoped() as unscoped:
        unscoped.execute(delete(DueTenant).where(DueTenant.id.in_(due)))
        if again_at is not None:
            row = DueTenant(id=new_id(clock.now()), tenant_id=tenant_id, cause="groups", wake_at=again_at)
            unscoped.add(row)


def _due_rows(database: Database, tenant_id: str, *, now: datetime) -> list[str]:
    with database.unscoped_read() as session:
        chosen = select(DueTenant.id).where(
            DueTenant.tenant_id == tenant_id, DueTenant.cause == "groups", DueTenant.wake_at <= now
        )
        return list(session.scalars(chosen))
