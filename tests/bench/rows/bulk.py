"""A hundred people in one request, against a hundred requests."""

from statistics import median

from tests.bench.company import customer
from tests.bench.figures import Figure, Outcome, Remark, Tell, at_least
from tests.bench.load import send
from tests.bench.sizes import Sizes
from tests.bench.stage import SCIM, Stage
from tests.bench.words import create, create_in_bulk

ROW = "Bulk of 100 people"
PEOPLE = 100
FLOOR = 3
MOST_PEOPLE_A_SECOND = 10_000
NOT_THERE = {404, 405, 501}


def create_many(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Create people both ways in turns, on as many connections."""
    whole, single = [], []
    with stage.web() as server:
        token = customer(stage, "Larkspur in bulk").token
        probe = send(server.port, [create_in_bulk(SCIM, token, ["probe"])], connections=1, refusals=True)
        if probe.answers[0].status in NOT_THERE:
            return [Remark(ROW, f"this bridge has no /Bulk: it answers {probe.answers[0].status}")]
        for turn in range(sizes.rounds):
            tell(f"round {turn + 1}: {ROW}")
            names = [f"t{turn}n{number:06}" for number in range(int(MOST_PEOPLE_A_SECOND * sizes.seconds))]
            starts = range(0, len(names), PEOPLE)
            bulks = [create_in_bulk(SCIM, token, names[start : start + PEOPLE]) for start in starts]
            whole.append(send(server.port, bulks, seconds=sizes.seconds).per_second * PEOPLE)
            ones = [create(SCIM, token, f"one{name}") for name in names]
            single.append(send(server.port, ones, seconds=sizes.seconds).per_second)
    ratios = tuple(a / b for a, b in zip(whole, single, strict=True))
    return [
        at_least(ROW, "Bulk ÷ one by one", median(ratios), "times", FLOOR, rounds=ratios),
        Figure(ROW, "Bulk", median(whole), "people/s", rounds=tuple(whole)),
        Figure(ROW, "one by one", median(single), "people/s", rounds=tuple(single)),
    ]
