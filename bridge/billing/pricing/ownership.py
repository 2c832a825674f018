"""Whose seat a local day is: it belongs to one term, the highest-ranked whose basis would bill it.

Terms that count instants share a day instant by instant, when the day's owner counts instants too. A lost
day takes no slot, no free seat and no part in a peak.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from bridge.billing.pricing.attribution import Attributed, HeldSeat, attribute
from bridge.billing.pricing.cohorts import Alike, Cohort, Stay, Who
from bridge.billing.pricing.period_days import Days, Span, common, union, without
from bridge.billing.pricing.terms import BY_INSTANT, COUNTS_INSTANTS
from bridge.billing.pricing.windows import Window


class SignIn(NamedTuple):
    """A fact: this person signed in."""

    person: str
    at: datetime


class Holding(NamedTuple):
    """What people hold of one term, after all days were given to their owners."""

    who: Who
    people: int
    """How many of a cohort hold it exactly so; the instants of the others are in other holdings."""
    days: Days
    """The days this term owns."""
    spans: list[Span]
    """The instants held on those days, with those a basis adds (``sticky_month``)."""
    seats: list[HeldSeat]
    shown: tuple[Attributed, ...]
    """The days by where they are shown: the same for all of a cohort."""


class _Owned(NamedTuple):
    """What a person's seats are in one window."""

    place: int
    days: Days
    spans: list[Span]
    seats: list[HeldSeat]
    shown: tuple[Attributed, ...]


HoldingsByWindow = tuple[list[Holding], ...]
Active = Mapping[int, Days]
"""The days on which sign-ins keep a person active, by how many days a sign-in counts."""
_Modes = tuple[tuple[_Owned, ...], ...]


@dataclass(slots=True)
class _Group:
    """People whom nothing tells apart but, in some terms, the instants of their seats."""

    people: list[str] = field(default_factory=list)
    held: list[tuple[int, _Modes]] = field(default_factory=list)


def holdings_of(
    windows: tuple[Window, ...],
    alike: Iterable[Alike],
    sign_ins: Iterable[SignIn],
    *,
    apart: Collection[str],
    ahead: bool,
) -> tuple[HoldingsByWindow, ...]:
    """Return for each window its holdings.

    ``ahead`` adds those that are billed in advance: the seats held at the period's first instant as if they
    stayed, every one of them active. The cohorts are the same, and nobody of ``apart`` is in one.
    """
    modes = (False, True) if ahead else (False,)
    places: dict[str, list[int]] = defaultdict(list)
    for place, window in enumerate(windows):
        places[window.term.plan].append(place)
    order = sorted(range(len(windows)), key=lambda place: -windows[place].term.rank)
    groups: dict[tuple[str | None, tuple[object, ...]], _Group] = defaultdict(_Group)
    for people, stays, active, alone in _told_apart(alike, _Active(windows, sign_ins), apart):
        seats = [_seats_by_place(windows, places, stays, frozen=frozen) for frozen in modes]
        owned = tuple(
            _owned(windows, order, held, None if frozen else active)
            for held, frozen in zip(seats, modes, strict=True)
        )
        if any(owned):
            group = groups[people[0] if alone else None, _compared(windows, owned)]
            group.people.extend(people)
            group.held.append((len(people), owned))
    found: tuple[HoldingsByWindow, ...] = tuple(tuple([] for _ in windows) for _ in modes)
    for (person, _), group in groups.items():
        _hold(group, Cohort(sorted(group.people)) if person is None else person, found)
    return found


def _hold(group: _Group, who: Who, found: tuple[HoldingsByWindow, ...]) -> None:
    for people, modes in group.held:
        for holdings, owned in zip(found, modes, strict=True):
            for place, days, spans, seats, shown in owned:
                holdings[place].append(Holding(who, people, days, spans, seats, shown))


def _told_apart(
    alike: Iterable[Alike], active: "_Active", apart: Collection[str]
) -> Iterator[tuple[Sequence[str], tuple[Stay, ...], Active, bool]]:
    """Cut the people who hold the same by their active days, and out who must stand alone."""
    for people, stays in alike:
        together: Sequence[str] = people
        if apart:
            together = [person for person in people if person not in apart]
            if len(together) < len(people):
                yield from (
                    ([person], stays, active.of(person), True) for person in people if person in apart
                )
        if not together:
            continue
        if any(stay.plan in active.plans for stay in stays):
            yield from ((same, stays, days, False) for same, days in active.apart(together))
        else:
            yield together, stays, {}, False


