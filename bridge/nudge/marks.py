"""Marks that say of a tenant: a nudge is on its way, another one would tell the workers nothing new.

To send a message costs many times what it costs to look for a mark. A worker takes the mark away before it
reads what is due, so whatever was committed while the mark stood is read by that worker.
"""

from collections.abc import Sequence

from bridge.nudge.redis_client import open_redis
from config.settings import Settings

#: A message that got lost keeps other nudges back no longer than this.
MARK_MILLISECONDS = 1000

PREFIX = "bridge:nudged:"


class Marks:
    """Marks in the Redis that is the broker; elsewhere none ever stands. Errors are those of its driver."""

    def __init__(self, chosen: Settings) -> None:
        self._redis = open_redis(chosen)

    def put(self, tenant_ids: Sequence[str]) -> Sequence[str]:
        """Put the marks of these tenants; return whose did not stand already."""
        if self._redis is None:
            return tenant_ids
        with self._redis.pipeline(transaction=False) as asked:
            for tenant_id in tenant_ids:
                asked.set(PREFIX + tenant_id, b"1", nx=True, px=MARK_MILLISECONDS)
            return [
                tenant_id for tenant_id, is_put in zip(tenant_ids, asked.execute(), strict=True) if is_put
            ]

    def take(self, tenant_ids: Sequence[str]) -> None:
        """Take the marks away."""
        if self._redis is not None:
            self._redis.delete(*(PREFIX + tenant_id for tenant_id in tenant_ids))
