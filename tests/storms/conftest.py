"""One database for all tests of a module, in which each founds a mill of its own."""

from tests.seats.house import database, shared_url

__all__ = ["database", "shared_url"]