def _compared(windows: tuple[Window, ...], modes: _Modes) -> tuple[object, ...]:
    """Return what decides on the rows of people and their weights.

    Instants only where the term counts them: a peak counts those of all people, whatever else they share.
    """
    return tuple(
        tuple(
            (each.place, each.days, each.shown, tuple(each.spans))
            if windows[each.place].term.count.basis in COUNTS_INSTANTS
            else (each.place, each.days, each.shown)
            for each in owned
        )
        for owned in modes
    )


def _seats_by_place(
    windows: tuple[Window, ...],
    places: Mapping[str, list[int]],
    stays: Iterable[Stay],
    *,
    frozen: bool,
) -> dict[int, list[HeldSeat]]:
    """Place of the window → seats, cut to the window; seats of no length are held at no instant."""
    held: dict[int, list[HeldSeat]] = {}
    for plan, start, end, begun, department, cost_centre in stays:
        for place in places.get(plan, ()):
            window = windows[place]
            low, high = window.span
            if not frozen:
                low, high = max(start, low), min(end, high)
                if low >= high:
                    continue
            elif not start <= window.calendar.start < end:
                continue
            held.setdefault(place, []).append(HeldSeat((low, high), begun, department, cost_centre))
    return held


def _owned(
    windows: tuple[Window, ...],
    order: list[int],
    held: Mapping[int, list[HeldSeat]],
    active: Active | None,
) -> tuple[_Owned, ...]:
    if len(held) > 1:
        return tuple(_give_days(windows, order, held, active))
    return tuple(  # nobody competes: most people hold one plan
        _shown(
            windows[place],
            place,
            *_claim(windows[place], union([seat.span for seat in seats]), active),
            seats,
        )
        for place, seats in held.items()
    )


def _shown(window: Window, place: int, days: Days, spans: list[Span], seats: list[HeldSeat]) -> _Owned:
    return _Owned(place, days, spans, seats, attribute(seats, days, window.calendar))


class _Active:
    """The days on which a sign-in keeps people active, computed for those who are asked about."""

    def __init__(self, windows: tuple[Window, ...], sign_ins: Iterable[SignIn]) -> None:
        self._signed_in: dict[str, set[date]] = defaultdict(set)
        counting = [window.term for window in windows if window.term.count.basis == "active_login"]
        self.plans = {term.plan for term in counting}
        self._windows = sorted({term.count.window_days for term in counting})
        if counting:
            self._calendar = windows[0].calendar
            for person, at in sign_ins:
                self._signed_in[person].add(self._local_date(at))

    def _local_date(self, at: datetime) -> date:
        try:
            return at.astimezone(self._calendar.zone).date()
        except OverflowError:  # the first and last hours a datetime can name lie in no period
            return at.date()

    def of(self, person: str) -> Active:
        """Return the days at most so many days after the latest sign-in before their end."""
        found = dict.fromkeys(self._windows, 0)
        for window_days in self._windows:
            for day in self._signed_in.get(person, ()):
                found[window_days] |= self._calendar.active(day, window_days)
        return found

    def apart(self, people: Iterable[str]) -> list[tuple[list[str], Active]]:
        """Return the people who are active on the same days together."""
        together: dict[tuple[Days, ...], list[str]] = {}
        for person in people:
            together.setdefault(tuple(self.of(person).values()), []).append(person)
        return [(same, dict(zip(self._windows, days, strict=True))) for days, same in together.items()]


def _give_days(
    windows: tuple[Window, ...],
    order: list[int],
    held: Mapping[int, list[HeldSeat]],
    active: Active | None,
) -> Iterator[_Owned]:
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
        claimed, spans = _claim(window, spans, active)
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
        yield _shown(window, place, days, pieces, seats)


def _claim(window: Window, spans: list[Span], active: Active | None) -> tuple[Days, list[Span]]:
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
        allowed = days & active[count.window_days]
        return allowed, spans if allowed == days else common(spans, calendar.spans(allowed))
    return days, spans
