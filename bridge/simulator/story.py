"""Six weeks in the life of a company, told as dated events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from types import MappingProxyType
from typing import TypedDict, Unpack

from bridge.simulator.company import DEPARTMENTS, Company, Person
from bridge.simulator.events import Event, Kind, Source, Story

SIX_WEEKS = timedelta(weeks=6)
_FIRST_PUSH = timedelta(hours=4)  # after the bulk of hires, which takes three hours at most
_EMPTY_GROUP = "Interns"
_PLANS: Mapping[str, str] = MappingProxyType(
    {
        "Engineering": "premium",
        "Sales": "standard",
        "Marketing": "standard",
        "Support": "standard",
        "Field Service": "flexible",
        "Finance": "standard",
        "Okta Contractors": "none",
        "Entra Contractors": "none",
        _EMPTY_GROUP: "standard",
    }
)
_NEW_NAMES: Mapping[str, str] = MappingProxyType(
    {"Sales": "Sales and Partnerships", "Field Service": "Field Operations"}
)


def six_weeks(company: Company, start: datetime, *, okta_share: float = 0.5) -> Story:
    """Tell of hires, groups, moves, leavers and returners in the six weeks from ``start`` (aware) on.

    Whole departments are with Okta, in the order of ``DEPARTMENTS``, until it has its share of the people;
    the others are with Entra. Each scene has people of its own; in a small company the scenes nobody is left
    for do not happen. Raises ``ValueError`` for a naive instant or a share outside 0..1.
    """
    drafts = _drafts(company, start, okta_share)
    for draft in drafts:
        _onboard(draft, draft.early)
        _trickle(draft)
        (_okta_scenes if draft.source == "okta" else _entra_scenes)(draft)
    return _told(company, drafts)


def onboarding(company: Company, start: datetime, source: Source) -> Story:
    """Tell of the first day alone: one identity provider probes, hires everybody and pushes every group."""
    drafts = _drafts(company, start, 1.0 if source == "okta" else 0.0)
    for draft in drafts:
        _onboard(draft, draft.people)
    return _told(company, drafts)


class _Details(TypedDict, total=False):
    """What an event may say beyond instant, kind and people."""

    group: str
    new_name: str
    manager: str
    changes: tuple[tuple[str, str], ...]
    by_put: bool
    repeated: bool


@dataclass(slots=True)
class _Draft:
    """One identity provider's part while it is written; scenes add events in any order."""

    source: Source
    start: datetime
    people: tuple[Person, ...]
    chance: Random
    events: list[Event] = field(default_factory=list)
    hired: set[str] = field(default_factory=set)
    uncast: list[Person] = field(default_factory=list)

    @property
    def early(self) -> tuple[Person, ...]:
        """Those who are there from the first days; the others are hired later."""
        return self.people[: max(1, round(0.7 * len(self.people)))]

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.home(person) for person in self.people))

    def home(self, person: Person) -> str:
        """Name the group a person belongs to from the start."""
        return f"{self.source.capitalize()} Contractors" if person.contractor else person.department

    def add(self, at: datetime, kind: Kind, *people: Person, **details: Unpack[_Details]) -> Event:
        event = Event(at, self.source, kind, tuple(person.key for person in people), **details)
        self.events.append(event)
        return event

    def repeat(self, event: Event, *, after: timedelta) -> None:
        self.events.append(replace(event, at=event.at + after, repeated=True))

    def cast(self, *, contractor: bool = False, leaving: tuple[str, ...] = DEPARTMENTS) -> Person | None:
        """Somebody no other scene has, of these departments; None when nobody is left."""
        for person in self.uncast:
            if person.contractor == contractor and person.department in leaving:
                self.uncast.remove(person)
                return person
        return None

    def on(self, day: int, hour: int = 9) -> datetime:
        """Pick an instant early in that hour (UTC) of the n-th day after the start's."""
        midnight = datetime.combine(self.start.date(), time(), UTC)
        return midnight + timedelta(days=day, hours=hour, seconds=self.chance.randrange(1500))


