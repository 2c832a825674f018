"""The words in which a story is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bridge.simulator.company import Company

Source = Literal["okta", "entra"]


class Kind(StrEnum):
    """What an administrator, or the identity provider on its own, did."""

    PROBE = "probe"
    HIRE = "hire"
    PROFILE = "profile"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    REPROVISION = "reprovision"  # Okta: assigned again after a deactivation, sent as a new user
    DELETE = "delete"  # Entra: 30 days after the deactivation
    PUSH = "push"  # a group comes under provisioning, with the members it has
    JOIN = "join"
    LEAVE = "leave"
    RENAME = "rename"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens at one instant (UTC) in one identity provider.

    ``people`` are keys of persons; ``group`` is a group's first name, which stays its name in the story
    whatever it is called later (``new_name``); ``manager`` is a key and set only where that person is
    provisioned already; ``changes`` are fields of ``Person`` with their new values. What an event does not
    concern is empty. ``by_put`` sends the deactivation as a full PUT, ``repeated`` marks what was said before
    and changes nothing.
    """

    at: datetime
    source: Source
    kind: Kind
    people: tuple[str, ...] = ()
    group: str = ""
    new_name: str = ""
    manager: str = ""
    changes: tuple[tuple[str, str], ...] = ()
    by_put: bool = False
    repeated: bool = False

    @property
    def person(self) -> str:
        """The one person concerned."""
        (person,) = self.people
        return person


@dataclass(frozen=True, slots=True)
class Story:
    """What happens to a company, in order of time, no two events at one instant.

    ``group_plans`` says for every name a group ever has which plan it stands for: ``standard``, ``premium``,
    ``flexible``, or ``none`` for those who may sign in and hold no seat.
    """

    company: Company
    start: datetime
    events: tuple[Event, ...]
    group_plans: Mapping[str, str]
