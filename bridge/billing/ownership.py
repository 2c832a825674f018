"""Whose seat a local day is: each (person, day) belongs to one term, the highest-ranked whose basis would bill it.

Terms that count instants share a day instant by instant, when the day's owner counts instants too. A lost day takes no
slot, no free seat and no part in a peak.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.billing.local_days import (
    FOREVER,
    Days,
    LocalDays,
    Span,
    common,
    microseconds,
    union,
    without,
)
from bridge.billing.terms import BY_INSTANT
from bridge.billing.windows import Window


@dataclass(frozen=True, slots=True)
class SeatSpan:
    """A fact: this person held a seat of this plan from ``start`` to ``end`` (UTC; None: still does)."""

    person: str
    plan: str
    start: datetime
    end: datetime | None = None
    department: str | None = None
    cost_centre: str | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A fact: this person signed in."""

    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HeldSeat:
    """A seat with its instants in microseconds, cut to a term's window."""

    span: Span
    started: int
    department: str | None
    cost_centre: str | None


@dataclass(frozen=True, slots=True)
class Holding:
    """What one person holds of one term, after all days were given to their owners."""

    person: str
    days: Days
    """The days this term owns."""
    spans: list[Span]
    """The instants held on those days, with those a basis adds (``sticky_month``)."""
    seats: list[HeldSeat]


Ranked = list[tuple[int, Window]]
HoldingsByWindow = tuple[list[Holding], ...]


def holdings_of(
    windows: tuple[Window, ...], seats: Iterable[SeatSpan], sign_ins: Iterable[SignIn], *, frozen: bool
) -> HoldingsByWindow:
    """For each window its holdings, by person in code points.

    ``frozen`` bills in advance: the seats held at the period's first instant as if they stayed, every one of them active.
    """
    by_plan: dict[str, Ranked] = defaultdict(list)
    for place, window in enumerate(windows):
        by_plan[window.term.plan].append((place, window))
    held = _held_by_person(by_plan, seats, frozen=frozen)
    active = None if frozen else _Active(windows, sign_ins)
    owned: HoldingsByWindow = tuple([] for _ in windows)
    order = sorted(range(len(windows)), key=lambda place: -windows[place].term.rank)
    for person in sorted(held):
        _give_days(person, held[person], windows, order, active, owned)
    return owned


def _held_by_person(
    by_plan: Mapping[str, Ranked], seats: Iterable[SeatSpan], *, frozen: bool
) -> dict[str, dict[int, list[HeldSeat]]]:
    """person → place of the window → seats, cut to the window; seats of no length are held at no instant."""
    held: dict[str, dict[int, list[HeldSeat]]] = {}
    for seat in seats:
        started = microseconds(seat.start)
        end = FOREVER if seat.end is None else microseconds(seat.end)
        for place, window in by_plan.get(seat.plan, ()):
            low, high = window.span
            if frozen:
                if not started <= window.calendar.start < end:
                    continue
                span = (low, high)
            else:
                span = (max(started, low), min(end, high))
                if span[0] >= span[1]:
                    continue
            piece = HeldSeat(span, started, seat.department, seat.cost_centre)
            held.setdefault(seat.person, {}).setdefault(place, []).append(piece)
    return held


class _Active:
    """The days on which a sign-in keeps people active, looked up by person and window length."""

    def __init__(self, windows: tuple[Window, ...], sign_ins: Iterable[SignIn]) -> None:
        self._lengths = {w.term.count.window_days for w in windows if w.term.count.basis == "active_login"}
        self._days: dict[tuple[str, int], Days] = defaultdict(int)
        if self._lengths:
            self._read(windows[0].calendar, sign_ins)

    def _read(self, calendar: LocalDays, sign_ins: Iterable[SignIn]) -> None:
        for sign_in in sign_ins:
            try:
                day = sign_in.at.astimezone(calendar.zone).date()
            except OverflowError:  # the first and last hours a datetime can name lie in no period
                day = sign_in.at.astimezone(UTC).date()
            for length in self._lengths:
                self._days[sign_in.person, length] |= calendar.active(day, length)

    def days(self, person: str, window_days: int) -> Days:
        return self._days.get((person, window_days), 0)


def _give_days(
    person: str,
    held: Mapping[int, list[HeldSeat]],
    windows: tuple[Window, ...],
    order: list[int],
    active: _Active | None,
    owned: HoldingsByWindow,
) -> None:
    """Let the terms of one person take their days, the highest rank first."""
    taken: Days = 0
    shared: Days = 0  # taken by a term that counts instants: lower ones of its kind get what it leaves
    higher: list[Span] = []
    for place in order if len(held) > 1 else held:
        seats = held.get(place)
        if seats is None:
            continue
        window = windows[place]
        spans = union([seat.span for seat in seats])
        claimed, spans = _claim(person, window, spans, active)
        days = claimed & ~taken
        pieces = spans if days == claimed else common(spans, window.calendar.spans(days))
        if window.term.count.basis in BY_INSTANT:
            rest = common(without(spans, higher), window.calendar.spans(claimed & shared))
            shared |= days
            pieces = union(sorted(pieces + rest)) if rest else pieces
            for start, end in rest:
                days |= window.calendar.touched(start, end)
            higher = union(sorted(higher + spans))
        taken |= days
        owned[place].append(Holding(person, days, pieces, seats))


def _claim(person: str, window: Window, spans: list[Span], active: _Active | None) -> tuple[Days, list[Span]]:
    """The days a term would bill if no other did, and the instants it counts."""
    calendar, count = window.calendar, window.term.count
    if count.basis == "month_any":
        return window.days, [window.span]
    if count.basis == "sticky_month":
        first = spans[0][0]
        return calendar.from_on(first) & window.days, [(first, window.span[1])]
    days_of = calendar.at_midnight if count.removal_day == "free" else calendar.touched
    days: Days = 0
    for start, end in spans:
        days |= days_of(start, end)
    if count.basis == "active_login" and active is not None:
        allowed = days & active.days(person, count.window_days)
        return allowed, spans if allowed == days else common(spans, calendar.spans(allowed))
    return days, spans
