"""A mill with everything it has said in a provisioning log."""

from tests.seats.house import database, shared_url

__all__ = ["database", "shared_url"]
