"""The timeline: facts of a person under rules, turned into spans of plan and roles with their reasons."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeAlias

from bridge.directory.facts import (
    GroupFacts,
    GroupNameFact,
    MembershipFact,
    PersonFacts,
    PersonVersionFact,
)
from bridge.mapping.overrides import Override
from bridge.mapping.rules import NO_PLAN, NO_RULES, DatedRules, Decision, HeldGroup, decide
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.seats.one_person import as_one


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` until ``end`` the person holds the plan and the roles.

    ``rule_set_id`` ("" while none is in force), ``rule`` and ``group_ids`` are the reason as it was at the
    start. ``started_by`` and
    ``ended_by`` are the journal entries of the facts at the two ends; a ``started_by`` of "" means that the
    person's connection went live, an ``ended_by`` of None that the span has no end (or was cut). One with a
    ``storm_id`` is held, see ``holds``. One that ``waits_for`` a plan has none yet, see ``waiting``;
    ``withheld_roles`` come with the seat.
    """

    start: datetime
    end: datetime | None
    plan: str
    roles: tuple[str, ...]
    department: str | None
    cost_centre: str | None
    rule_set_id: str
    rule: str
    group_ids: tuple[str, ...]
    started_by: str
    ended_by: str | None
    storm_id: str | None = None
    waits_for: str | None = None
    withheld_roles: tuple[str, ...] = ()

    @property
    def holding(self) -> "Holding":
        """What the person holds, without time and reason."""
        return (self.plan, self.roles, self.department, self.cost_centre)

    def cut(self, end: datetime, ended_by: str) -> "Span":
        """Return the span as it is when it ends there; ``dataclasses.replace`` takes three times as long."""
        return Span(
            self.start, end, self.plan, self.roles, self.department, self.cost_centre, self.rule_set_id,
            self.rule, self.group_ids, self.started_by, ended_by, self.storm_id, self.waits_for,
            self.withheld_roles,
        )  # fmt: skip


#: Plan, roles, department, cost centre.
Holding: TypeAlias = tuple[str, tuple[str, ...], str | None, str | None]

# A moment at which a fact begins or ends: instant, rank, what, its journal entry. Of several facts at one
# instant the lowest rank is named as the cause, so that the order in which facts are listed plays no part.
_Moment: TypeAlias = tuple[datetime, int, Any, str]
_VERSION_STARTS, _VERSION_ENDS, _JOINS, _LEAVES, _NESTS, _PARTS = range(6)
_NAMED, _UNNAMED, _RULES, _RULES_END, _LIVE, _OVERRIDE, _OVERRIDE_ENDS = range(6, 13)
_DECIDING = (_RULES, _RULES_END, _OVERRIDE, _OVERRIDE_ENDS)


