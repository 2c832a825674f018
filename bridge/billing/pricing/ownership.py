"""Whose seat a local day is: it belongs to one term, the highest-ranked whose basis would bill it.

Terms that count instants share a day instant by instant, when the day's owner counts instants too. A lost
day takes no slot, no free seat and no part in a peak.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from bridge.billing.pricing.period_days import (
    FOREVER,
    Days,
    Span,
    common,
    microseconds,
    union,
    without,
)
from bridge.billing.pricing.terms import BY_INSTANT
from bridge.billing.pricing.windows import Window


class SeatSpan(NamedTuple):
    """A fact: this person held a seat of this plan from ``start`` to ``end`` (UTC; None: still does)."""

    person: str
    plan: str
    start: datetime
    end: datetime | None = None
    department: str | None = None
    cost_centre: str | None = None


class SignIn(NamedTuple):
    """A fact: this person signed in."""

    person: str
    at: datetime


class HeldSeat(NamedTuple):
    """A seat with its instants in microseconds, cut to a term's window."""

    span: Span
    started: int
    department: str | None
    cost_centre: str | None


class Holding(NamedTuple):
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

    ``frozen`` bills in advance: the seats held at the period's first instant as if they stayed, every one
    of them active.
    """
    by_plan: dict[str, Ranked] = defaultdict(list)
    for place, window in enumerate(windows):
        by_plan[window.term.plan].append((place, window))
    held = _held_by_person(by_plan, seats, frozen=frozen)
    active = None if frozen else _Active(windows, sign_ins)
    owned: HoldingsByWindow = tuple([] for _ in windows)
    order = sorted(range(len(windows)), key=lambda place: -windows[place].term.rank)
    for person in sorted(held):
        mine = held[person]
        if len(mine) > 1:
            _give_days(person, mine, windows, owned, order=order, active=active)
        else:  # nobody competes: most people hold one plan
            ((place, pieces),) = mine.items()
            days, spans = _claim(person, windows[place], union([piece.span for piece in pieces]), active)
            owned[place].append(Holding(person, days, spans, pieces))
    return owned


def _held_by_person(
    by_plan: Mapping[str, Ranked], seats: Iterable[SeatSpan], *, frozen: bool
) -> dict[str, dict[int, list[HeldSeat]]]:
    """Person → place of the window → seats, cut to the window; seats of no length are held at no instant."""
    held: dict[str, dict[int, list[HeldSeat]]] = {}
    for person, plan, start, until, department, cost_centre in seats:
        started = microseconds(start)
        end = FOREVER if until is None else microseconds(until)
        for place, window in by_plan.get(plan, ()):
            low, high = window.span
            if not frozen:
                low, high = max(started, low), min(end, high)
                if low >= high:
                    continue
            elif not started <= window.calendar.start < end:
                continue
            piece = HeldSeat((low, high), started, department, cost_centre)
            held.setdefault(person, {}).setdefault(place, []).append(piece)
    return held


class _Active:
    """The days on which a sign-in keeps people active, computed for those who are asked about."""

    def __init__(self, windows: tuple[Window, ...], sign_ins: Iterable[SignIn]) -> None:
        self._signed_in: dict[str, set[date]] = defaultdict(set)
        self._days: dict[tuple[str, int], Days] = {}
        if any(window.term.count.basis == "active_login" for window in windows):
            self._calendar = windows[0].calendar
            for person, at in sign_ins:
                self._signed_in[person].add(self._local_date(at))

    def _local_date(self, at: datetime) -> date:
        try:
            return at.astimezone(self._calendar.zone).date()
        except OverflowError:  # the first and last hours a datetime can name lie in no period
            return at.date()

    def days(self, person: str, window_days: int) -> Days:
        """Return the days at most ``window_days`` after the latest sign-in before their end."""
        known = self._days.get((person, window_days))
        if known is None:
            known = 0
            for day in self._signed_in.get(person, ()):
                known |= self._calendar.active(day, window_days)
            self._days[person, window_days] = known
        return known


def _give_days(
    person: str,
    held: Mapping[int, list[HeldSeat]],
    windows: tuple[Window, ...],
    owned: HoldingsByWindow,
    *,
    order: list[int],
    active: _Active | None,
) -> None:
    """Let the terms of one person take their days, the highest rank first."""
    taken: Days = 0
    shared: Days = 0  # taken by a term that counts instants: lower ones of its kind get what it leaves
    higher: list[Span] = []
    for place in order:
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
    """Return the days a term would bill if no other did, and the instants it counts."""
    calendar, count = window.calendar, window.term.count
    if count.basis == "month_any":
        return window.days, [window.span]
    if count.basis == "sticky_month":
        first = spans[0][0]
        return calendar.from_on(first) & window.days, [(first, window.span[1])]
    if len(spans) == 1 and spans[0] == window.span and count.basis != "active_login":
        return window.days, spans  # all of the window, as most people hold it
    days_of = calendar.at_midnight if count.removal_day == "free" else calendar.touched
    days: Days = 0
    for start, end in spans:
        days |= days_of(start, end)
    if count.basis == "active_login" and active is not None:
        allowed = days & active.days(person, count.window_days)
        return allowed, spans if allowed == days else common(spans, calendar.spans(allowed))
    return days, spans
