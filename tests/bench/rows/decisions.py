"""What it takes to answer whether a person may do something."""

import json
import random
from datetime import UTC, datetime
from statistics import median

from bridge.access.grant import grant_api_key
from bridge.journal.record import Cause
from tests.bench.company import Customer, customer, fill
from tests.bench.figures import Figure, Outcome, Tell, at_most
from tests.bench.load import Load, Request, percentile, send
from tests.bench.rows.previews import seat
from tests.bench.sizes import Sizes
from tests.bench.stage import Stage

ROW = "decision on access"
PATH = "/access/v1/evaluation"
MOST_MILLISECONDS = 5
EXPORT = {"limit": "export_rows_per_month", "used": 9000, "wanted": 500}


def decide_on_access(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Ask for one decision after another, on people in any order, each with what is used of a limit."""
    with stage.web() as web:
        asking = customer(stage, "Larkspur decided")
        tell(f"filling in {sizes.small} people")
        fill(stage, web, asking, sizes.small)
        seat(stage, asking)
        stage.tidy()
        key = _key(stage, asking)
        loads, ours, postgresqls = list[Load](), list[float](), list[float]()
        for turn in range(sizes.rounds + 1):
            tell(f"round {turn}: {ROW}")
            order = random.Random(turn).sample(asking.ids, len(asking.ids))  # noqa: S311 - an order, no secret
            before = web.cpu_seconds(), stage.database_server.cpu_seconds()
            load = send(web.port, [_asked(key, each) for each in order], connections=1)
            if turn:  # the first turn only warms
                loads.append(load)
                ours.append(1000 * (web.cpu_seconds() - before[0]) / len(order))
                postgresqls.append(1000 * (stage.database_server.cpu_seconds() - before[1]) / len(order))
    times = tuple(median(load.milliseconds) for load in loads)
    slow = tuple(percentile(load.milliseconds, 99) for load in loads)
    return [
        at_most(ROW, "time of one", median(times), "ms", MOST_MILLISECONDS, rounds=times),
        Figure(ROW, "p99", median(slow), "ms", rounds=slow),
        Figure(ROW, "server CPU", median(ours), "ms", rounds=tuple(ours)),
        Figure(ROW, "PostgreSQL CPU", median(postgresqls), "ms", rounds=tuple(postgresqls)),
    ]


def _key(stage: Stage, asking: Customer) -> str:
    now, cause = datetime.now(UTC), Cause("operator", "bench", "")
    with stage.bridge.database.write(asking.tenant_id) as session:
        made = grant_api_key(
            session, scopes=["access:evaluate"], seal=stage.bridge.seal, lifetime=None, cause=cause, now=now
        )
    return made.secret


def _asked(key: str, person_id: str) -> Request:
    question = {
        "subject": {"type": "user", "id": person_id},
        "action": {"name": "export"},
        "resource": {"type": "report", "id": "7", "properties": EXPORT},
    }
    return Request("POST", PATH, key, json.dumps(question))
