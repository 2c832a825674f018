"""What a quote takes, from its document to its answer."""

import time
from statistics import median

import orjson

from bridge.billing.quote import answer_quote
from tests.bench.figures import Figure, Outcome, Tell, at_most
from tests.bench.load import Refused
from tests.bench.sizes import Sizes
from tests.bench.stage import Stage

MOST_MILLISECONDS = 1000


def quote_a_month(_stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Quote the month of as many people: two plans, some who come, leave and move within the month."""
    row = f"quote of the month of {sizes.population:,} people"
    document = orjson.dumps(_document(sizes.population))
    times, cpu = [], []
    for turn in range(sizes.jumps + 1):
        tell(f"{row}: {turn} of {sizes.jumps}")
        before = time.perf_counter(), time.process_time()
        answer = orjson.dumps(answer_quote(document))
        times.append(1000 * (time.perf_counter() - before[0]))
        cpu.append(1000 * (time.process_time() - before[1]))
    people = {each["person"] for each in orjson.loads(answer)["invoices"][0]["people"]}
    if len(people) != sizes.population:
        raise Refused(f"{sizes.population} people were to be quoted, found {len(people)}")
    return [
        at_most(row, "median, document to answer", median(times[1:]), "ms", MOST_MILLISECONDS),
        Figure(row, "CPU", median(cpu[1:]), "ms"),
    ]


def _document(people: int) -> dict[str, object]:
    return {
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "period": {"start": "2026-01-01", "end": "2026-02-01"},
        "terms": [
            {"plan": "standard", "rank": 20, "unit_amount": "39.00"},
            {"plan": "premium", "rank": 30, "unit_amount": "79.00", "discount_percent": "5"},
        ],
        "seats": [seat for number in range(people) for seat in _seats(number)],
        "tax_percent": "19",
    }


def _seats(number: int) -> list[dict[str, str | None]]:
    """Of twenty people one moves to another plan, one comes, one leaves; each at an instant of his own."""
    person = {"person": f"person-{number * 7919 % 1_000_003:07}", "department": f"Department {number % 23}"}
    moment = f"2026-01-{1 + number % 31:02}T{number % 24:02}:{number % 60:02}:{number % 59:02}Z"
    hired, kind = f"2025-{1 + number % 12:02}-01T08:00:00Z", number % 20
    if kind == 0:
        return [
            {**person, "plan": "standard", "start": hired, "end": moment},
            {**person, "plan": "premium", "start": moment, "end": None},
        ]
    start, end = moment if kind == 1 else hired, moment if kind == 2 else None
    return [{**person, "plan": "standard", "start": start, "end": end}]
