"""When what leaves the bridge is sent: as soon as an invoice has news, and after each pause of a retry."""

from datetime import datetime

from sqlalchemy import delete, select

from bridge import clock
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.delivery.compare import compare
from bridge.delivery.deliver import deliver
from bridge.delivery.queue import next_attempt
from bridge.delivery.stripe_client import open_stripe
from bridge.tenants.tables import DueTenant
from config.settings import settings
from workers.app import app, database


@app.task(name="bridge.deliver")
def deliver_due(tenant_id: str) -> None:
    """Make the attempts that are due for the tenant."""
    deliver_all(database(), tenant_id)


def deliver_all(database: Database, tenant_id: str) -> None:
    """Make all attempts that are due, then have the sweep come back for the next one.

    The due rows are read first and deleted last, as those of assignments are. Without a key of Stripe they
    are only deleted: the night queues what has come meanwhile.
    """
    now = clock.now()
    due = _due_rows(database, tenant_id, now=now)
    stripe = open_stripe(settings())
    if stripe is not None:
        deliver(database, tenant_id, stripe, now=now)
    with database.read(tenant_id) as session:
        again_at = next_attempt(session) if stripe is not None else None
    with database.unscoped() as unscoped:
        unscoped.execute(delete(DueTenant).where(DueTenant.id.in_(due)))
        if again_at is not None:
            row = DueTenant(id=new_id(now), tenant_id=tenant_id, cause="delivery", wake_at=again_at)
            unscoped.add(row)


def compare_all(database: Database, tenant_id: str) -> None:
    """Deliver what is left, then compare both sides."""
    deliver_all(database, tenant_id)
    stripe = open_stripe(settings())
    if stripe is not None:
        compare(database, tenant_id, stripe, now=clock.now())


def _due_rows(database: Database, tenant_id: str, *, now: datetime) -> list[str]:
    with database.unscoped_read() as session:
        chosen = select(DueTenant.id).where(
            DueTenant.tenant_id == tenant_id, DueTenant.cause == "delivery", DueTenant.wake_at <= now
        )
        return list(session.scalars(chosen))
