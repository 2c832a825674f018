"""What runs when: the sweep for due tenants, and what it finds to be due at night."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from bridge import clock
from bridge.database.sessions import Database
from bridge.tenants.nights import next_night
from bridge.tenants.read import find_tenant
from bridge.tenants.tables import DueTenant
from config.settings import settings
from workers.app import app, database
from workers.assignments import assign_due, drain
from workers.closing import close_all
from workers.delivery import compare_all, deliver_due
from workers.forgetting import forget_all
from workers.groups import resolve_due
from workers.journal import seal_all
from workers.refreshing import refresh_sessions
from workers.renewal import renew_all

#: A night's work that was begun and did not end (its worker was killed) is begun again after this time.
LEASE = timedelta(minutes=15)

#: In this order: invoices are drawn from seats that are up to date, and sealed with the rest.
NIGHTLY: tuple[Callable[[Database, str], object], ...] = (
    drain, close_all, compare_all, seal_all, forget_all, renew_all,
)  # fmt: skip

#: Causes of due rows that assignments know nothing of, but the nightly one, and whom they wake.
OWN_TASKS = {"delivery": deliver_due, "groups": resolve_due, "refresh": refresh_sessions}

log = logging.getLogger(__name__)


@app.task(name="bridge.sweep")
def sweep() -> None:
    """Send a task for every tenant that is due, whether or not somebody nudged the workers."""
    now = clock.now()
    with database().unscoped_read() as session:
        chosen = select(DueTenant.tenant_id, DueTenant.cause).where(DueTenant.wake_at <= now).distinct()
        due = session.execute(chosen).all()
    woken = {(OWN_TASKS.get(cause, assign_due), tenant_id) for tenant_id, cause in due if cause != "nightly"}
    for task, tenant_id in sorted(woken, key=lambda each: (each[0].name, each[1])):
        task.apply_async(args=(tenant_id,), expires=2 * settings().sweep_seconds)
    for tenant_id in sorted({tenant_id for tenant_id, cause in due if cause == "nightly"}):
        leased_until = lease(database(), tenant_id, now=now)
        if leased_until is not None:
            run_nightly.apply_async(args=(tenant_id, leased_until.isoformat()))


@app.task(name="bridge.nightly")
def run_nightly(tenant_id: str, leased_until: str) -> None:
    """Do the night's work of one tenant; see ``do_nightly``."""
    do_nightly(database(), tenant_id, leased_until=datetime.fromisoformat(leased_until))


def lease(database: Database, tenant_id: str, *, now: datetime) -> datetime | None:
    """Put the tenant's due night off by the lease; None when another sweep did so first."""
    with database.unscoped() as session:
        taken = session.execute(
            update(DueTenant)
            .where(DueTenant.tenant_id == tenant_id, DueTenant.cause == "nightly", DueTenant.wake_at <= now)
            .values(wake_at=now + LEASE)
            .returning(DueTenant.wake_at)
        )
        return taken.scalar_one_or_none()


def do_nightly(database: Database, tenant_id: str, *, leased_until: datetime) -> None:
    """Do each part of the night's work, then move the row to the next night.

    A part that fails stops no other part. The row then stays on its lease, so that all of it is tried
    again; each part is safe to run twice.
    """
    failures: list[Exception] = []
    for work in NIGHTLY:
        try:
            work(database, tenant_id)
        except Exception as error:
            log.exception("the night's work of tenant %s failed; it is tried again", tenant_id)
            failures.append(error)
    if failures:
        raise failures[0]
    with database.read(tenant_id) as session:
        timezone = find_tenant(session).timezone
    with database.unscoped() as unscoped:
        unscoped.execute(
            update(DueTenant)
            .where(
                DueTenant.tenant_id == tenant_id,
                DueTenant.cause == "nightly",
                DueTenant.wake_at == leased_until,
            )
            .values(wake_at=next_night(timezone, clock.now()))
        )