def _drafts(company: Company, start: datetime, okta_share: float) -> list[_Draft]:
    if start.tzinfo is None:
        raise ValueError(
            f"the start {start.isoformat()} has no time zone: give an aware instant, such as …T07:00Z"
        )
    if not 0 <= okta_share <= 1:
        raise ValueError(f"okta_share={okta_share}: give a share between 0 and 1")
    of_okta = _okta_departments(company, okta_share)
    parts: dict[Source, tuple[Person, ...]] = {
        "okta": tuple(person for person in company.people if person.department in of_okta),
        "entra": tuple(person for person in company.people if person.department not in of_okta),
    }
    return [_draft(company, source, start, people) for source, people in parts.items() if people]


def _draft(company: Company, source: Source, start: datetime, people: tuple[Person, ...]) -> _Draft:
    chance = Random(f"{company.seed} {source}")  # noqa: S311 -- a made-up story, nothing secret
    draft = _Draft(source, start.astimezone(UTC), people, chance)
    leaders = {people[0].key, *(person.manager for person in company.people)}
    draft.uncast = [person for person in draft.early if person.key not in leaders]
    chance.shuffle(draft.uncast)
    return draft


def _okta_departments(company: Company, share: float) -> set[str]:
    chosen: set[str] = set()
    for department in DEPARTMENTS:
        if sum(person.department in chosen for person in company.people) >= share * len(company.people):
            break
        chosen.add(department)
    return chosen


def _told(company: Company, drafts: list[_Draft]) -> Story:
    """Put all parts in order of time; of events at one instant the later told is a millisecond later."""
    events: list[Event] = []
    for event in sorted((event for draft in drafts for event in draft.events), key=lambda event: event.at):
        clash = bool(events) and event.at <= events[-1].at
        events.append(replace(event, at=events[-1].at + timedelta(milliseconds=1)) if clash else event)
    names = {event.group: _PLANS[event.group] for event in events if event.kind is Kind.PUSH}
    names |= {event.new_name: _PLANS[event.group] for event in events if event.kind is Kind.RENAME}
    return Story(company, drafts[0].start, tuple(events), MappingProxyType(names))


def _onboard(draft: _Draft, people: tuple[Person, ...]) -> None:
    """Entra's first cycle comes half an hour after Okta's, so that a day has both interleaved."""
    first = draft.start + timedelta(minutes=5 if draft.source == "okta" else 35)
    draft.add(first - timedelta(minutes=4), Kind.PROBE)
    pace = min(timedelta(minutes=1), timedelta(hours=3) / len(people))
    for number, person in enumerate(people):
        _hire(draft, person, first + number * pace)
    for number, group in enumerate(draft.groups):
        members = [person for person in people if draft.home(person) == group]
        draft.add(first + _FIRST_PUSH + timedelta(minutes=2 * number), Kind.PUSH, *members, group=group)


def _hire(draft: _Draft, person: Person, at: datetime) -> None:
    draft.add(at, Kind.HIRE, person, manager=person.manager if person.manager in draft.hired else "")
    draft.hired.add(person.key)


