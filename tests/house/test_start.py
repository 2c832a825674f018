import subprocess
import sys

import pytest

from tests.house.sources import name, python_files

# What a web process needs for rare routes only, or not at all: each would make every start slower, and stay.
LATE = {
    "alembic": "migrations and /readyz",
    "authlib": "the token endpoint",
    "celery": "workers",
    "fpdf": "invoices on paper",
    "joserfc": "the first sign-in",
    "kombu": "the first nudge",
    "redis": "a broker or limits on Redis",
    "requests": "deliveries and commands",
    "rich": "commands",
    "stripe": "the first event of Stripe",
    "bridge.cli": "commands",
    "bridge.simulator": "the demo",
}


def loaded_by(*steps):
    """Tell what a fresh interpreter has loaded after each of these imports, one after the other."""
    script = "import sys\n" + "\n".join(f"import {modules}; print(*sys.modules)" for modules in steps)
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    return [set(line.split()) for line in told.stdout.splitlines()]


@pytest.fixture(scope="module")
def steps_of_the_web():
    return loaded_by("bridge.app", "bridge.nudge.messages, bridge.nudge.broker", "rich.table")


@pytest.fixture(scope="module")
def of_the_web(steps_of_the_web):
    return steps_of_the_web[0]


@pytest.mark.parametrize("module", LATE)
def test_a_web_process_starts_without_what_its_first_requests_do_not_need(of_the_web, module):
    assert "bridge.web.scim.users" in of_the_web
    assert module not in of_the_web


def test_a_web_process_that_nudges_workers_does_not_load_what_makes_a_worker(steps_of_the_web):
    loaded = steps_of_the_web[1]
    assert "kombu" in loaded
    assert "celery" not in loaded


def test_the_tables_are_compared_with_all_that_are_declared():
    declared = [name(path) for path in python_files("bridge") if path.name == "tables.py"]
    modules = {each.removesuffix(".py").replace("/", ".") for each in declared}
    assert "bridge.seats.tables" in modules
    [loaded] = loaded_by("bridge.cli.migrations")
    assert modules <= loaded


def test_commands_still_draw_with_rich(steps_of_the_web):
    assert "rich.table" in steps_of_the_web[2]
