"""Requests to be sent from a process of their own, with what the servers' processor time was meanwhile."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

GENERATOR = Path(__file__).with_name("generator.py")
CONNECTIONS = 4
MOST_SECONDS = 600.0


class Refused(Exception):
    """A server refused, or did not answer, a request that it is measured by."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; with ``at`` it is due that many seconds after the start."""

    method: str
    path: str
    token: str
    body: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, ``begun`` and ``seconds`` after the start; ``kept`` is an id or a refusal."""

    index: int
    status: int
    begun: float
    seconds: float
    kept: str

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Load:
    """All answers, the seconds from first to last, the processor seconds of the sender itself."""

    answers: tuple[Answer, ...]
    elapsed: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return len(self.answers) / self.elapsed

    @property
    def milliseconds(self) -> list[float]:
        return [answer.seconds * 1000 for answer in self.answers]


def send(
    port: int,
    requests: Sequence[Request],
    *,
    connections: int = CONNECTIONS,
    seconds: float = MOST_SECONDS,
    again: bool = False,
    keep_ids: bool = False,
    refusals: bool = False,
) -> Load:
    """Send the requests once, or ``again`` and again until the seconds are over.

    Raises ``Refused`` for the first answer other than 2xx, unless ``refusals`` are part of what is measured.
    """
    plan = {
        "port": port,
        "connections": connections,
        "seconds": seconds,
        "again": again,
        "keep_ids": keep_ids,
        "requests": [asdict(request) for request in requests],
    }
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", str(GENERATOR)],
        input=json.dumps(plan),
        capture_output=True,
        check=False,
        text=True,
        timeout=2 * MOST_SECONDS,
    )
    if done.returncode:
        raise Refused(f"the generator ended:\n{done.stderr}")
    seen = json.loads(done.stdout)
    load = Load(tuple(Answer(*answer) for answer in seen["answers"]), seen["elapsed"], seen["cpu"])
    bad = next((answer for answer in load.answers if not answer.good), None)
    if bad is not None and not refusals:
        asked = requests[bad.index]
        raise Refused(f"{asked.method} {asked.path[:80]} was answered {bad.status}: {bad.kept}")
    return load


def percentile(values: Sequence[float], part: int) -> float:
    """Return the value below which ``part`` of a hundred lie; of few values it is the largest."""
    if len(values) < 2:
        return median(values)
    return min(quantiles(values, n=100, method="inclusive")[part - 1], max(values))
