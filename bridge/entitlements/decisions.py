"""Decisions: whether what a person holds allows what they want to do, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.entitlements.grants import Grants
from bridge.mapping.rules import NO_PLAN


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of a limit is used, and how much more is wanted; both in the limit's own unit, whole."""

    limit: str
    used: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it is allowed; why, in words for administrators and for the person; what decided it."""

    allowed: bool
    admin: str
    user: str
    through: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as the Authorization API 1.0 section 6.2 has it: reasons by language."""
        context = {"reason_admin": {"en": self.admin}, "reason_user": {"en": self.user}, **self.through}
        return {"decision": self.allowed, "context": context}


def decide(grants: Grants, action: str, use: LimitUse | None) -> Decision:
    """Decide by the catalogues: the action must be a privilege or feature held, the use fit into the plan.

    A plan that does not name a limit is without it; whoever has no plan has nothing of any.
    """
    if not grants.allows(action):
        return _denied(grants, action)
    if use is None:
        return Decision(allowed=True, admin=f"{_holding(grants)} allow {action}", user="You may do this.")
    return _within(grants, use)


def _denied(grants: Grants, action: str) -> Decision:
    kind = "privilege" if ":" in action else "feature"
    told = f"{_holding(grants)} do not bring the {kind} {action}"
    user = "Your roles do not allow this." if kind == "privilege" else "Your plan does not include this."
    return Decision(allowed=False, admin=told, user=f"{user} Ask your administrator.")


def _within(grants: Grants, use: LimitUse) -> Decision:
    if grants.plan == NO_PLAN:
        told = f"nobody without a plan has any of {use.limit}"
        return Decision(allowed=False, admin=told, user="You have no plan. Ask your administrator.")
    most = (grants.limits or {}).get(use.limit)
    if most is None:
        told = f"plan {grants.plan} is without the limit {use.limit}"
        return Decision(allowed=True, admin=told, user="You may do this.")
    told = f"plan {grants.plan} allows {most} {use.limit}: {use.used} are used, {use.wanted} wanted"
    if use.used + use.wanted <= most:
        return Decision(allowed=True, admin=told, user="You may do this.")
    left = max(most - use.used, 0)
    return Decision(allowed=False, admin=told, user=f"Your plan leaves {left} of {most} for now.")


def _holding(grants: Grants) -> str:
    return f"roles {', '.join(grants.roles) or 'none'} on plan {grants.plan}"