def timeline(
    facts: PersonFacts,
    rule_sets: Sequence[DatedRules],
    *,
    overrides: Sequence[Override] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[Span, ...]:
    """Return the spans in which the person holds a plan or roles, in order, cut at ``since`` and ``until``.

    Nothing begins before the connection went live. Only an active person holds anything. A group counts
    while it exists (always, if its own facts are not given), directly or through groups in groups.
    Neighbours that hold the same become one span, which keeps the reason of the first. Known future facts
    and rule sets are included. All accounts of the person are one, see ``as_one``; ``overrides`` are the
    person's own, at most one at an instant, and those of an account rest while it counts as another.
    """
    facts = as_one(facts)
    if facts.live_from is None:
        return ()
    begins = facts.live_from if since is None else max(facts.live_from, since)
    sweep = _Sweep(facts, overrides)
    spans: list[Span] = []
    opened: tuple[datetime, Holding, Decision, str, str] | None = None
    for at, cause in sweep.moments(begins, rule_sets, until):
        held = sweep.held()
        if opened is not None:
            if held is not None and held[0] == opened[1]:
                continue
            spans.append(_span(opened, at, cause))
        opened = None if held is None else (at, *held, cause)
    if opened is not None:
        spans.append(_span(opened, until, None))
    return tuple(spans)


def _span(
    opened: tuple[datetime, Holding, Decision, str, str], end: datetime | None, ended_by: str | None
) -> Span:
    start, holding, decision, rule_set_id, started_by = opened
    return Span(start, end, *holding, rule_set_id, decision.rule, decision.group_ids, started_by, ended_by)


class _Sweep:
    """Goes through the facts in order of time, keeping what is true at the moment."""

    def __init__(self, facts: PersonFacts, overrides: Sequence[Override]) -> None:
        self._facts = facts
        self._overrides = overrides
        self._override: Override | None = None
        self._version: PersonVersionFact | None = None
        self._rules: DatedRules | None = None
        self._direct: dict[str, int] = {}
        self._parents: dict[str, dict[str, int]] = {}
        self._names: dict[str, GroupNameFact] = {}
        self._missing: set[str] = set()

    def moments(
        self, begins: datetime, rule_sets: Sequence[DatedRules], until: datetime | None
    ) -> Iterator[tuple[datetime, str]]:
        """Move from instant to instant, from ``begins`` until ``until``, naming the cause of each."""
        moments = self._listed(rule_sets)
        moments.append((begins, _LIVE, None, ""))
        moments.sort(key=itemgetter(0))
        present, least, named = moments[0][0], moments[0][1], moments[0][3]
        for at, rank, what, cause in moments:
            if at != present:
                if present >= begins:
                    yield present, named
                present, least, named = at, rank, cause
            elif rank < least or (rank == least and cause < named):
                least, named = rank, cause
            if until is not None and at >= until:
                return
            self._apply(rank, what)
        yield present, named

    def held(self) -> tuple[Holding, Decision, str] | None:
        """Return what the person holds at the moment, and why; None for nothing."""
        version, dated = self._version, self._rules
        if version is None or not version.active or (dated is None and self._override is None):
            return None
        rules = NO_RULES if dated is None else dated.rules
        decision = decide(rules, version.resource, self._groups(), self._override)
        if decision.plan == NO_PLAN and not decision.roles:
            return None
        enterprise = version.resource.get(ENTERPRISE_USER_URN) or {}
        department, cost_centre = enterprise.get("department"), enterprise.get("costCenter")
        holding = (decision.plan, decision.roles, department, cost_centre)
        return holding, decision, "" if dated is None else dated.rule_set_id

    def _groups(self) -> list[HeldGroup]:
        """Return the groups the person is in, directly or not, as a SCIM user lists them."""
        held = {group_id: "direct" for group_id in self._direct if group_id not in self._missing}
        if self._parents:
            waiting = list(held)
            while waiting:
                for parent in self._parents.get(waiting.pop(), ()):
                    if parent not in held and parent not in self._missing:
                        held[parent] = "indirect"
                        waiting.append(parent)
        names = self._names
        return [
            {
                "value": group_id,
                "display": names[group_id].display_name if group_id in names else "",
                "type": kind,
            }
            for group_id, kind in held.items()
        ]

    def _apply(self, rank: int, what: Any) -> None:  # noqa: ANN401 (each rank has its own)
        if rank == _VERSION_STARTS:
            self._version = what
        elif rank == _VERSION_ENDS:
            if self._version is what:
                self._version = None
        elif rank == _JOINS:
            self._direct[what] = self._direct.get(what, 0) + 1
        elif rank == _LEAVES:
            _take_one(self._direct, what)
        elif rank in _DECIDING:
            self._apply_to_deciding(rank, what)
        elif rank != _LIVE:
            self._apply_to_group(rank, *what)

    def _apply_to_deciding(self, rank: int, what: Any) -> None:  # noqa: ANN401 (as above)
        if rank == _RULES:
            self._rules = what
        elif rank == _OVERRIDE:
            self._override = what
        elif self._rules is what:
            self._rules = None
        elif self._override is what:
            self._override = None

    def _apply_to_group(self, rank: int, group_id: str, what: Any) -> None:  # noqa: ANN401 (as above)
        if rank == _NESTS:
            parents = self._parents.setdefault(group_id, {})
            parents[what] = parents.get(what, 0) + 1
        elif rank == _PARTS:
            _take_one(self._parents[group_id], what)
        elif rank == _NAMED:
            self._names[group_id] = what
            self._missing.discard(group_id)
        elif self._names.get(group_id) is what:
            self._missing.add(group_id)

    def _listed(self, rule_sets: Sequence[DatedRules]) -> list[_Moment]:
        """Return the moments of all facts and rules, in no order."""
        moments: list[_Moment] = []
        for version in self._facts.versions:
            moments.append((version.start, _VERSION_STARTS, version, version.started_by))
            if version.end is not None:
                moments.append((version.end, _VERSION_ENDS, version, version.ended_by or ""))
        reached = _reached(self._facts.memberships, self._facts.groups)
        for fact in self._facts.memberships:
            moments.append((fact.start, _JOINS, fact.group_id, fact.started_by))
            if fact.end is not None:
                moments.append((fact.end, _LEAVES, fact.group_id, fact.ended_by or ""))
        for group_id, group in reached.items():
            self._list_group(moments, group_id, group)
        self._list_deciding(moments, rule_sets)
        return moments

    def _list_deciding(self, moments: list[_Moment], rule_sets: Sequence[DatedRules]) -> None:
        for override in self._overrides:
            if override.end is None or override.end > override.start:  # or else it was withdrawn
                moments.append((override.start, _OVERRIDE, override, override.started_by))
            if override.end is not None:
                moments.append(
                    (override.end, _OVERRIDE_ENDS, override, override.ended_by or override.started_by)
                )
        for dated in rule_sets:
            moments.append((dated.start, _RULES, dated, dated.cause_id))
            if dated.end is not None:
                moments.append((dated.end, _RULES_END, dated, dated.cause_id))

    def _list_group(self, moments: list[_Moment], group_id: str, group: GroupFacts) -> None:
        self._missing.add(group_id)
        for name in group.names:
            moments.append((name.start, _NAMED, (group_id, name), name.started_by))
            if name.end is not None:
                moments.append((name.end, _UNNAMED, (group_id, name), name.ended_by or ""))
        for fact in group.memberships:
            moments.append((fact.start, _NESTS, (group_id, fact.group_id), fact.started_by))
            if fact.end is not None:
                moments.append((fact.end, _PARTS, (group_id, fact.group_id), fact.ended_by or ""))


def _reached(
    memberships: Sequence[MembershipFact], groups: Mapping[str, GroupFacts]
) -> dict[str, GroupFacts]:
    """Return the groups the person was ever in, directly or not; each once, so that cycles end."""
    found: dict[str, GroupFacts] = {}
    waiting = [fact.group_id for fact in memberships]
    while waiting:
        group_id = waiting.pop()
        group = groups.get(group_id)
        if group is not None and group_id not in found:
            found[group_id] = group
            waiting.extend(fact.group_id for fact in group.memberships)
    return found


def _take_one(counts: dict[str, int], key: str) -> None:
    left = counts[key] - 1
    if left:
        counts[key] = left
    else:
        del counts[key]
