"""Roles and a plan as what they allow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from config.catalogue import Plan, Role

#: The one verb that is left of a privilege where a plan is for looking only.
READ = "read"


@dataclass(frozen=True, slots=True)
class Grants:
    """Privileges read subject:verb. A thing without a limit is not named in ``limits``."""

    plan: str
    roles: tuple[str, ...] = ()
    privileges: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    limits: Mapping[str, int] | None = None

    def allows(self, what: str) -> bool:
        """Tell whether a privilege or a feature is among them."""
        return what in self.privileges or what in self.features


def granted(
    plan: str, roles: Iterable[str], *, plans: Mapping[str, Plan], known_roles: Mapping[str, Role]
) -> Grants:
    """Return what the roles and the plan allow together.

    Roles bring privileges, also to whoever has no plan (``none``); the plan brings features and limits, and
    one for looking only leaves of the privileges those to read. A role that no catalogue knows brings none.
    """
    held = tuple(dict.fromkeys(roles))
    privileges = {
        privilege for role in held if role in known_roles for privilege in known_roles[role].privileges
    }
    bought = plans.get(plan)
    if bought is not None and bought.view_only:
        privileges = {privilege for privilege in privileges if privilege.rpartition(":")[2] == READ}
    return Grants(
        plan=plan,
        roles=held,
        privileges=tuple(sorted(privileges)),
        features=bought.features if bought else (),
        limits=dict(bought.limits) if bought else {},
    )
