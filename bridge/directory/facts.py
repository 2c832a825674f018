"""What is known of people over time, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class PersonVersionFact:
    """From ``start`` until ``end`` the person was (in)active and had these SCIM attributes."""

    start: datetime
    end: datetime | None
    active: bool
    resource: Mapping[str, Any]
    started_by: str
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class MembershipFact:
    """From ``start`` until ``end`` someone, or a group, was directly in the group."""

    group_id: str
    start: datetime
    end: datetime | None
    started_by: str
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class GroupNameFact:
    """From ``start`` until ``end`` the group existed under this name."""

    start: datetime
    end: datetime | None
    display_name: str
    started_by: str
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group's names over time, and the groups that it was in itself."""

    names: tuple[GroupNameFact, ...]
    memberships: tuple[MembershipFact, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """All dated facts of one person; ``live_from`` is when their connection began to count, if ever."""

    person_id: str
    connection_id: str
    live_from: datetime | None
    versions: tuple[PersonVersionFact, ...]
    memberships: tuple[MembershipFact, ...]
    groups: Mapping[str, GroupFacts] = field(default_factory=dict)
