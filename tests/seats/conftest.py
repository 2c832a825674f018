from tests.seats.house import database, house, shared_url

__all__ = ["database", "house", "shared_url"]
