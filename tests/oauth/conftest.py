"""A running bridge with a customer whose connection is an OAuth client."""

import pytest

from tests.api.conftest import running
from tests.api.customers import Customer, Running, add_customer
from tests.oauth.asking import Asking

__all__ = ["running"]


@pytest.fixture
def customer(running: Running, request: pytest.FixtureRequest) -> Customer:
    made = add_customer(running, f"Lindqvist Freight {request.node.name[:150]}")
    running.api(made, "DELETE", f"/connections/{made.ids['connection']}/oauth-client")
    return made


@pytest.fixture
def client(running: Running, customer: Customer) -> Asking:
    return Asking.with_a_secret(running, customer)
