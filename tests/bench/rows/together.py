"""Many customers at once, each at a steady rate, with the limits as delivered."""

import random
from statistics import median

from tests.bench.company import Customer, customer, fill
from tests.bench.figures import Figure, Outcome, Remark, Tell, at_most
from tests.bench.load import Request, percentile, send
from tests.bench.rows.seats import worker
from tests.bench.sizes import Sizes
from tests.bench.stage import SCIM, Stage
from tests.bench.words import create, find, read, set_active

PER_SECOND = 25
READS, PATCHES = 0.7, 0.2
CONNECTIONS_EACH = 2
WEB_PROCESSES = 2
MOST_P99_MILLISECONDS = 250


def ask_together(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Ask at the promised rate, whether or not the bridge keeps up; time runs from when each is due."""
    row = f"{sizes.tenants} tenants, each {PER_SECOND} requests/s"
    with stage.web(workers=WEB_PROCESSES, limits={}) as server, worker(stage, server) as behind:
        customers = []
        for number in range(sizes.tenants):
            tell(f"filling in tenant {number + 1} of {sizes.tenants}")
            customers.append(customer(stage, f"Larkspur {number}"))
            fill(stage, server, customers[-1], sizes.tenant_people)
        stage.tidy()
        tell(f"{row} for {sizes.storm_seconds:.0f} s")
        asked = _schedule(customers, sizes)
        counted = {"web": server, "workers": behind, "PostgreSQL": stage.database_server}
        before = {name: each.cpu_seconds() for name, each in counted.items()}
        load = send(server.port, asked, connections=CONNECTIONS_EACH * sizes.tenants, refusals=True)
        spent = {name: each.cpu_seconds() - before[name] for name, each in counted.items()}
    good = [answer.seconds * 1000 for answer in load.answers if answer.good]
    refused = len(load.answers) - len(good)
    shares = {**spent, "generator": load.cpu_seconds}
    return [
        at_most(row, "p99", percentile(good, 99), "ms", MOST_P99_MILLISECONDS),
        Figure(row, "p50", median(good), "ms"),
        Figure(row, "answered", load.per_second, "requests/s"),
        at_most(row, "not answered 2xx", refused, "", 0),
        *(
            Figure(row, f"{name}: CPU", 100 * each / load.elapsed, "% of a core")
            for name, each in shares.items()
        ),
        Remark(
            row, f"{sizes.tenants * sizes.tenant_people:,} people, {WEB_PROCESSES} web processes, worker up"
        ),
    ]


def _schedule(customers: list[Customer], sizes: Sizes) -> list[Request]:
    """Return every request with the instant at which it is due, evenly spread over all customers."""
    chance = random.Random(1)  # noqa: S311 - the same mixture in every run
    total = int(sizes.storm_seconds * PER_SECOND * len(customers))
    step = 1 / (PER_SECOND * len(customers))
    turns: dict[str, int] = {}
    return [
        _request(customers[number % len(customers)], number, number * step, chance, turns)
        for number in range(total)
    ]


def _request(who: Customer, number: int, at: float, chance: random.Random, turns: dict[str, int]) -> Request:
    kind, index = chance.random(), chance.randrange(len(who.ids))
    ident = who.ids[index]
    if kind < READS:
        asked = read(SCIM, who.token, ident) if number % 2 else find(SCIM, who.token, who.name_of(index))
        return Request(asked.method, asked.path, asked.token, at=at)
    if kind < READS + PATCHES:
        turns[ident] = turns.get(ident, 0) + 1
        return set_active(SCIM, who.token, ident, active=turns[ident] % 2 == 0, at=at)
    return create(SCIM, who.token, f"n{number:07}", at=at)