def _trickle(draft: _Draft) -> None:
    """Hire the rest over the weeks; they join their group at the next cycle."""
    late = draft.people[len(draft.early) :]
    for number, person in enumerate(late):
        at = draft.on(3 + 35 * number // len(late))
        _hire(draft, person, at)
        draft.add(at + timedelta(minutes=40), Kind.JOIN, person, group=draft.home(person))


def _okta_scenes(draft: _Draft) -> None:
    draft.add(draft.on(3, 14), Kind.PUSH, group=_EMPTY_GROUP)
    _said_again(draft, day=5)
    _profile(draft, day=6, new_manager=True, title="Team Lead", cost_centre="CC-4900")
    _profile(draft, day=16, family_name="Lindqvist-Mbeki", email="lindqvist.mbeki@larkspur.example.com")
    _away(draft, day=9, back=13, returns=Kind.REACTIVATE)
    _away(draft, day=11, back=24, returns=Kind.REPROVISION)
    _move(draft, day=14, same_plan=False)
    _rename(draft, day=18, group="Sales")
    _move(draft, day=23, same_plan=True)
    _taken_on(draft, day=19)
    _go(draft, day=17, by_put=True)
    _go(draft, day=22)
    _move(draft, day=33, same_plan=False)
    _go(draft, day=37)


def _entra_scenes(draft: _Draft) -> None:
    _said_again(draft, day=4)
    _profile(
        draft, day=7, new_manager=True, family_name="Brightwater", email="brightwater@larkspur.example.com"
    )
    _profile(draft, day=25, cost_centre="CC-4950", department="Operations")
    _away(draft, day=10, back=16, returns=Kind.REACTIVATE)
    _move(draft, day=15, same_plan=False)
    _move(draft, day=20, same_plan=True)
    _rename(draft, day=21, group="Field Service")
    _taken_on(draft, day=28)
    _go(draft, day=8, deleted_after=30)
    _go(draft, day=26)
    _go(draft, day=36)


def _said_again(draft: _Draft, *, day: int) -> None:
    """Put somebody into the group they are in, as a retry does."""
    if person := draft.cast():
        draft.add(draft.on(day), Kind.JOIN, person, group=draft.home(person), repeated=True)


def _profile(draft: _Draft, *, day: int, new_manager: bool = False, **changes: str) -> None:
    if person := draft.cast():
        boss = draft.people[0].key if new_manager else ""  # was hired first and is in no scene
        told = draft.add(draft.on(day), Kind.PROFILE, person, manager=boss, changes=tuple(changes.items()))
        draft.repeat(told, after=timedelta(minutes=40))


def _away(draft: _Draft, *, day: int, back: int, returns: Kind) -> None:
    """Send somebody away for some days; memberships are not sent again on the return."""
    if person := draft.cast():
        draft.add(draft.on(day, 12), Kind.DEACTIVATE, person)
        draft.repeat(draft.add(draft.on(back, 8), returns, person), after=timedelta(hours=1))


def _go(draft: _Draft, *, day: int, by_put: bool = False, deleted_after: int | None = None) -> None:
    if person := draft.cast():
        gone = draft.add(draft.on(day, 15), Kind.DEACTIVATE, person, by_put=by_put)
        draft.repeat(gone, after=timedelta(minutes=40))
        if deleted_after is not None:
            draft.add(draft.on(day + deleted_after, 16), Kind.DELETE, person)


def _move(draft: _Draft, *, day: int, same_plan: bool) -> None:
    """Put somebody into the new group, then out of the old one, on the same day."""
    ways = [
        (old, new)
        for old in draft.groups
        for new in draft.groups
        if old != new and {old, new} <= set(DEPARTMENTS) and (_PLANS[old] == _PLANS[new]) is same_plan
    ]
    if person := draft.cast(leaving=tuple(old for old, _ in ways)):
        target = draft.chance.choice([new for old, new in ways if old == person.department])
        _change_group(draft, draft.on(day, 10), person, target)


def _taken_on(draft: _Draft, *, day: int) -> None:
    """Make a contractor an employee."""
    departments = tuple(group for group in draft.groups if group in DEPARTMENTS)
    if person := draft.cast(contractor=True, leaving=departments):
        _change_group(draft, draft.on(day, 13), person, person.department)


def _change_group(draft: _Draft, at: datetime, person: Person, target: str) -> None:
    draft.add(at, Kind.JOIN, person, group=target)
    draft.add(at + timedelta(minutes=20), Kind.LEAVE, person, group=draft.home(person))


def _rename(draft: _Draft, *, day: int, group: str) -> None:
    if group in draft.groups:
        renamed = draft.add(draft.on(day), Kind.RENAME, group=group, new_name=_NEW_NAMES[group])
        draft.repeat(renamed, after=timedelta(minutes=40))
