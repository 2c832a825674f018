"""Rules as values: from groups and attributes of a person to a plan and roles, with the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, TypeAlias

from bridge.mapping.assignments import (
    ASSIGNED,
    NOT_ASSIGNABLE,
    NOTHING,
    Assignable,
    Assigned,
    Assignment,
    assigned,
)
from bridge.mapping.overrides import OVERRIDE, Override
from bridge.scim.attributes import ResourceSchema
from bridge.scim.filters import AttrPath, Comparison, Filter, Or, ValuePath
from bridge.scim.matches import matches
from bridge.scim.schemas import USER_RESOURCE

#: The plan that is no seat.
NO_PLAN = "none"

#: The name of what decides where no rule does.
DEFAULT = "default"

Outcome: TypeAlias = Literal[
    "won",
    "lost: an earlier rule names a plan",
    "lost: the identity provider assigns a plan",
    "lost: an override names the plan",
    "adds roles",
    "lost: an override names the roles",
    "does not match",
]

#: A group as a SCIM user shows it: ``value`` (id), ``display`` (name), ``type`` (direct or indirect).
HeldGroup: TypeAlias = Mapping[str, str]

_GROUP_ID = AttrPath(None, "groups", "value")
_GROUPS = AttrPath(None, "groups")
_VALUE = AttrPath(None, "value")


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom ``condition`` (a SCIM filter over the person, written in ``when``) selects gets plan and roles.

    ``group_ids`` is set where the condition is no more than "is in one of these groups"; ``schema`` is what a
    person may hold in this tenant.
    """

    name: str
    when: str
    condition: Filter
    plan: str | None
    roles: tuple[str, ...]
    note: str
    group_ids: frozenset[str] | None
    schema: ResourceSchema = USER_RESOURCE


@dataclass(frozen=True)
class RuleSetRules:
    """An ordered list of rules and what holds where none decides. Compiled once, used for many people."""

    rules: tuple[Rule, ...]
    default_plan: str = NO_PLAN
    default_roles: tuple[str, ...] = ()
    assignable: Assignable = NOT_ASSIGNABLE

    @cached_property
    def positions_by_group(self) -> Mapping[str, tuple[int, ...]]:
        """The rules that ask for nothing but a group, found without trying each."""
        found: dict[str, tuple[int, ...]] = {}
        for position, rule in enumerate(self.rules):
            for group_id in rule.group_ids or ():
                found[group_id] = (*found.get(group_id, ()), position)
        return found

    @cached_property
    def positions_to_try(self) -> tuple[int, ...]:
        """The rules whose condition has to be evaluated."""
        return tuple(position for position, rule in enumerate(self.rules) if rule.group_ids is None)


#: Where no rule set is in force.
NO_RULES = RuleSetRules(())


@dataclass(frozen=True, slots=True)
class DatedRules:
    """One version of a tenant's rules, in force from ``start`` until ``end``; ``cause_id`` applied it."""

    rule_set_id: str
    version: int
    start: datetime
    end: datetime | None
    rules: RuleSetRules
    cause_id: str = ""


