"""A house of people with facts for tests of seats: the fixtures of ``tests.seats.house``."""

from tests.seats.house import database, house, shared_url

__all__ = ["database", "house", "shared_url"]
