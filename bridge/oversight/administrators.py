"""Who administers a tenant: people whose roles let them assign roles."""

from collections.abc import Mapping

from bridge.oversight.effects import Held
from config.catalogue import Role

#: Whoever may assign roles can let everybody else in again; nothing less can, nothing more is needed.
ADMINISTERS = "roles:assign"


def administering(roles: Mapping[str, Role]) -> frozenset[str]:
    """Return the keys of the roles that make their holder an administrator."""
    return frozenset(key for key, role in roles.items() if ADMINISTERS in role.privileges)


def administrators(held: Mapping[str, Held], roles: frozenset[str]) -> list[str]:
    """Return the ids of those who hold one of these roles, in order."""
    return sorted(person_id for person_id, each in held.items() if not roles.isdisjoint(each.roles))
