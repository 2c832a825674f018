"""What visitors of the pages may do: the privileges of roles, and what is the operator's alone."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

#: What a tenant's own people may be allowed, each as it stands in role catalogues.
TENANTS = frozenset(
    {
        "people:read",
        "people:write",
        "roles:assign",
        "rules:read",
        "rules:write",
        "settings:read",
        "settings:write",
        "journal:read",
        "journal:verify",
        "invoices:read",
        "invoices:export",
        "usage:read",
        "payment:write",
    }
)
#: What no role of a tenant brings, whatever its own catalogue says: these are about what the tenant owes.
OPERATORS = frozenset({"prices:write", "invoices:write"})

#: By the role of a visit (``access.visits.VISITORS``).
OF_VISITS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "operator": TENANTS | OPERATORS,
        "administrator": TENANTS - {"payment:write"},
        "billing": frozenset({"invoices:read", "invoices:export", "usage:read", "payment:write"}),
        "auditor": frozenset(
            {
                "people:read",
                "rules:read",
                "settings:read",
                "journal:read",
                "journal:verify",
                "invoices:read",
                "usage:read",
            }
        ),
    }
)


def of_person(privileges: Iterable[str]) -> frozenset[str]:
    """Return what of a person's privileges counts here."""
    return TENANTS.intersection(privileges)
