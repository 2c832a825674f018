"""What a PATCH of a group asks for: its attributes apart from its members, which are rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bridge.errors import InvalidPath, TooMany
from bridge.scim.filter_tree import Comparison, Filter, Or
from bridge.scim.operations import Operation
from bridge.scim.reading import DEFAULT_LIMITS, Limits
from bridge.scim.schemas import MEMBERS


@dataclass(frozen=True, slots=True)
class AddMembers:
    """These ids become members; those that are already stay so."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveMembers:
    """These ids stop being members; those that are none stay so."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveAll:
    """The group becomes empty."""


@dataclass(frozen=True, slots=True)
class ReplaceMembers:
    """The members become exactly these."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveMembersMatching:
    """The members that fulfil a condition on ``value``, ``display`` or ``type`` stop being members."""

    condition: Filter


MemberOperation: TypeAlias = AddMembers | RemoveMembers | RemoveAll | ReplaceMembers | RemoveMembersMatching


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """``attributes`` are for ``apply_patch`` on the group without members; ``members`` in their order."""

    attributes: tuple[Operation, ...]
    members: tuple[MemberOperation, ...]

    @property
    def display_name(self) -> str | None:
        """The name the group gets, None when it keeps its own."""
        names = [each.value for each in self.attributes if each.path.attribute.name == "displayName"]
        return names[-1] if names else None


def group_changes(operations: Sequence[Operation], limits: Limits = DEFAULT_LIMITS) -> GroupChanges:
    """Sort the canonical operations of a group PATCH; raise TooMany beyond the limit on members.

    Members are never loaded: adding one to a group of 100,000 costs what it costs in a group of 10.
    """
    attributes = tuple(each for each in operations if each.path.attribute is not MEMBERS)
    asked = tuple(_member_operation(each) for each in operations if each.path.attribute is MEMBERS)
    members = tuple(each for each in asked if each not in (AddMembers(()), RemoveMembers(())))
    count = sum(len(getattr(each, "values", ())) for each in members)
    if count > limits.members:
        raise TooMany(f"The request names {count} members; at most {limits.members} are accepted at once.")
    return GroupChanges(attributes, members)


def _member_operation(operation: Operation) -> MemberOperation:
    path = operation.path
    if path.sub is not None or (path.filter is not None and operation.op != "remove"):
        raise InvalidPath(
            f"Operation {operation.index}: a member is added or removed as a whole; "
            f"use add, replace or remove on members."
        )
    if path.filter is not None:
        values = _ids_of(path.filter)
        return RemoveMembers(values) if values is not None else RemoveMembersMatching(path.filter)
    if operation.op == "remove" and operation.value is None:
        return RemoveAll()
    values = _distinct(each["value"] for each in operation.value or ())
    if operation.op == "add":
        return AddMembers(values)
    return RemoveMembers(values) if operation.op == "remove" else ReplaceMembers(values)


def _ids_of(condition: Filter) -> tuple[str, ...] | None:
    """Return the ids that ``value eq "a" or value eq "b"`` lists; None for any other condition."""
    parts = condition.parts if isinstance(condition, Or) else (condition,)
    ids: list[str] = []
    for part in parts:
        if not isinstance(part, Comparison) or part.path.name != "value" or part.op != "eq":
            return None
        if not isinstance(part.value, str):
            return None
        ids.append(part.value)
    return _distinct(ids)


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
