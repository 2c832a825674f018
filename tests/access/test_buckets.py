"""The arithmetic of token buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.access.buckets import MICROSECONDS, Bucket, take, whole_seconds

BUCKETS = st.builds(Bucket.of, per_second=st.integers(1, MICROSECONDS), burst=st.integers(1, 50))
INSTANTS = st.integers(0, 10**16)


def arrivals(gaps: list[int], start: int) -> list[int]:
    instants = [start]
    for gap in gaps:
        instants.append(instants[-1] + gap)
    return instants


def test_a_burst_passes_and_then_the_rate():
    bucket, full_at = Bucket.of(per_second=25, burst=3), 0
    outcomes = []
    for now in (0, 0, 0, 0, 39_999, 40_000, 40_000):
        taken = take(bucket, full_at, now)
        full_at = taken.full_at
        outcomes.append(taken.wait_microseconds)
    assert outcomes == [0, 0, 0, 40_000, 1, 0, 40_000]


@given(BUCKETS, INSTANTS, st.lists(st.integers(0, 200_000), max_size=60))
def test_never_more_than_burst_and_rate_times_time_pass_in_any_window(
    bucket: Bucket, start: int, gaps: list[int]
):
    full_at, passed = 0, []
    for now in arrivals(gaps, start):
        taken = take(bucket, full_at, now)
        full_at = taken.full_at
        passed += [now] if taken.granted else []
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            most = bucket.burst + (passed[last] - passed[first]) // bucket.refill_microseconds
            assert last - first + 1 <= most


def test_what_came_together_passes_together_and_the_next_one_waits_for_it():
    bucket = Bucket.of(per_second=1, burst=5)
    bulk = take(bucket, 0, 0, count=8)
    assert bulk.granted
    refused = take(bucket, bulk.full_at, 0)
    assert refused.wait_microseconds == 4 * MICROSECONDS  # three are owed, and one is to be there
    assert take(bucket, refused.full_at, 4 * MICROSECONDS).granted
    assert take(bucket, bulk.full_at, 4 * MICROSECONDS - 1).wait_microseconds == 1


@given(
    BUCKETS,
    INSTANTS,
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 120)), min_size=1, max_size=60),
)
def test_however_many_come_together_more_than_burst_and_rate_times_time_are_at_most_owed_by_the_last(
    bucket: Bucket, start: int, asked: list[tuple[int, int]]
):
    full_at, passed, at = 0, 0, start
    for gap, count in asked:
        at += gap
        taken = take(bucket, full_at, at, count=count)
        assert taken.wait_microseconds <= bucket.span + bucket.refill_microseconds
        assert taken.granted == take(bucket, full_at, at).granted
        full_at = taken.full_at
        if not taken.granted:
            continue
        gained = (at - start) // bucket.refill_microseconds
        assert passed < bucket.burst + gained  # one was left, whatever passes with it
        passed += min(count, bucket.burst)


@given(BUCKETS, INSTANTS, st.integers(0, 100 * MICROSECONDS), st.integers(0, MICROSECONDS))
def test_the_wait_is_exact_and_waiting_longer_never_hurts(bucket: Bucket, now: int, ahead: int, more: int):
    full_at = min(now + ahead, now + bucket.span)
    refused = take(bucket, full_at, now)
    wait = refused.wait_microseconds
    assert take(bucket, full_at, now + wait + more).granted
    if not refused.granted:
        assert refused.full_at == full_at
        assert take(bucket, full_at, now + wait - 1).wait_microseconds == 1


@given(BUCKETS, INSTANTS, st.integers(1, 10**15))
def test_a_clock_that_was_set_back_owes_no_more_than_a_full_bucket(bucket: Bucket, now: int, ahead: int):
    most = bucket.span + bucket.refill_microseconds
    assert take(bucket, now + 2 * bucket.span + ahead, now).wait_microseconds == most


@given(st.integers(1, MICROSECONDS))
def test_a_bucket_never_gives_more_than_its_rate(per_second: int):
    assert Bucket.of(per_second=per_second, burst=1).refill_microseconds * per_second >= MICROSECONDS


@pytest.mark.parametrize(("microseconds", "seconds"), [(0, 1), (1, 1), (1_000_000, 1), (1_000_001, 2)])
def test_a_client_is_told_whole_seconds(microseconds: int, seconds: int):
    assert whole_seconds(microseconds) == seconds


@given(BUCKETS, INSTANTS, st.integers(0, 100 * MICROSECONDS), st.integers(1, 100))
def test_taking_several_is_taking_one_after_the_other(bucket: Bucket, now: int, ahead: int, wanted: int):
    full_at = one_by_one = now + ahead
    count = 0
    while count < wanted and (taken := take(bucket, one_by_one, now)).granted:
        one_by_one, count = taken.full_at, count + 1
    together = take(bucket, full_at, now, wanted=wanted)
    assert together.count == count
    if count:
        assert together.full_at == one_by_one
