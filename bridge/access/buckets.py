"""The arithmetic of token buckets: how much of a rate is left, and when there is enough again."""

from dataclasses import dataclass
from typing import Self

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a bucket holds when it is full, and how long it takes to regain one request.

    All that is kept of a bucket is the instant at which it will be full again, in whole microseconds of any
    clock that runs evenly. Whole numbers make the bound exact: never more than burst + rate x time.
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


def take(bucket: Bucket, full_at: int, now: int, *, wanted: int = 1) -> Taken:
    """Take up to ``wanted`` requests from a bucket that was to be full at ``full_at``; a new one: at 0.

    A refusal costs nothing. An instant further ahead than an empty bucket needs comes of a clock that was
    set back; it is read as an empty bucket.
    """
    before = min(max(full_at, now), now + bucket.span)
    count = min(wanted, (now + bucket.span - before) // bucket.refill_microseconds)
    if count < 1:
        return Taken(before, before + bucket.refill_microseconds - now - bucket.span, 0)
    return Taken(before + count * bucket.refill_microseconds, 0, count)


def whole_seconds(microseconds: int) -> int:
    """Return the seconds of ``Retry-After`` (RFC 9110 section 10.2.3): at least the wait, at least 1."""
    return max(1, -(-microseconds // MICROSECONDS))
