"""How many requests a tenant may send, of each kind apart from the others."""

from collections.abc import Callable, Mapping
from typing import Literal

from prometheus_client import Counter

from bridge.access.buckets import Bucket, whole_seconds
from bridge.access.shared_buckets import Buckets, open_buckets
from bridge.errors import LimitReached
from config.settings import Settings

Lane = Literal[
    "scim_reads", "scim_writes", "api_requests", "evaluations", "oauth_tokens", "logins", "hook_requests"
]

#: What is left for deactivations when the bucket of writes is empty.
RESERVE = "deactivations"

LIMITED = Counter("bridge_limited_requests_total", "Requests refused because of a tenant's rate", ["lane"])
SPARED = Counter("bridge_spared_deactivations_total", "Deactivations that passed on their own reserve")


class RateLimits:
    """The buckets of every tenant, with the sizes that the operator has set."""

    def __init__(self, buckets: Buckets, sizes: Mapping[str, Bucket]) -> None:
        self._buckets = buckets
        self._sizes = sizes

    def admit(
        self,
        tenant_id: str,
        lane: Lane,
        *,
        count: int = 1,
        deactivates: Callable[[], bool] = lambda: False,
    ) -> None:
        """Count one request of a tenant, or as many as it holds. Raises ``LimitReached`` when too early.

        What holds many passes as soon as one may; the tenant's next requests wait for the others.
        ``deactivates`` is asked only when the lane is used up: whoever is to lose access does so although
        others of the tenant are refused, as long as the reserve for this lasts.
        """
        wait = self._take(tenant_id, lane, count)
        if wait and deactivates():
            wait = self._take(tenant_id, RESERVE, count)
            if not wait:
                SPARED.inc()
        if not wait:
            return
        LIMITED.labels(lane).inc()
        seconds, size = whole_seconds(wait), self._sizes[lane]
        raise LimitReached(
            f"this tenant sends {lane.replace('_', ' ')} faster than allowed ({size.burst} at once): "
            f"send this again after {seconds} s",
            retry_after_seconds=seconds,
        )

    def _take(self, tenant_id: str, lane: str, count: int) -> int:
        return self._buckets.take(f"{tenant_id}:{lane}", self._sizes[lane], count=count)


def open_rate_limits(chosen: Settings, buckets: Buckets | None = None) -> RateLimits:
    """Return the limits that these settings describe; ``buckets`` are those of whoever brings their own."""
    sizes = {
        "scim_reads": Bucket.of(per_second=chosen.scim_reads_per_second, burst=chosen.scim_reads_burst),
        "scim_writes": Bucket.of(per_second=chosen.scim_writes_per_second, burst=chosen.scim_writes_burst),
        RESERVE: Bucket.of(per_second=chosen.deactivations_per_second, burst=chosen.deactivations_burst),
        "api_requests": Bucket.of(per_second=chosen.api_requests_per_second, burst=chosen.api_requests_burst),
        "evaluations": Bucket.of(per_second=chosen.evaluations_per_second, burst=chosen.evaluations_burst),
        "oauth_tokens": Bucket.of(per_second=chosen.oauth_tokens_per_second, burst=chosen.oauth_tokens_burst),
        "logins": Bucket.of(per_second=chosen.logins_per_second, burst=chosen.logins_burst),
        "hook_requests": Bucket.of(
            per_second=chosen.hook_requests_per_second, burst=chosen.hook_requests_burst
        ),
    }
    return RateLimits(buckets or open_buckets(chosen), sizes)
