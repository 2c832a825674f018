"""One running bridge on each database for all tests of a module; its clock is driven."""

from collections.abc import Iterator

import pytest

from tests.api.customers import OCTOBER, Customer, Running, add_customer, live_through_september
from tests.api.running_bridge import running_bridge


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("api")
    with running_bridge(request, folder, page_most=50) as bridge:
        yield bridge


@pytest.fixture(scope="module")
def lindqvist(running: Running) -> Customer:
    customer = add_customer(running, "Lindqvist Freight")
    live_through_september(running, customer)
    return customer


@pytest.fixture(scope="module")
def okonkwo(running: Running) -> Customer:
    customer = add_customer(running, "Okonkwo Textiles")
    running.set_clock(OCTOBER)
    return customer
