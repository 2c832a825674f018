"""One running bridge for the tests of a module, and customers with and without a month behind them."""

from collections.abc import Iterator

import pytest

from tests.admin.visiting import Guest, guest
from tests.api.customers import OCTOBER, Customer, Running, add_customer, live_through_september
from tests.api.running_bridge import running_bridge


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_bridge(request, tmp_path_factory.mktemp("admin")) as bridge:
        yield bridge


@pytest.fixture(scope="module")
def lindqvist(running: Running) -> Customer:
    """A customer with people, a group, rules, a storm to decide; the day is 2 October."""
    customer = add_customer(running, "Lindqvist Freight")
    live_through_september(running, customer)
    return customer


@pytest.fixture(scope="module")
def okonkwo(running: Running) -> Customer:
    """A customer who has just begun: a connection, nobody in it."""
    customer = add_customer(running, "Okonkwo Textiles")
    running.set_clock(OCTOBER)
    return customer


@pytest.fixture(autouse=True)
def october(running: Running, lindqvist: Customer, okonkwo: Customer) -> None:
    """Begin each test at the same instant."""
    running.set_clock(OCTOBER)


@pytest.fixture
def administrator(running: Running, lindqvist: Customer) -> Guest:
    """An administrator of the customer with a month behind it."""
    return guest(running, lindqvist)
