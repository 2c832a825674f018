"""What a change would do to people: who would hold something else, in groups of the same difference."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple

from bridge.mapping.rules import NO_PLAN
from bridge.seats.timeline import Span

Kind = Literal["gains", "loses", "moves", "roles", "waits"]


class Held(NamedTuple):
    """A plan with roles; nothing at all is the plan ``none`` without any.

    Who ``waits_for`` a plan has none until a seat of it is free.
    """

    plan: str = NO_PLAN
    roles: tuple[str, ...] = ()
    waits_for: str | None = None

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        held = {"plan": self.plan, "roles": list(self.roles)}
        return held if self.waits_for is None else {**held, "waits_for": self.waits_for}


class Step(NamedTuple):
    """What is held at an instant as things are, with what would be held instead."""

    before: Held
    after: Held

    @property
    def kind(self) -> Kind:
        """What it means to the person: a seat more, a seat less, another plan, other roles, a wait.

        Who no longer waits for anything loses what they waited for.
        """
        if (self.before.plan, self.before.waits_for) == (self.after.plan, self.after.waits_for):
            return "roles"
        if self.after.waits_for is not None:
            return "waits"
        if self.after.plan == NO_PLAN:
            return "loses"
        return "gains" if self.before.plan == NO_PLAN else "moves"

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"before": self.before.document(), "after": self.after.document()}


#: All that differs for one person, in order of time.
Steps = tuple[Step, ...]

NOTHING = Held()


def steps_between(
    before: Sequence[Span], after: Sequence[Span], since: datetime, until: datetime | None = None
) -> Steps:
    """Return what differs in plan or roles within ``[since, until)``, in order of time.

    Without the instants: a change that is applied a minute after its preview is the same change.
    """
    if [_in_brief(span) for span in before] == [_in_brief(span) for span in after]:
        return ()
    ends = {end for span in (*before, *after) for end in (span.start, span.end) if end is not None}
    instants = sorted({since, *(end for end in ends if end > since and (until is None or end < until))})
    pairs = (Step(held_at(before, instant), held_at(after, instant)) for instant in instants)
    differing = (pair for pair in pairs if pair.before != pair.after)
    return tuple(pair for pair, _ in groupby(differing))


def held_at(spans: Sequence[Span], at: datetime) -> Held:
    """Return what a person with these spans holds at an instant."""
    for span in spans:
        if span.start <= at and (span.end is None or at < span.end):
            return Held(span.plan, span.roles, span.waits_for)
    return NOTHING


def _in_brief(span: Span) -> tuple[object, ...]:
    return span.start, span.end, span.plan, span.roles, span.waits_for


@dataclass(frozen=True, slots=True)
class Effect:
    """The people to whom the same happens, by their ids in order."""

    steps: Steps
    person_ids: tuple[str, ...]


def effects_of(steps: Mapping[str, Steps]) -> tuple[Effect, ...]:
    """Return the people in groups of the same difference, the largest first."""
    found: dict[Steps, list[str]] = {}
    for person_id in sorted(steps):
        found.setdefault(steps[person_id], []).append(person_id)
    effects = [Effect(each, tuple(people)) for each, people in found.items()]
    return tuple(sorted(effects, key=lambda each: (-len(each.person_ids), each.steps)))


def moved_between(before: Iterable[Effect], after: Iterable[Effect]) -> list[str]:
    """Return the ids of those to whom one says something else than the other, in order."""
    was, is_now = ({id_: each.steps for each in some for id_ in each.person_ids} for some in (before, after))
    return sorted(id_ for id_ in was.keys() | is_now.keys() if was.get(id_) != is_now.get(id_))


def steps_from(document: Sequence[Mapping[str, Any]]) -> Steps:
    """Read steps as ``Step.document`` writes them."""
    return tuple(Step(*(_held_from(each[side]) for side in ("before", "after"))) for each in document)


def _held_from(document: Mapping[str, Any]) -> Held:
    return Held(document["plan"], tuple(document["roles"]), document.get("waits_for"))
