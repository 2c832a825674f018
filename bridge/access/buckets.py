"""The arithmetic of token buckets: how much of a rate is left, and when there is enough again."""

from dataclasses import dataclass
from typing import Self

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a bucket holds when it is full, and how long it takes to regain one request.

    All that is kept of a bucket is the instant at which it will be full again, in whole microseconds of any
    clock that runs evenly. Whole numbers make the bound exact: never more than burst + rate x time, but for
    what the last one that passed may owe.
    """

    burst: int
    refill_microseconds: int

    @classmethod
    def of(cls, *, per_second: int, burst: int) -> Self:
        """Return the bucket of a sustained rate; where a second does not divide evenly, a little less."""
        return cls(burst, -(-MICROSECONDS // per_second))

    @property
    def span(self) -> int:
        """Microseconds in which an empty bucket becomes full."""
        return self.burst * self.refill_microseconds


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking for requests: so many were granted, or one is left after the wait."""

    full_at: int
    wait_microseconds: int
    count: int

    @property
    def granted(self) -> bool:
        """Whether at least one request may pass now."""
        return not self.wait_microseconds


def take(bucket: Bucket, full_at: int, now: int, *, count: int = 1, wanted: int = 1) -> Taken:
    """Take what counts as ``count`` requests; the bucket was to be full at ``full_at``, one never used at 0.

    Where one is left all pass, since what came together is not parted; what is then missing is owed, and
    whoever comes next waits for it. A bucket owes as much as it holds and no more, so that the wait is at
    most one request longer than its span. A refusal costs nothing. An instant further ahead comes of a clock
    that was set back; it is read as the most that can be owed. Up to ``wanted`` are taken where that many
    are left.
    """
    owing_most = now + 2 * bucket.span
    before = min(max(full_at, now), owing_most)
    left = (now + bucket.span - before) // bucket.refill_microseconds
    if left < 1:
        return Taken(before, before + bucket.refill_microseconds - now - bucket.span, 0)
    taken = max(count, min(wanted, left))
    return Taken(min(before + taken * bucket.refill_microseconds, owing_most), 0, taken)


def whole_seconds(microseconds: int) -> int:
    """Return the seconds of ``Retry-After`` (RFC 9110 section 10.2.3): at least the wait, at least 1."""
    return max(1, -(-microseconds // MICROSECONDS))
