"""What an identity provider assigns to a person directly: a plan by an entitlement, roles by roles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bridge.scim.text import shown

#: The name of what decides where the identity provider assigns the plan.
ASSIGNED = "assigned by the identity provider"


@dataclass(frozen=True)
class Assignable:
    """The plans and the roles that a rule set lets identity providers assign: none unless it says so."""

    plans: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    @cached_property
    def plans_by_name(self) -> Mapping[str, str]:
        """Plans by lower-case key: `entitlements` compares without case (RFC 7643 section 4.1.2)."""
        return {key.lower(): key for key in self.plans}

    @cached_property
    def roles_by_name(self) -> Mapping[str, str]:
        """Roles by lower-case key."""
        return {key.lower(): key for key in self.roles}


@dataclass(frozen=True, slots=True)
class Assignment:
    """One value of a person's `entitlements` or `roles`, and what became of it; ``key`` is what it names."""

    attribute: str
    value: str
    key: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """The plan and the roles that the identity provider assigned, and what became of each value."""

    plan: str | None = None
    roles: tuple[str, ...] = ()
    values: tuple[Assignment, ...] = ()


NOTHING = Assigned()
NOT_ASSIGNABLE = Assignable()


def assigned(assignable: Assignable, resource: Mapping[str, Any]) -> Assigned:
    """Return what the values of a SCIM user assign.

    An entitlement assigns a plan when its ``value``, or else its ``type``, is the key of one, as /Licenses
    publishes them. Of several plans the primary one counts, or else the first. A role assigns the role whose
    key is its ``value``. What names nothing assignable is told and changes nothing.
    """
    plan: str | None = None
    values: list[Assignment] = []
    if assignable.plans:
        for element in _primary_first(resource.get("entitlements", ())):
            key = _named(element, ("value", "type"), assignable.plans_by_name)
            outcome = _outcome(key, plan)
            plan = plan or key
            values.append(Assignment("entitlement", _text(element), key, outcome))
    roles: dict[str, None] = {}
    if assignable.roles:
        for element in resource.get("roles", ()):
            key = _named(element, ("value",), assignable.roles_by_name)
            if key is not None:
                roles[key] = None
            told = "adds roles" if key else "names no role that may be assigned"
            values.append(Assignment("role", _text(element), key, told))
    return Assigned(plan, tuple(sorted(roles)), tuple(values)) if values else NOTHING


def _outcome(key: str | None, plan: str | None) -> str:
    if key is None:
        return "names no plan that may be assigned"
    return "won" if plan is None else "lost: another entitlement names a plan"


def _primary_first(elements: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(elements, key=lambda each: not each.get("primary", False))


def _named(element: Mapping[str, Any], subs: Iterable[str], keys: Mapping[str, str]) -> str | None:
    found = (keys.get(str(element.get(sub, "")).lower()) for sub in subs)
    return next((key for key in found if key is not None), None)


def _text(element: Mapping[str, Any]) -> str:
    return shown(element.get("value", element.get("type", "")))
