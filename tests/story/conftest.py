"""Six weeks at a company, played over HTTP against running processes, with what came of it."""

import os
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import redis

from bridge.billing.close_period import close_period
from bridge.billing.issued_invoices import invoice_people, read_invoice
from bridge.cli.demo import AFTERWARDS, MONTH, START, perform
from bridge.cli.stage import Stage
from bridge.database.ids import new_id
from bridge.journal.record import Cause
from bridge.simulator.company import larkspur
from bridge.simulator.story import six_weeks

ROOT = Path(__file__).parents[2]
# The smallest company at which each kind of thing happens; test_story holds this.
PEOPLE, SEED = 28, 6


@dataclass
class Outcome:
    """What a run left behind, with people named as their identity providers do, so that runs compare."""

    stage: Stage
    tenant_id: str
    story: object
    record: object
    invoice: object
    shares: list

    def external_id(self, person_id):
        return self.named[person_id]

    @property
    def named(self):
        return {
            each.answer_id: each.body["externalId"]
            for each in self.record
            if each.method == "POST" and each.path == "/Users" and each.status in {200, 201}
        }

    @property
    def billed(self):
        """Everything the invoice says of anybody, sorted."""
        named = self.named
        return sorted(
            (
                named[each.person_id],
                each.plan,
                each.department,
                each.cost_centre,
                each.billable_days,
                each.amount_minor,
            )
            for each in self.shares
        )


def played(stage, **how):
    """Play six weeks at the company, close September, and tell what came of it."""
    customer = stage.found("Larkspur Instruments", currency="USD", timezone="Europe/Berlin", now=START)
    story = six_weeks(larkspur(PEOPLE, seed=SEED), START)
    record = perform(stage, customer, story, **how)
    stage.await_computed(customer.tenant_id)
    database, tenant_id = stage.bridge.database, customer.tenant_id
    cause = Cause("operator", "test", new_id(AFTERWARDS))
    closed = close_period(database, tenant_id, None, MONTH, cause=cause, now=AFTERWARDS)
    with database.read(tenant_id) as session:
        invoice = read_invoice(session, closed.invoice_id)
        shares = list(invoice_people(session, invoice.id))
    return Outcome(stage, tenant_id, story, record, invoice, shares)


@contextmanager
def embedded(folder):
    """A bridge as ``bridge serve`` runs it, with nothing installed."""
    stage = Stage.set_up(folder, start=START)
    try:
        stage.serve()
        yield stage
    finally:
        stage.stop()


def start_from_procfile(stage, name):
    lines = (ROOT / "Procfile").read_text().splitlines()
    command = next(line.removeprefix(f"{name}: ") for line in lines if line.startswith(f"{name}: "))
    settings = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOST": "127.0.0.1",
        "PORT": str(stage.port),
        "TMPDIR": str(stage.settings.var),
    }
    return stage.start(["/bin/sh", "-c", f"exec {command}"], **settings)


def workers_of(stage):
    """The running Celery workers of a stage, whoever started them."""
    family = [psutil.Process(process.pid) for process in stage.running if process.poll() is None]
    family += [child for parent in family for child in parent.children(recursive=True)]
    return [
        process for process in family if "worker" in process.cmdline() and "workers.app" in process.cmdline()
    ]


def kill_workers(stage):
    """Kill -9, without a word; return how many were killed."""
    victims = workers_of(stage)
    for victim in victims:
        os.kill(victim.pid, signal.SIGKILL)
    psutil.wait_procs(victims, timeout=120)
    return len(victims)


def forget_everything_queued(stage):
    """Empty the broker."""
    if stage.settings.broker_url:
        redis.Redis.from_url(stage.settings.broker_url).flushall()
        return
    for message in (stage.settings.var / "queue" / "messages").iterdir():
        message.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory):
    """The demo's story, played in its order, each request once; disturbed runs are compared to it."""
    with embedded(tmp_path_factory.mktemp("ordinary") / "var") as stage:
        yield played(stage)


@pytest.fixture
def another(tmp_path):
    """A stage of one test's own."""
    with embedded(tmp_path / "var") as stage:
        yield stage


@pytest.fixture
def production(tmp_path, postgresql_server, redis_url):
    """A bridge as the Procfile runs it: separate processes on PostgreSQL and Redis."""
    url = postgresql_server.create(f"story_{time.monotonic_ns()}")
    stage = Stage.set_up(tmp_path / "var", start=START, database_url=url, broker_url=redis_url)
    try:
        for name in ("web", "worker", "beat"):
            start_from_procfile(stage, name)
        stage.await_ready()
        yield stage
    finally:
        stage.stop()
