"""From the answer to an identity provider until the seat is written."""

import http.client
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import psycopg

from tests.bench.company import customer
from tests.bench.figures import Outcome, Tell, at_most
from tests.bench.load import Refused, Request, percentile
from tests.bench.servers import Server, python_path, running
from tests.bench.sizes import Sizes
from tests.bench.stage import SCIM, Stage
from tests.bench.words import create

ROW = "SCIM 2xx → seat span written"
MOST_P50_MILLISECONDS, MOST_P99_MILLISECONDS = 50, 1000
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.001
PAUSE_SECONDS = 0.02


@contextmanager
def worker(stage: Stage, web: Server) -> Iterator[Server]:
    """Run two workers and the schedule, as the Procfile; they are up once one has written a seat."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "workers.app", "worker"]
    options = ["--beat", "--concurrency", "2", "--loglevel", "ERROR"]
    with running(lambda _port: [*command, *options], python_path(), path=None) as server:
        _wait_until_it_works(stage, web)
        yield server


def wait_for_seats(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Create people one after another, and look for the seat of each from its answer on."""
    times = []
    with stage.web() as web, worker(stage, web), stage.superuser() as database:
        token = customer(stage, "Larkspur seated").token
        client = http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE_SECONDS)
        tell(f"{ROW}, {sizes.seats} times")
        for number in range(sizes.seats + 1):
            times.append(_milliseconds(client, database, create(SCIM, token, f"s{number:06}")))
            time.sleep(PAUSE_SECONDS)
        client.close()
    warm = times[1:]
    return [
        at_most(ROW, "p50", median(warm), "ms", MOST_P50_MILLISECONDS),
        at_most(ROW, "p99", percentile(warm, 99), "ms", MOST_P99_MILLISECONDS),
    ]


def _wait_until_it_works(stage: Stage, web: Server) -> None:
    token = customer(stage, f"Larkspur warming {web.port}").token
    client = http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE_SECONDS)
    with stage.superuser() as database:
        _milliseconds(client, database, create(SCIM, token, "warm"))
    client.close()


def _milliseconds(
    client: http.client.HTTPConnection, database: psycopg.Connection, request: Request
) -> float:
    """Send one request and return how long after its answer the person's seat could be read."""
    headers = {"Authorization": f"Bearer {request.token}", "Content-Type": "application/scim+json"}
    client.request(request.method, request.path, request.body, headers)
    answer = client.getresponse()
    body = answer.read()
    answered = time.perf_counter()
    if answer.status != 201:
        raise Refused(f"POST /Users was answered {answer.status}: {body[:300].decode(errors='replace')}")
    person_id = answer.headers["Location"].rsplit("/", 1)[1]
    while time.perf_counter() < answered + PATIENCE_SECONDS:
        if database.execute("SELECT 1 FROM seats WHERE person_id = %s", [person_id]).fetchone():
            return 1000 * (time.perf_counter() - answered)
        time.sleep(LOOK_SECONDS)
    raise Refused(f"no seat was written within {PATIENCE_SECONDS:.0f} s: are the workers up?")
