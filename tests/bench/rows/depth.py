"""What a large directory costs: finding one person, and pages of a hundred at any depth."""

import random
from statistics import median

from tests.bench.company import customer, fill, large
from tests.bench.figures import Figure, Outcome, Remark, Tell, at_most
from tests.bench.load import send
from tests.bench.servers import Server
from tests.bench.sizes import Sizes
from tests.bench.stage import SCIM, Stage
from tests.bench.words import find, page

PAGE = 100
JUMP = 50_001
PARTS = 10
MOST_SLOWER = 1.3
MOST_PAGE_MILLISECONDS = 3
MOST_WALK = 1.5
MOST_JUMP_MILLISECONDS = 25


def find_one(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Ask for one person by userName, among many and among few, in turns."""
    row = f"userName eq among {sizes.large:,} and {sizes.small:,}"
    times: dict[int, list[float]] = {sizes.small: [], sizes.large: []}
    with stage.web() as server:
        few = customer(stage, f"Larkspur {sizes.small}")
        fill(stage, server, few, sizes.small)
        tell(f"filling in {sizes.large} people")
        many = large(stage, server, sizes.large)
        for turn in range(sizes.rounds + 1):
            tell(f"round {turn}: userName eq")
            for count, who in ((sizes.small, few), (sizes.large, many)):
                order = random.Random(turn)  # noqa: S311 - an order, no secret
                chosen = order.sample(range(count), sizes.small)
                asked = [find(SCIM, who.token, who.name_of(number)) for number in chosen]
                load = send(server.port, asked, connections=1, seconds=sizes.seconds, again=True)
                if turn:  # the first turn only warms
                    times[count].append(median(load.milliseconds))
    ratios = tuple(m / f for m, f in zip(times[sizes.large], times[sizes.small], strict=True))
    return [
        at_most(row, "many ÷ few, median time", median(ratios), "times", MOST_SLOWER, rounds=ratios),
        *(Figure(row, f"among {count:,}", median(seen), "ms") for count, seen in times.items()),
    ]


def turn_pages(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Ask for the first page again and again, for all pages one after another, for one far away."""
    with stage.web() as server:
        tell(f"filling in {sizes.large} people")
        token = large(stage, server, sizes.large).token
        tell("page of 100: the first")
        figures: list[Outcome] = list(_first_page(stage, server, token, sizes))
        tell("page of 100: walking on")
        figures += _walk(server, token, sizes)
        tell("page of 100: jumping")
        figures += _jump(server, token, sizes)
    return figures


def _first_page(stage: Stage, server: Server, token: str, sizes: Sizes) -> list[Outcome]:
    row, asked = "page of 100", [page(SCIM, token, 1)] * sizes.pages
    send(server.port, asked[:5], connections=1)
    web, database = [], []
    for _ in range(sizes.rounds):
        before = server.cpu_seconds(), stage.database_server.cpu_seconds()
        send(server.port, asked, connections=1)
        web.append(1000 * (server.cpu_seconds() - before[0]) / len(asked))
        database.append(1000 * (stage.database_server.cpu_seconds() - before[1]) / len(asked))
    return [
        at_most(row, "server CPU", median(web), "ms", MOST_PAGE_MILLISECONDS, rounds=tuple(web)),
        Figure(row, "PostgreSQL CPU", median(database), "ms", rounds=tuple(database)),
    ]


def _walk(server: Server, token: str, sizes: Sizes) -> list[Outcome]:
    """Compare the slowest tenth of whole walks with the first page, asked for before and after each."""
    row = "page of 100: walking on by startIndex"
    again = [page(SCIM, token, 1)] * (sizes.pages // 2)
    walk = [page(SCIM, token, start) for start in range(1, sizes.large + 1, PAGE)]
    size = max(1, len(walk) // PARTS)
    walks, firsts, elapsed = [], [], []
    for _ in range(sizes.walks):
        load = send(server.port, again + walk + again, connections=1)
        times = load.milliseconds[len(again) : len(again) + len(walk)]
        firsts.append(median(load.milliseconds[: len(again)] + load.milliseconds[-len(again) :]))
        walks.append([median(times[at : at + size]) / firsts[-1] for at in range(0, len(times), size)])
        elapsed.append(sum(times) / 1000)
    tenths = tuple(median(seen) for seen in zip(*walks, strict=True))
    return [
        at_most(row, "slowest tenth ÷ page 1", max(tenths), "times", MOST_WALK, rounds=tenths),
        Figure(row, "page 1", median(firsts), "ms"),
        Figure(row, f"all {len(walk)} pages", median(elapsed), "s"),
        Remark(
            row, "the values of its rounds are the tenths, from the front to the back, of the median walk"
        ),
    ]


def _jump(server: Server, token: str, sizes: Sizes) -> list[Outcome]:
    """Go back to the front before each jump, so that no jump walks on from the last."""
    target = min(JUMP, sizes.large // 2 + 1)
    row = f"page of 100: a jump to {target:,}"
    asked = [page(SCIM, token, start) for _ in range(sizes.jumps) for start in (1, target)]
    load = send(server.port, asked, connections=1)
    jumps = [answer.seconds * 1000 for answer in load.answers if answer.index % 2]
    return [at_most(row, "median time", median(jumps), "ms", MOST_JUMP_MILLISECONDS)]
