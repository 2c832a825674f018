"""What it takes to see what a change of rules would do to everybody, in people, in money."""

import time
from datetime import UTC, datetime
from statistics import median

from bridge.billing.draft_invoice import preview_invoice
from bridge.billing.invoice_document import draft_document
from bridge.billing.runs import closed_until
from bridge.directory.changes import mark_due
from bridge.journal.record import Subject
from bridge.mapping.rule_document import Limits
from bridge.oversight.preview_change import WantedRules, preview_rules
from bridge.seats.due import take_due
from config.catalogue import plan_keys
from tests.bench.company import Customer, customer, fill
from tests.bench.figures import Figure, Outcome, Tell, at_most
from tests.bench.load import percentile
from tests.bench.sizes import Sizes
from tests.bench.stage import Stage

MOST_P95_MILLISECONDS = 2000
MOST_INVOICE_MILLISECONDS = 100
BATCH = 1000
MOVED = {"default": {"plan": "premium", "roles": ["viewer"]}, "rules": []}


def preview_everybody(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Preview rules that move everybody to another plan; each preview is kept, as a customer's is."""
    row = f"preview of rules that move {sizes.population:,} people"
    with stage.web() as web:
        asking = customer(stage, f"Larkspur previewed {sizes.population}")
        tell(f"filling in {sizes.population} people")
        fill(stage, web, asking, sizes.population)
    seat(stage, asking)
    stage.tidy()
    wanted = WantedRules(document=MOVED, known_plans=plan_keys(), limits=Limits(), effective_from=None)
    times, cpu = [], []
    for turn in range(sizes.jumps + 1):
        tell(f"{row}: {turn} of {sizes.jumps}")
        before = time.perf_counter(), time.process_time()
        found = preview_rules(
            stage.bridge.database, asking.tenant_id, wanted, hours=24, now=datetime.now(UTC)
        )
        times.append(1000 * (time.perf_counter() - before[0]))
        cpu.append(1000 * (time.process_time() - before[1]))
        assert found["people"]["moves"] == sizes.population
        assert found["invoice"]["problem"] is None
    return [
        at_most(row, "p95", percentile(times[1:], 95), "ms", MOST_P95_MILLISECONDS),
        Figure(row, "CPU without PostgreSQL's, median", median(cpu[1:]), "ms"),
    ]


def preview_invoices(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Preview the next invoice: what it would be, with a line for each plan and a share for each person."""
    row = f"preview of the invoice of {sizes.previewed:,} seats"
    with stage.web() as web:
        asking = customer(stage, f"Larkspur previewed {sizes.previewed}")
        tell(f"filling in {sizes.previewed} people")
        fill(stage, web, asking, sizes.previewed)
    seat(stage, asking)
    stage.tidy()
    times, cpu = [], []
    for turn in range(sizes.jumps + 1):
        tell(f"{row}: {turn} of {sizes.jumps}")
        before = time.perf_counter(), time.process_time()
        with stage.bridge.database.read(asking.tenant_id) as session:
            draft = preview_invoice(session)
            draft_document(draft)
        times.append(1000 * (time.perf_counter() - before[0]))
        cpu.append(1000 * (time.process_time() - before[1]))
        assert len(draft.people) == sizes.previewed
    return [
        at_most(row, "p95", percentile(times[1:], 95), "ms", MOST_INVOICE_MILLISECONDS),
        Figure(row, "CPU without PostgreSQL's, median", median(cpu[1:]), "ms"),
    ]


def seat(stage: Stage, asking: Customer) -> None:
    """Have everybody's seat computed, as the workers do."""
    database, now = stage.bridge.database, datetime.now(UTC)
    with database.write(asking.tenant_id) as session:
        people = [Subject("person", id_) for id_ in asking.ids]
        mark_due(session, people, cause_id="", now=now)
    while take_due(database, asking.tenant_id, now=now, limit=BATCH, closed_until=closed_until):
        pass
