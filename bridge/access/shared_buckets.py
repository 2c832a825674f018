"""Where the state of buckets is kept: in this process, or in Redis for several processes."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bridge.access.buckets import Bucket, take
from bridge.logs import get_logger
from bridge.nudge.redis_client import open_redis
from config.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

#: How long the process's own buckets are used after Redis failed, before it is asked again.
PAUSE_SECONDS = 5.0

#: A process that asks for one request after the other takes several at a time, so that Redis is not asked for
#: each: twice as many as before whenever those are used up within the time for which they are kept, up to a
#: small part of the burst. What is not used within that time is lost to the tenant.
LEASE_SECONDS = 1.0
MOST_LEASED = 64
PART_OF_BURST = 50

#: Buckets whose leases are remembered at once; beyond, all are forgotten.
MOST_LEASES = 10_000

#: ``take`` of ``bridge.access.buckets`` on Redis's own clock, so that the processes' clocks need not agree.
#: It answers the count, or the wait below zero. The key goes when its bucket is full: a bucket that was never
#: used is full as well.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local refill, span = tonumber(ARGV[1]), tonumber(ARGV[2])
local count, wanted = tonumber(ARGV[3]), tonumber(ARGV[4])
local owing_most = now + 2 * span
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
before = math.min(math.max(before, now), owing_most)
local left = math.floor((now + span - before) / refill)
if left < 1 then return now + span - before - refill end
local taken = math.max(count, math.min(wanted, left))
local after = math.min(before + taken * refill, owing_most)
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return taken
"""

log = get_logger(__name__)


class Buckets(Protocol):
    """Takes requests out of the bucket of a key; returns the microseconds to wait, 0 when they may pass."""

    def take(self, key: str, bucket: Bucket, *, count: int = 1) -> int: ...


def elapsed_microseconds() -> int:
    """Read a clock that runs evenly, whatever the bridge's clock is set to."""
    return time.monotonic_ns() // 1000


class OwnBuckets:
    """Buckets of this process alone; ``now_microseconds`` reads any clock that runs evenly."""

    def __init__(self, now_microseconds: Callable[[], int] = elapsed_microseconds) -> None:
        self._now_microseconds = now_microseconds
        self._full_at: dict[str, int] = {}
        self._taking = threading.Lock()

    def take(self, key: str, bucket: Bucket, *, count: int = 1) -> int:
        """Take what counts as so many requests."""
        with self._taking:
            now = self._now_microseconds()
            taken = take(bucket, self._full_at.get(key, 0), now, count=count)
            self._full_at[key] = taken.full_at
        return taken.wait_microseconds


@dataclass(slots=True)
class Lease:
    """Requests that this process has taken from a shared bucket ahead of time."""

    left: int
    size: int
    until: float


class SharedBuckets:
    """Buckets of all processes that share a Redis; while it fails, each process goes by its own.

    Nothing depends on Redis keeping them: a bucket that is lost is a full one.
    """

    def __init__(self, redis: "Redis") -> None:
        self._own = OwnBuckets()
        self._script = redis.register_script(TAKE)
        self._asked_again_at = 0.0
        self._leases: dict[str, Lease] = {}
        self._leasing = threading.Lock()

    def take(self, key: str, bucket: Bucket, *, count: int = 1) -> int:
        """Take what counts as so many requests; a Redis that fails costs one short wait every few seconds."""
        wanted = self._leased(key, bucket) if count == 1 else 1
        if not wanted:
            return 0
        if time.monotonic() >= self._asked_again_at:
            from redis.exceptions import RedisError  # noqa: PLC0415 (where no Redis is used none is loaded)

            try:
                return self._take(key, bucket, count, wanted)
            except RedisError as error:
                self._asked_again_at = time.monotonic() + PAUSE_SECONDS
                log.warning("limits.redis_failed", error=type(error).__name__, pause_seconds=PAUSE_SECONDS)
        return self._own.take(key, bucket, count=count)

    def _leased(self, key: str, bucket: Bucket) -> int:
        """Use up one leased request and return 0, or return how many to ask for."""
        with self._leasing:
            lease = self._leases.get(key)
            if lease is None or time.monotonic() >= lease.until:
                return 1
            if lease.left:
                lease.left -= 1
                return 0
            return max(1, min(2 * lease.size, MOST_LEASED, bucket.burst // PART_OF_BURST))

    def _take(self, key: str, bucket: Bucket, count: int, wanted: int) -> int:
        arguments = [bucket.refill_microseconds, bucket.span, count, wanted]
        taken = int(self._script(keys=[f"bridge:bucket:{key}"], args=arguments))
        if taken < 1:
            return -taken
        if count > 1:
            return 0
        with self._leasing:
            if len(self._leases) >= MOST_LEASES:
                self._leases.clear()
            present, now = self._leases.get(key), time.monotonic()
            kept = present.left if present is not None and now < present.until else 0
            self._leases[key] = Lease(taken - 1 + kept, taken, now + LEASE_SECONDS)
        return 0


def open_buckets(chosen: Settings) -> Buckets:
    """Return the buckets of these settings: shared where the broker is a Redis; nothing is connected yet."""
    redis = open_redis(chosen)
    return OwnBuckets() if redis is None else SharedBuckets(redis)
