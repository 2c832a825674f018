"""One running bridge on each database for all tests of a module; its clock is driven."""

from tests.api.conftest import running

__all__ = ["running"]
