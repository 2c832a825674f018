"""The rates of tenants, in one process and in several that share a Redis."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from bridge.access.buckets import MICROSECONDS, Bucket, take
from bridge.access.limits import Lane, RateLimits, open_rate_limits
from bridge.access.shared_buckets import (
    LEASE_SECONDS,
    PART_OF_BURST,
    PAUSE_SECONDS,
    OwnBuckets,
    SharedBuckets,
    open_buckets,
)
from bridge.errors import LimitReached
from config.settings import Settings

if TYPE_CHECKING:
    import redis

HOUR = 3600 * MICROSECONDS
SLOW = Bucket(burst=5, refill_microseconds=HOUR)  # nothing comes back while a test runs
SIZES = dict.fromkeys(("scim_reads", "scim_writes", "deactivations", "api_requests", "oauth_tokens"), SLOW)
PATIENT = 60_000
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def limits_of(sizes: dict[str, Bucket] = SIZES, now: Callable[[], int] = lambda: 0) -> RateLimits:
    return RateLimits(OwnBuckets(now), sizes)


def passes(
    limits: RateLimits, tenant_id: str, lane: Lane, *, deactivates: Callable[[], bool] | None = None
) -> bool:
    try:
        limits.admit(tenant_id, lane, **({"deactivates": deactivates} if deactivates else {}))
    except LimitReached:
        return False
    return True


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_past_its_burst_a_tenant_is_told_when_to_come_back():
    limits = limits_of()
    before = counted("bridge_limited_requests_total", lane="scim_writes")
    assert [passes(limits, "lindqvist", "scim_writes") for _ in range(6)] == [True] * 5 + [False]
    with pytest.raises(LimitReached, match="scim writes") as refused:
        limits.admit("lindqvist", "scim_writes")
    assert refused.value.retry_after_seconds == 3600
    assert counted("bridge_limited_requests_total", lane="scim_writes") == before + 2


def test_tenants_and_lanes_do_not_take_from_one_another():
    limits = limits_of()
    assert [passes(limits, "lindqvist", "scim_writes") for _ in range(6)].count(True) == 5
    assert passes(limits, "okonkwo", "scim_writes")
    for lane in ("scim_reads", "api_requests", "oauth_tokens"):
        assert passes(limits, "lindqvist", lane)


def test_deactivations_pass_on_their_reserve_until_that_is_used_up_too():
    limits, asked = limits_of(), []
    before = counted("bridge_spared_deactivations_total")

    def deactivates() -> bool:
        asked.append(True)
        return True

    for _ in range(5):
        assert passes(limits, "lindqvist", "scim_writes", deactivates=deactivates)
    assert asked == []
    for _ in range(5):
        assert passes(limits, "lindqvist", "scim_writes", deactivates=deactivates)
    assert not passes(limits, "lindqvist", "scim_writes", deactivates=deactivates)
    assert not passes(limits, "lindqvist", "scim_writes", deactivates=lambda: False)
    assert counted("bridge_spared_deactivations_total") == before + 5


def test_what_holds_many_is_paid_by_the_tenants_next_requests_and_by_nobody_else():
    limits = limits_of()
    limits.admit("lindqvist", "scim_writes", count=9)
    with pytest.raises(LimitReached) as refused:
        limits.admit("lindqvist", "scim_writes", count=2)
    assert refused.value.retry_after_seconds == 5 * 3600  # four are owed, and one is to be there
    assert passes(limits, "okonkwo", "scim_writes")


def test_what_holds_many_deactivations_is_paid_out_of_their_reserve():
    limits = limits_of()
    for _ in range(2):
        limits.admit("lindqvist", "scim_writes", count=8, deactivates=lambda: True)
    assert not passes(limits, "lindqvist", "scim_writes", deactivates=lambda: True)


def test_what_is_refused_comes_back_with_time():
    clock = [0]
    limits = limits_of({**SIZES, "scim_reads": Bucket.of(per_second=50, burst=1)}, lambda: clock[0])
    assert passes(limits, "lindqvist", "scim_reads")
    clock[0] = 19_999
    assert not passes(limits, "lindqvist", "scim_reads")
    clock[0] = 20_000
    assert passes(limits, "lindqvist", "scim_reads")


def test_the_time_that_counts_is_real():
    buckets, quick = OwnBuckets(), Bucket.of(per_second=1_000, burst=1)
    while buckets.take("lindqvist:scim_reads", quick) == 0:
        """The machine is slower than the rate."""
    while buckets.take("lindqvist:scim_reads", quick):
        """Until it has come back."""


def test_threads_at_once_take_no_more_than_there_is():
    limits = limits_of({**SIZES, "scim_reads": Bucket(burst=100, refill_microseconds=HOUR)})
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda _: passes(limits, "lindqvist", "scim_reads"), range(400)))
    assert outcomes.count(True) == 100


def test_the_defaults_let_an_import_burst_pass_and_promise_25_a_second():
    chosen, limits = Settings(), open_rate_limits(Settings())
    assert min(chosen.scim_reads_per_second, chosen.scim_writes_per_second) >= 25
    assert all(passes(limits, "lindqvist", "scim_writes") for _ in range(chosen.scim_writes_burst))
    assert all(passes(limits, "lindqvist", "scim_reads") for _ in range(chosen.scim_reads_burst))


def test_only_a_redis_broker_is_shared():
    for url in ("", "amqp://guest@127.0.0.1//"):
        assert isinstance(open_buckets(Settings(broker_url=url)), OwnBuckets)
    assert isinstance(open_buckets(Settings(broker_url=NOBODY_LISTENS)), SharedBuckets)


def test_processes_that_share_a_redis_share_the_buckets(redis_url: str):
    first, second = (
        open_buckets(Settings(broker_url=redis_url, nudge_milliseconds=PATIENT)) for _ in range(2)
    )
    key = f"{uuid4()}:scim_writes"
    waits = [each.take(key, SLOW) for _ in range(3) for each in (first, second)]
    assert waits[:5] == [0] * 5
    assert 0 < waits[5] <= HOUR
    assert second.take(f"{uuid4()}:scim_writes", SLOW) == 0


@given(
    st.integers(1, 1000),
    st.integers(1, 40),
    st.lists(st.integers(1, 60), min_size=1, max_size=8),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_redis_counts_as_the_arithmetic_does(redis_url: str, per_second: int, burst: int, counts: list[int]):
    import redis  # noqa: PLC0415 (the tests without a server need none)

    bucket, key = Bucket.of(per_second=per_second, burst=burst), str(uuid4())
    with redis.Redis.from_url(redis_url) as client:
        buckets = SharedBuckets(client)
        for count in counts:
            full_at = int(client.get(f"bridge:bucket:{key}") or 0)
            began = clock_of(client)
            wait = buckets.take(key, bucket, count=count)
            until = clock_of(client)
            kept = int(client.get(f"bridge:bucket:{key}") or 0)
            first, last = (take(bucket, full_at, at, count=count) for at in (began, until))
            assert last.wait_microseconds <= wait <= first.wait_microseconds
            assert not kept or wait or first.full_at <= kept <= last.full_at


def clock_of(client: "redis.Redis") -> int:
    seconds, microseconds = client.time()
    return seconds * MICROSECONDS + microseconds


def test_a_shared_bucket_refills_and_is_forgotten_when_it_is_full(redis_url: str):
    import redis  # noqa: PLC0415 (the tests without a server need none)

    buckets = open_buckets(Settings(broker_url=redis_url, nudge_milliseconds=PATIENT))
    single, key = Bucket(burst=1, refill_microseconds=HOUR), f"{uuid4()}:scim_reads"
    assert buckets.take(key, single) == 0
    wait = buckets.take(key, single)
    assert 0 < wait <= HOUR
    with redis.Redis.from_url(redis_url) as client:
        kept = f"bridge:bucket:{key}"
        assert wait - MICROSECONDS * 60 < client.pttl(kept) * 1000 <= HOUR
        client.decrby(kept, HOUR)  # as if an hour had passed
        assert buckets.take(key, single) == 0
        assert 0 < buckets.take(key, single) <= HOUR


def test_without_its_redis_a_process_goes_by_its_own_buckets_and_soon_stops_asking(
    capsys: pytest.CaptureFixture[str],
):
    began = time.monotonic()
    buckets = open_buckets(Settings(broker_url=NOBODY_LISTENS))
    waits = [buckets.take("lindqvist:scim_writes", SLOW) for _ in range(6)]
    assert waits[:5] == [0] * 5
    assert waits[5] > 0
    for _ in range(100):
        buckets.take("lindqvist:scim_writes", SLOW)
    asked = capsys.readouterr().err.count("limits.redis_failed")
    assert 1 <= asked <= 1 + (time.monotonic() - began) / PAUSE_SECONDS


def test_leases_of_many_processes_never_add_up_to_more_than_there_is(redis_url: str):
    slow, key = Bucket(burst=400, refill_microseconds=HOUR), f"{uuid4()}:scim_reads"
    processes = [open_buckets(Settings(broker_url=redis_url, nudge_milliseconds=PATIENT)) for _ in range(3)]
    began = time.monotonic()
    with ThreadPoolExecutor(6) as threads:
        waits = list(threads.map(lambda number: processes[number % 3].take(key, slow), range(900)))
    leases_ended = 1 + int((time.monotonic() - began) / LEASE_SECONDS)
    lost = 3 * leases_ended * slow.burst // PART_OF_BURST
    assert 400 - lost <= waits.count(0) <= 400


def test_a_busy_process_asks_its_redis_for_several_at_a_time(redis_url: str):
    import redis  # noqa: PLC0415 (the tests without a server need none)

    buckets = open_buckets(Settings(broker_url=redis_url, nudge_milliseconds=PATIENT))
    busy, key = Bucket.of(per_second=1, burst=4000), f"{uuid4()}:scim_reads"
    with redis.Redis.from_url(redis_url) as client:
        before = client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0)
        assert all(buckets.take(key, busy) == 0 for _ in range(1000))
        asked = client.info("commandstats")["cmdstat_evalsha"]["calls"] - before
    assert asked < 100
