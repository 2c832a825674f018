"""What it takes to see what a change of rules would do to everybody, in people, in money."""

import time
from datetime import UTC, datetime

from bridge.billing.runs import closed_until
from bridge.directory.changes import mark_due
from bridge.journal.record import Subject
from bridge.mapping.rule_document import Limits
from bridge.oversight.preview_change import WantedRules, preview_rules
from bridge.seats.due import take_due
from config.catalogue import plan_keys
from tests.bench.company import Customer, customer, fill
from tests.bench.figures import Outcome, Tell, at_most
from tests.bench.load import percentile
from tests.bench.sizes import Sizes
from tests.bench.stage import Stage

MOST_P95_MILLISECONDS = 2000
BATCH = 1000
MOVED = {"default": {"plan": "premium", "roles": ["viewer"]}, "rules": []}


def preview_everybody(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Preview rules that move everybody to another plan; each preview is kept, as a customer's is."""
    row = f"preview of rules that move {sizes.population:,} people"
    with stage.web() as web:
        asking = customer(stage, f"Larkspur previewed {sizes.population}")
        tell(f"filling in {sizes.population} people")
        fill(stage, web, asking, sizes.population)
    _seat(stage, asking)
    stage.tidy()
    wanted = WantedRules(document=MOVED, known_plans=plan_keys(), limits=Limits(), effective_from=None)
    times = []
    for turn in range(sizes.jumps + 1):
        tell(f"{row}: {turn} of {sizes.jumps}")
        began = time.perf_counter()
        found = preview_rules(
            stage.bridge.database, asking.tenant_id, wanted, hours=24, now=datetime.now(UTC)
        )
        times.append(1000 * (time.perf_counter() - began))
        assert found["people"]["moves"] == sizes.population
        assert found["invoice"]["problem"] is None
    return [at_most(row, "p95", percentile(times[1:], 95), "ms", MOST_P95_MILLISECONDS)]


def _seat(stage: Stage, asking: Customer) -> None:
    """Have everybody's seat computed, as the workers do."""
    database, now = stage.bridge.database, datetime.now(UTC)
    with database.write(asking.tenant_id) as session:
        people = [Subject("person", id_) for id_ in asking.ids]
        mark_due(session, people, cause_id="", now=now)
    while take_due(database, asking.tenant_id, now=now, limit=BATCH, closed_until=closed_until):
        pass
