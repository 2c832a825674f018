"""The local days of a period as a row of bits, with the instants at which they begin.

A set of days is an integer: bit ``d`` stands for the ``d``-th day. The day boundaries are looked up in the
zone once per period, so a day of 23 or 25 hours is one day like any other, and asking for the days of a
span is two bisections. Instants are whole microseconds since 1970 (UTC): integers, because spans are
compared and summed millions of times.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.billing.periods import Period
from bridge.errors import InvalidValue

Days = int
"""A set of days of one period, one bit each."""
Span = tuple[int, int]
"""Instants ``[start, end)`` in microseconds."""

FOREVER = 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OF_THE_MACHINE = frozenset({"Factory", "localtime", "posixrules"})
"""Files beside the zones on some machines, as ``right/`` is with its leap seconds: the same facts must cost
the same everywhere."""


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 of an aware datetime, exactly."""
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def zone_of(name: str, *, pointer: str = "/timezone") -> ZoneInfo:
    """Return the IANA zone of that name. Raises InvalidValue when there is none."""
    refused = InvalidValue(
        f"found {name[:60]!r}, allowed a zone of the IANA database such as Europe/Berlin", pointer=pointer
    )
    if name in _OF_THE_MACHINE or name.startswith(("posix/", "right/")):
        raise refused
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise refused from unknown


def first_instant(day: date, zone: ZoneInfo) -> int:
    """Return the first instant of a local date.

    Where midnight is skipped or repeated, the earliest instant counts.
    """
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=zone))


@dataclass(frozen=True, slots=True)
class PeriodDays:
    """The local days of one period in one zone."""

    period: Period
    zone: ZoneInfo
    dates: tuple[int, ...]
    """The proleptic ordinals of the dates, in order."""
    edges: tuple[int, ...]
    """The first instant of each day, then the end of the last."""

    @classmethod
    def of(cls, period: Period, timezone: str) -> "PeriodDays":
        """Look the day boundaries up. A date the zone skipped (30 December 2011 in Apia) is no day at all."""
        zone = zone_of(timezone)
        edges = [first_instant(period.start + timedelta(days=day), zone) for day in range(period.days + 1)]
        kept = [day for day in range(period.days) if edges[day] < edges[day + 1]]
        if not kept:
            raise InvalidValue(
                f"found a period of dates that {timezone} skipped, allowed one with a day", pointer="/period"
            )
        first = period.start.toordinal()
        return cls(
            period, zone, tuple(first + day for day in kept), (*(edges[day] for day in kept), edges[-1])
        )

    @property
    def count(self) -> int:
        return len(self.dates)

    @property
    def all(self) -> Days:
        return (1 << len(self.dates)) - 1

    @property
    def start(self) -> int:
        return self.edges[0]

    @property
    def end(self) -> int:
        return self.edges[-1]

    def day_of(self, instant: int) -> int | None:
        """Return the number of the day that contains the instant; None outside the period."""
        return bisect_right(self.edges, instant) - 1 if self.start <= instant < self.end else None

    def between(self, first: date | None, until: date | None) -> Days:
        """Return the days from ``first`` on and before ``until``; None is open."""
        low = 0 if first is None else bisect_left(self.dates, first.toordinal())
        high = self.count if until is None else bisect_left(self.dates, until.toordinal())
        return run(low, high)

    def touched(self, start: int, end: int) -> Days:
        """Return the days in which a span holds at any instant.

        One that ends at midnight was last held the day before.
        """
        if end <= start:
            return 0
        return run(
            max(bisect_right(self.edges, start) - 1, 0), bisect_left(self.edges, end, 0, len(self.dates))
        )

    def at_midnight(self, start: int, end: int) -> Days:
        """Return the days whose last instant a span holds."""
        if end <= start:
            return 0
        return run(max(bisect_right(self.edges, start) - 1, 0), bisect_right(self.edges, end) - 1)

    def from_on(self, start: int) -> Days:
        """Return the day that contains the instant and all later ones."""
        return run(max(bisect_right(self.edges, start) - 1, 0), self.count)

    def active(self, signed_in: date, window_days: int) -> Days:
        """Return the days at most ``window_days`` after a sign-in, itself included."""
        first = signed_in.toordinal()
        return run(bisect_left(self.dates, first), bisect_right(self.dates, first + window_days))

    def spans(self, days: Days) -> list[Span]:
        """Return the days as spans of instants, neighbours joined."""
        spans: list[Span] = []
        low = 0
        while days >> low:
            low += _trailing_zeros(days >> low)
            length = _trailing_zeros(~(days >> low))
            spans.append((self.edges[low], self.edges[low + length]))
            low += length
        return spans


def run(low: int, high: int) -> Days:
    """Return the days from number ``low`` on and before number ``high``."""
    return (1 << high) - (1 << low) if high > low else 0


def _trailing_zeros(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def union(spans: list[Span]) -> list[Span]:
    """Return the same instants as sorted, disjoint spans that do not touch."""
    if len(spans) == 1:
        return spans
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def common(left: list[Span], right: list[Span]) -> list[Span]:
    """Return the instants in both; each side sorted and disjoint."""
    both = []
    i = j = 0
    while i < len(left) and j < len(right):
        low, high = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if low < high:
            both.append((low, high))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return both


def without(spans: list[Span], taken: list[Span]) -> list[Span]:
    """Return the instants of ``spans`` that are in none of ``taken``; each side sorted and disjoint."""
    edges = [-FOREVER, *(edge for span in taken for edge in span), FOREVER]
    return common(spans, list(zip(edges[::2], edges[1::2], strict=True)))