@dataclass(frozen=True, slots=True)
class Considered:
    """What became of one rule, or of one value the identity provider assigned, when a person was decided."""

    rule: str
    matched: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan and roles of a person at an instant, and why.

    ``rule`` is the one that named the plan, ``override``, ``assigned by the identity provider``, or
    ``default``;
    ``group_ids`` are groups that made its condition true (none where it holds without any group).
    """

    plan: str
    roles: tuple[str, ...]
    rule: str
    group_ids: tuple[str, ...]
    rules: tuple[Rule, ...] = field(default=(), compare=False, repr=False)
    matched: tuple[int, ...] = field(default=(), compare=False, repr=False)
    assigned: Assigned = field(default=NOTHING, compare=False, repr=False)
    override: Override | None = field(default=None, compare=False, repr=False)

    @property
    def considered(self) -> tuple[Considered, ...]:
        """The override, then what was assigned, then every rule in order, with what became of each.

        Computed when asked, as most callers never do.
        """
        matched = frozenset(self.matched)
        above = (
            () if self.override is None else (Considered(OVERRIDE, matched=True, outcome=self._override()),)
        )
        given = (
            Considered(
                f"{ASSIGNED}: {each.attribute} {each.value}", each.key is not None, self._assignment(each)
            )
            for each in self.assigned.values
        )
        ruled = (
            Considered(rule.name, position in matched, self._outcome(rule, matched=position in matched))
            for position, rule in enumerate(self.rules)
        )
        return (*above, *given, *ruled)

    def _override(self) -> str:
        if self.override is not None and self.override.plan is None:
            return "names the roles"
        return "won"

    def _assignment(self, assignment: Assignment) -> str:
        if assignment.outcome == "won" and self.rule == OVERRIDE:
            return "lost: an override names the plan"
        if assignment.outcome == "adds roles" and self._roles_are_overridden:
            return "lost: an override names the roles"
        return assignment.outcome

    @property
    def _roles_are_overridden(self) -> bool:
        return self.override is not None and self.override.roles is not None

    def _outcome(self, rule: Rule, *, matched: bool) -> Outcome:
        if not matched:
            return "does not match"
        if rule.name == self.rule:
            return "won"
        if rule.plan is None:
            return "lost: an override names the roles" if self._roles_are_overridden else "adds roles"
        if self.rule == OVERRIDE:
            return "lost: an override names the plan"
        if self.rule == ASSIGNED:
            return "lost: the identity provider assigns a plan"
        return "lost: an earlier rule names a plan"


def decide(
    rules: RuleSetRules,
    resource: Mapping[str, Any],
    groups: Sequence[HeldGroup],
    override: Override | None = None,
) -> Decision:
    """Decide the plan and roles of a person with this SCIM resource, in these groups.

    The plan is the one that the identity provider assigns, where the rules let it, or else that of the first
    matching rule that names one; the roles are those assigned and those of all matching rules.
    The default gives the plan where nothing else names one, and the roles where nothing else names any.
    Above all of them is the override that holds for the person.
    """
    decision = _decided(rules, resource, groups)
    return decision if override is None else _overridden(decision, override)


def _overridden(decision: Decision, override: Override) -> Decision:
    roles = decision.roles if override.roles is None else override.roles
    if override.plan is None:
        return replace(decision, roles=roles, override=override)
    return replace(decision, plan=override.plan, roles=roles, rule=OVERRIDE, group_ids=(), override=override)


def _decided(rules: RuleSetRules, resource: Mapping[str, Any], groups: Sequence[HeldGroup]) -> Decision:
    given = NOTHING if rules.assignable is NOT_ASSIGNABLE else assigned(rules.assignable, resource)
    matched = _matched(rules, resource, groups)
    roles = set(given.roles)
    winner: Rule | None = None
    for position in matched:
        rule = rules.rules[position]
        roles.update(rule.roles)
        if winner is None and rule.plan is not None:
            winner = rule
    held = tuple(sorted(roles)) if roles else rules.default_roles
    if given.plan is not None:
        return Decision(given.plan, held, ASSIGNED, (), rules.rules, matched, given)
    if winner is None:
        return Decision(rules.default_plan, held, DEFAULT, (), rules.rules, matched, given)
    reason = _group_ids(winner, resource, groups)
    return Decision(winner.plan or NO_PLAN, held, winner.name, reason, rules.rules, matched, given)


def _matched(
    rules: RuleSetRules, resource: Mapping[str, Any], groups: Sequence[HeldGroup]
) -> tuple[int, ...]:
    by_group = rules.positions_by_group
    found = {position for group in groups for position in by_group.get(group["value"], ())}
    if rules.positions_to_try:
        person = {**resource, "groups": list(groups)}
        for position in rules.positions_to_try:
            rule = rules.rules[position]
            if matches(rule.condition, person, rule.schema):
                found.add(position)
    return tuple(sorted(found))


def _group_ids(rule: Rule, resource: Mapping[str, Any], groups: Sequence[HeldGroup]) -> tuple[str, ...]:
    """Return groups that make the condition true together with the person's attributes.

    Where any group of several would do, all of them are named. A mixed condition is probed: a group is left
    out where the condition holds without it, so that what stays is a reason with nothing to spare.
    """
    if rule.group_ids is not None:
        return tuple(sorted({group["value"] for group in groups} & rule.group_ids))
    kept = sorted(groups, key=lambda group: group["value"])
    if _holds_with(rule, resource, []):
        return ()
    for group in reversed(kept.copy()):
        without = [other for other in kept if other is not group]
        if _holds_with(rule, resource, without):
            kept = without
    return tuple(group["value"] for group in kept)


def _holds_with(rule: Rule, resource: Mapping[str, Any], groups: Iterable[HeldGroup]) -> bool:
    return matches(rule.condition, {**resource, "groups": list(groups)}, rule.schema)


def groups_asked_for(condition: Filter) -> frozenset[str] | None:
    """Return the ids where the resolved condition is no more than "is in one of these groups", else None."""
    if isinstance(condition, Or):
        parts = [groups_asked_for(part) for part in condition.parts]
        return None if None in parts else frozenset().union(*(part for part in parts if part is not None))
    if isinstance(condition, ValuePath) and condition.path == _GROUPS:
        return _asked_for(condition.condition, _VALUE)
    return _asked_for(condition, _GROUP_ID)


def _asked_for(condition: Filter, path: AttrPath) -> frozenset[str] | None:
    if isinstance(condition, Comparison) and condition.path == path and condition.op == "eq":
        return frozenset({condition.value}) if isinstance(condition.value, str) else None
    return None
