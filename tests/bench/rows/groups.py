"""One more member of a group, whatever its size."""

from statistics import median

from tests.bench.company import Customer, customer, fill
from tests.bench.figures import Figure, Outcome, Tell, at_most
from tests.bench.load import send
from tests.bench.servers import Server
from tests.bench.sizes import Sizes
from tests.bench.stage import SCIM, Stage
from tests.bench.words import add_member, create_group, remove_member

MOST_SLOWER = 1.3


def add_one(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Add people one at a time to groups of each size, in turns; each leaves again before the next."""
    row = "group add-one"
    with stage.web() as server:
        who = customer(stage, "Larkspur in groups")
        fill(stage, server, who, sizes.groups[-1] + sizes.additions)
        groups = {size: _group(server, who, size) for size in sizes.groups}
        stage.tidy()
        times: dict[int, list[float]] = {size: [] for size in sizes.groups}
        for turn in range(sizes.rounds + 1):
            tell(f"round {turn}: group add-one")
            for size in sizes.groups:
                taken = _additions(server, who, groups[size], sizes.additions)
                if turn:  # the first turn only warms
                    times[size].append(median(taken))
    least, most = sizes.groups[0], sizes.groups[-1]
    ratios = tuple(b / a for a, b in zip(times[least], times[most], strict=True))
    return [
        at_most(
            row,
            f"{most:,} ÷ {least:,} members, median time",
            median(ratios),
            "times",
            MOST_SLOWER,
            rounds=ratios,
        ),
        *(
            Figure(row, f"{size:,} members, one connection", 1000 / median(seen), "requests/s")
            for size, seen in times.items()
        ),
    ]


def _group(server: Server, who: Customer, size: int) -> str:
    request = create_group(SCIM, who.token, f"group of {size}", who.ids[:size])
    [made] = send(server.port, [request], connections=1, keep_ids=True).answers
    return made.kept


def _additions(server: Server, who: Customer, group_id: str, count: int) -> list[float]:
    asked = [
        change(SCIM, who.token, group_id, ident)
        for ident in who.ids[-count:]
        for change in (add_member, remove_member)
    ]
    load = send(server.port, asked, connections=1)
    return [answer.seconds * 1000 for answer in load.answers if answer.index % 2 == 0]
