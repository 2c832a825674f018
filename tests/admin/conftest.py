"""The running bridge and the customers of the API's tests, with somebody at their pages."""

import pytest

from tests.admin.visiting import Guest, guest
from tests.api.conftest import lindqvist, okonkwo, running  # noqa: F401 - pytest finds its fixtures here
from tests.api.customers import OCTOBER, Customer, Running


@pytest.fixture(autouse=True)
def october(running: Running, lindqvist: Customer, okonkwo: Customer) -> None:  # noqa: F811 (fixtures)
    """Begin each test at the same instant."""
    running.set_clock(OCTOBER)


@pytest.fixture
def administrator(running: Running, lindqvist: Customer) -> Guest:  # noqa: F811 (fixtures)
    """An administrator of the customer with a month behind it."""
    return guest(running, lindqvist)
