"""What is known of people over time, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.directory.agreement import Agreement


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
class JoinFact:
    """From ``start`` until ``end`` the account counted as the person.

    ``made_by`` is ``administrator`` or ``attribute``; ``agreement`` is what both had to agree in, where a
    join attribute proposed it. ``is_noted`` tells whether the end is stored, or follows from other facts and
    is yet to be written down.
    """

    account_id: str
    person_id: str
    start: datetime
    end: datetime | None
    made_by: str
    agreement: Agreement | None
    reason: str
    started_by: str
    ended_by: str | None
    is_noted: bool = False


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """All dated facts of an account that was joined to a person, with the time for which it was."""

    join: JoinFact
    live_from: datetime | None
    versions: tuple[PersonVersionFact, ...]
    memberships: tuple[MembershipFact, ...]


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """All dated facts of one person; ``live_from`` is when their connection began to count, if ever.

    ``joined`` are accounts that counted as this person, ``away`` the times in which this one counted as
    another. ``groups`` holds the groups of all of them.
    """

    person_id: str
    connection_id: str
    live_from: datetime | None
    versions: tuple[PersonVersionFact, ...]
    memberships: tuple[MembershipFact, ...]
    groups: Mapping[str, GroupFacts] = field(default_factory=dict)
    joined: tuple[AccountFacts, ...] = ()
    away: tuple[JoinFact, ...] = ()
