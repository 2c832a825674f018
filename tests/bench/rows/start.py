"""How soon a web process answers, and how much memory it takes."""

import os
import signal
import subprocess
import time
from statistics import median

import psutil

from tests.bench.company import customer
from tests.bench.figures import Outcome, Tell, at_most
from tests.bench.load import send
from tests.bench.servers import answers, granian, python_path
from tests.bench.sizes import Sizes
from tests.bench.stage import SCIM, UNHINDERED, Stage
from tests.bench.words import create, page
from tests.servers.kept import free_port

ROW = "start and memory of a web process"
MOST_SECONDS, MOST_MEGABYTES = 2, 130
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.01
REQUESTS = 500


def start_web(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Start the server again and again; weigh the process once it has done some work."""
    token = customer(stage, "Larkspur starting").token
    seconds, megabytes = [], []
    for turn in range(sizes.rounds):
        tell(f"round {turn + 1}: start")
        port = free_port()
        begun = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own server
            granian("bridge.app:create_app")(port),
            env=os.environ | UNHINDERED | python_path(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not answers(port, "/healthz"):
                if time.perf_counter() > begun + PATIENCE_SECONDS:
                    raise TimeoutError(f"the bridge did not answer within {PATIENCE_SECONDS:.0f} s")
                time.sleep(LOOK_SECONDS)
            seconds.append(time.perf_counter() - begun)
            writes = [create(SCIM, token, f"s{turn}x{number:05}") for number in range(REQUESTS)]
            send(port, [*writes, *[page(SCIM, token, 1)] * 20])
            [web] = psutil.Process(process.pid).children()
            megabytes.append(web.memory_info().rss / 1e6)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_SECONDS)
    return [
        at_most(
            ROW, "start until the first answer", median(seconds), "s", MOST_SECONDS, rounds=tuple(seconds)
        ),
        at_most(ROW, "resident memory", median(megabytes), "MB", MOST_MEGABYTES, rounds=tuple(megabytes)),
    ]
