import os
import signal
import subprocess
import sys
import time

import psutil
import requests

PATIENCE_SECONDS = 600  # of a machine that is busy with others
COMMAND = [sys.executable, "-m", "bridge"]
# What is started in the background is deaf to Ctrl-C from its start.
HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
HEARING = [sys.executable, "-c", f"{HEARS}; from bridge.cli import main; main()"]


def test_the_demo_tells_what_came_of_it_and_stays_up_until_it_is_interrupted(tmp_path):
    """On a database and a clock of its own, whatever the environment names; nothing is left running."""
    environment = dict(os.environ) | {
        "BRIDGE_VAR": str(tmp_path),
        "BRIDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'another.db'}",
        "BRIDGE_CLOCK_FILE": "",
    }
    process = subprocess.Popen(  # noqa: S603 (our own command)
        [*HEARING, "demo", "--stay", "--people", "6"], env=environment, stdout=subprocess.PIPE, text=True
    )
    told = []
    for line in process.stdout:
        told.append(line)
        if "bridge_api_" in line:
            break
    said = "".join(told)
    for part in ("Played ", "Seats on", "Invoice 1", "By department", "By person", "Why does"):
        assert part in said
    assert "Reconciliation: 0 findings." in said
    key, address = told[-1].split()[-1], next(line.split()[1] for line in told if " API " in line)
    headers = {"Authorization": f"Bearer {key}"}
    tenant = requests.get(f"{address}/tenant", headers=headers, timeout=PATIENCE_SECONDS)
    assert tenant.json()["currency"] == "USD"
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE_SECONDS) == 0  # as of a demo that does not stay and has no findings
    process.stdout.close()
    assert len(family) >= 3
    assert [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []


def test_a_demo_that_is_stopped_while_its_bridge_starts_leaves_nothing_running(tmp_path):
    environment = dict(os.environ) | {"BRIDGE_VAR": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own command)
            [*COMMAND, "demo", "--stay", "--people", "4"], env=environment, stdout=log, stderr=log
        )
    family: list[psutil.Process] = []
    until = time.monotonic() + PATIENCE_SECONDS
    while len(family) < 5:  # the bridge, its web, what the web starts, worker, schedule
        assert time.monotonic() < until, (tmp_path / "log").read_text()
        time.sleep(0.05)
        family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    gone, alive = psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
    assert (len(gone), alive) == (len(family), [])
