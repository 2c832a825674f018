"""Four requests of every identity provider, against the bare reference and other servers in turns."""

import http.client
import itertools
import json
import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from tests.bench.company import customer
from tests.bench.figures import Figure, Outcome, Remark, Tell, at_least
from tests.bench.load import Load, Refused, Request, send
from tests.bench.peers.peer import NotInstalled, Peer, all_peers
from tests.bench.servers import Server, granian, python_path, running
from tests.bench.sizes import Sizes
from tests.bench.stage import SCIM, Stage
from tests.bench.words import create, find, read, set_active

SEEDING_SECONDS = 60.0
#: More requests in one measurement than any server answers.
MOST_WRITES_A_SECOND = 4000
FLOOR = 0.5
OPERATIONS = ("GET by id", "filter userName eq", "POST person", "PATCH active")


@dataclass(slots=True)
class Contestant:
    """A server with people in it, whose ids are known."""

    name: str
    server: Server
    root: str
    token: str
    people: list[tuple[str, str]] = field(default_factory=list)
    inactive: set[str] = field(default_factory=set)
    seen: dict[str, list[Load]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    database_cpu: dict[str, list[float]] = field(default_factory=dict)

    def seed(self, count: int) -> None:
        """Create the people by requests, within a bounded time."""
        names = [f"seed{number:06}" for number in range(count)]
        requests = [create(self.root, self.token, name) for name in names]
        load = send(self.server.port, requests, seconds=SEEDING_SECONDS, keep_ids=True)
        self.people = [(answer.kept, names[answer.index]) for answer in load.answers]

    def patched(self, load: Load) -> None:
        """Take note of who is active now, so that each PATCH changes somebody."""
        self.inactive ^= {self.people[answer.index][0] for answer in load.answers}

    def requests(self, operation: str, turn: int, sizes: Sizes) -> Sequence[Request]:
        order = random.Random(turn)  # noqa: S311 - an order, no secret
        shuffled = order.sample(self.people, len(self.people))
        if operation == "GET by id":
            return [read(self.root, self.token, ident) for ident, _ in shuffled]
        if operation == "filter userName eq":
            return [find(self.root, self.token, name) for _, name in shuffled]
        if operation == "PATCH active":
            return [
                set_active(self.root, self.token, ident, active=ident in self.inactive)
                for ident, _ in self.people
            ]
        names = range(int(MOST_WRITES_A_SECOND * sizes.seconds))
        return [create(self.root, self.token, f"new{turn}x{number:06}") for number in names]


def measure(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Measure all contestants on each operation, in an order that turns from round to round."""
    with ExitStack() as servers:
        contestants, remarks = _enter(servers, stage, sizes, tell)
        for contestant in contestants:
            tell(f"creating {sizes.population} people in {contestant.name}")
            contestant.seed(sizes.population)
            if len(contestant.people) < sizes.population:
                text = f"{contestant.name} took {len(contestant.people)} people in {SEEDING_SECONDS:.0f} s"
                remarks.append(Remark("operations", text))
        stage.tidy()
        for turn, operation in itertools.product(range(sizes.rounds + 1), OPERATIONS):
            tell(f"round {turn}: {operation}")
            first = turn % len(contestants)
            for contestant in contestants[first:] + contestants[:first]:
                _measure_one(stage, contestant, operation, turn, sizes)
    return [*_figures(contestants), *remarks]


def _enter(
    servers: ExitStack, stage: Stage, sizes: Sizes, tell: Tell
) -> tuple[list[Contestant], list[Outcome]]:
    ours = customer(stage, "Larkspur Instruments")
    bare_url = stage.postgresql.create("bare")
    environment = {"BENCH_DATABASE": bare_url, **python_path()}
    bare = running(granian("tests.bench.bare:create_app"), environment)
    contestants = [
        Contestant("bridge", servers.enter_context(stage.web()), SCIM, ours.token),
        Contestant("bare", servers.enter_context(bare), SCIM, "none"),
    ]
    remarks: list[Outcome] = []
    for peer in all_peers() if sizes.peers else ():
        tell(f"installing {peer.name}")
        try:
            contestants.append(_enter_peer(servers, stage, peer))
        except (NotInstalled, Refused) as error:
            remarks.append(Remark("operations", f"{peer.name} was not measured: {error}"))
    return contestants, remarks


def _enter_peer(servers: ExitStack, stage: Stage, peer: Peer) -> Contestant:
    """Start a peer. Raises ``Refused`` unless it finds a person whom it has created."""
    peer.install()
    url = stage.postgresql.create(peer.key)
    server = servers.enter_context(peer.serve(url))
    send(server.port, [create(peer.root, peer.token, "probe")], connections=1)
    for name, expected in (("probe", 1), ("nobody", 0)):
        request = find(peer.root, peer.token, name)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request(request.method, request.path, headers={"Authorization": f"Bearer {peer.token}"})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        if answer.status != 200 or json.loads(text)["totalResults"] != expected:
            raise Refused(f"of {expected} people named {name} its filter finds: {answer.status} {text[:200]}")
    return Contestant(peer.name, server, peer.root, peer.token)


def _measure_one(stage: Stage, contestant: Contestant, operation: str, turn: int, sizes: Sizes) -> None:
    requests = contestant.requests(operation, turn, sizes)
    again = operation in OPERATIONS[:2]
    before = contestant.server.cpu_seconds(), stage.database_server.cpu_seconds()
    load = send(contestant.server.port, requests, seconds=sizes.seconds, again=again)
    after = contestant.server.cpu_seconds(), stage.database_server.cpu_seconds()
    if operation == "PATCH active":
        contestant.patched(load)
    if not turn:  # the first turn only warms
        return
    contestant.seen.setdefault(operation, []).append(load)
    spent, database = (1000 * (b - a) / len(load.answers) for a, b in zip(before, after, strict=True))
    contestant.cpu.setdefault(operation, []).append(spent)
    contestant.database_cpu.setdefault(operation, []).append(database)


def _figures(contestants: Sequence[Contestant]) -> list[Outcome]:
    bridge, bare = contestants[:2]
    figures: list[Outcome] = []
    for operation in OPERATIONS:
        pairs = zip(bridge.seen[operation], bare.seen[operation], strict=True)
        ratios = tuple(ours.per_second / theirs.per_second for ours, theirs in pairs)
        figures.append(at_least(operation, "bridge ÷ bare", median(ratios), "times", FLOOR, rounds=ratios))
        for each in contestants:
            rates = tuple(load.per_second for load in each.seen[operation])
            figures.append(Figure(operation, each.name, median(rates), "requests/s", rounds=rates))
            cpu, database = median(each.cpu[operation]), median(each.database_cpu[operation])
            figures.append(Figure(operation, f"{each.name}: server CPU", cpu, "ms"))
            if database > cpu / 100:
                figures.append(Figure(operation, f"{each.name}: PostgreSQL CPU", database, "ms"))
        shares = [load.cpu_seconds / load.elapsed for load in bridge.seen[operation]]
        figures.append(
            Figure(operation, "generator: CPU against the bridge", 100 * median(shares), "% of a core")
        )
    return figures
