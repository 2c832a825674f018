"""What an identity provider remembers of those it provisions."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.simulator.company import Person
from bridge.simulator.events import Event

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(slots=True)
class Roster:
    """People as they are now, and the ids the other side gave to people and groups.

    Groups are kept by the story's name for them; ``names`` is what they are called now.
    """

    people: dict[str, Person]
    user_ids: dict[str, str] = field(default_factory=dict)
    group_ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, people: Iterable[Person]) -> "Roster":
        return cls({person.key: person for person in people})

    def change(self, event: Event) -> Person:
        """Take over the event's changes."""
        changes: dict[str, Any] = dict(event.changes)
        if event.manager:
            changes["manager"] = event.manager
        changed = replace(self.people[event.person], **changes)
        self.people[event.person] = changed
        return changed

    def user_path(self, event: Event) -> str:
        return f"/Users/{self.user_ids[event.person]}"

    def group_path(self, event: Event) -> str:
        return f"/Groups/{self.group_ids[event.group]}"
