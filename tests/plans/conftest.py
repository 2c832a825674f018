"""One running bridge on each database, in which every story brings a customer of its own."""

import pytest

from tests.api.conftest import running  # noqa: F401 - pytest finds the fixture here
from tests.api.customers import Running, add_customer
from tests.plans.telling import Story


@pytest.fixture
def story(running: Running, request: pytest.FixtureRequest) -> Story:  # noqa: F811 - the fixture above
    return Story(running, add_customer(running, request.node.name))
