"""Rates of which nothing comes back while a test runs, however long that takes."""

from bridge.access.limits import RateLimits, open_rate_limits
from bridge.access.shared_buckets import OwnBuckets
from config.settings import Settings


def stopped_rates(chosen: Settings) -> RateLimits:
    """Return the limits of these settings, with a clock that stands still."""
    return open_rate_limits(chosen, OwnBuckets(lambda: 0))
