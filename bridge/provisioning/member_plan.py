"""What the member operations of one request amount to, before any row is read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bridge.scim.filter_tree import Filter
from bridge.scim.group_changes import (
    AddMembers,
    MemberOperation,
    RemoveAll,
    RemoveMembers,
    ReplaceMembers,
)


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """Whom to add and to remove; with ``everyone`` all who are not added are removed."""

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    everyone: bool = False


Selection = Callable[[Filter, frozenset[str]], Iterable[str]]
"""Given a condition and those added so far: who fulfils it, among the members and those."""


def plan_of(operations: Sequence[MemberOperation], select: Selection) -> MemberPlan:
    """Return the sum of the operations: the last word on each id counts."""
    plan = MemberPlan()
    for operation in operations:
        plan = _after(plan, operation, select)
    return plan


def named_in(operations: Sequence[MemberOperation]) -> list[str]:
    """Return the ids that are to become members at some point of the request, each once."""
    adding = (each.values for each in operations if isinstance(each, AddMembers | ReplaceMembers))
    return list(dict.fromkeys(value for values in adding for value in values))


def _after(plan: MemberPlan, operation: MemberOperation, select: Selection) -> MemberPlan:
    if isinstance(operation, AddMembers):
        added = frozenset(operation.values)
        return MemberPlan(plan.add | added, plan.remove - added, plan.everyone)
    if isinstance(operation, ReplaceMembers):
        return MemberPlan(frozenset(operation.values), everyone=True)
    if isinstance(operation, RemoveAll):
        return MemberPlan(everyone=True)
    removed = frozenset(
        operation.values if isinstance(operation, RemoveMembers) else select(operation.condition, plan.add)
    )
    return MemberPlan(plan.add - removed, plan.remove | removed, plan.everyone)
