import os
import subprocess
import sys
import time

import psutil
import pytest
import requests

from bridge.cli.demo import START
from bridge.cli.stage import Stage, _free_port

pytestmark = pytest.mark.xdist_group("story")

PATIENCE_SECONDS = 600  # of a machine that is busy with others
COMMAND = [sys.executable, "-m", "bridge"]


def test_the_demo_prints_seats_an_invoice_a_reason_and_a_reconciliation_without_findings(tmp_path):
    stage = Stage.set_up(tmp_path / "elsewhere", start=START)
    try:
        told = subprocess.run(  # noqa: S603 (our own command)
            [*COMMAND, "demo", "--people", "20"],
            env=stage.environment | {"BRIDGE_VAR": str(tmp_path), "BRIDGE_CLOCK_FILE": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    finally:
        stage.stop()
    assert told.returncode == 0, told.stdout + told.stderr
    for part in (
        "Played ",
        "Seats on",
        "Invoice 1",
        "By department",
        "By person",
        "Why does",
    ):
        assert part in told.stdout
    assert "Reconciliation: 0 findings." in told.stdout


def test_the_demo_stays_up_until_it_is_stopped_and_leaves_nothing_running(tmp_path):
    environment = dict(os.environ) | {"BRIDGE_VAR": str(tmp_path)}
    process = subprocess.Popen(  # noqa: S603 (our own command)
        [*COMMAND, "demo", "--stay", "--people", "4"], env=environment, stdout=subprocess.PIPE, text=True
    )
    told = []
    for line in process.stdout:
        told.append(line)
        if "bridge_api_" in line:
            break
    key, address = told[-1].split()[-1], next(line.split()[1] for line in told if " API " in line)
    headers = {"Authorization": f"Bearer {key}"}
    assert (
        requests.get(f"{address}/tenant", headers=headers, timeout=PATIENCE_SECONDS).json()["currency"]
        == "USD"
    )
    family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    process.stdout.close()
    assert len(family) >= 3
    assert [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []


def test_a_bridge_that_is_stopped_while_it_starts_leaves_nothing_running(tmp_path):
    environment = dict(os.environ) | {"BRIDGE_VAR": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own command)
            [*COMMAND, "serve", "--port", str(_free_port())], env=environment, stdout=log, stderr=log
        )
    family: list[psutil.Process] = []
    until = time.monotonic() + PATIENCE_SECONDS
    while len(family) < 4:  # web, what the web starts, worker, schedule
        assert time.monotonic() < until, (tmp_path / "log").read_text()
        family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    gone, alive = psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
    assert (len(gone), alive) == (len(family), [])


def test_a_simulated_okta_and_entra_provision_a_bridge_that_keeps_its_own_time(tmp_path):
    stage = Stage.set_up(tmp_path / "var", start=START)
    customer = stage.found("Larkspur", currency="USD", timezone="UTC", now=START)
    try:
        stage.serve()
        for kind, token in customer.tokens.items():
            words = ["simulate", kind, "--url", f"{stage.address}/scim/v2", "--token", token, "--people", "4"]
            told = subprocess.run(  # noqa: S603 (our own command)
                [*COMMAND, *words],
                env=stage.environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE_SECONDS,
            )
            assert told.returncode == 0, told.stderr
            assert "all answered as the real client expects" in told.stdout
    finally:
        stage.stop()
