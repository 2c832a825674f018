"""A tenant with people, whose consumption and sign-ins are taken in."""

import pytest

from tests.invoicing.conftest import database  # noqa: F401 - pytest finds the fixture here
from tests.invoicing.counting import Counting


@pytest.fixture
def books(database) -> Counting:  # noqa: F811 - the fixture above
    books = Counting.of(database)
    books.person("ada")
    books.person("bob")
    books.meter("calls")
    return books
