"""The attribute whose equal values propose that two accounts are one human's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.errors import InvalidValue
from bridge.scim.attributes import ResourceSchema, resolve
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.scim.text import fold, shown

EXTERNAL_ID = "externalId"
EMPLOYEE_NUMBER = "employeeNumber"


@dataclass(frozen=True, slots=True)
class Agreement:
    """An attribute by its stored name: ``externalId``, or one of an extension behind its URN."""

    attribute: str
    case_exact: bool

    @property
    def parts(self) -> tuple[str, ...]:
        """Where the value lies in a SCIM user: the extension's URN, if any, and the attribute's name."""
        urn, _, name = self.attribute.rpartition(":")
        return (urn, name) if urn else (name,)

    def key(self, resource: Mapping[str, Any]) -> str | None:
        """Return the value as it is compared, None for none: what is empty agrees with nothing."""
        *urn, name = self.parts
        holder = (resource.get(urn[0]) or {}) if urn else resource
        value = holder.get(name)
        if not isinstance(value, str) or not value.strip():
            return None
        return value if self.case_exact else fold(value)


def agreement_in(attribute: str, user_schema: ResourceSchema) -> Agreement:
    """Return the agreement in an attribute that a tenant may choose.

    Raises ``InvalidValue`` for what is given to another human sooner or later, or changed by whoever holds
    the account: user names, display names, addresses, phone numbers; for what is no single text.
    """
    named = f"{ENTERPRISE_USER_URN}:{EMPLOYEE_NUMBER}" if attribute == EMPLOYEE_NUMBER else attribute
    found = resolve(user_schema, named)
    if found is None:
        raise _refused(f"found {shown(attribute)}, which is no attribute of the tenant's users")
    of_tenant = found.schema not in (None, ENTERPRISE_USER_URN)
    stored = found.attribute.name if found.schema is None else f"{found.schema}:{found.attribute.name}"
    if stored not in (EXTERNAL_ID, f"{ENTERPRISE_USER_URN}:{EMPLOYEE_NUMBER}") and not of_tenant:
        raise _refused(
            f"found {shown(attribute)}, by which nobody is joined: names and addresses are given to others "
            "when people leave, or changed by whoever has the account"
        )
    if found.target.type != "string" or found.attribute.multi_valued or found.sub is not None:
        raise _refused(f"found {shown(attribute)}, which is not one text")
    return Agreement(stored, found.attribute.case_exact)


def _refused(found: str) -> InvalidValue:
    allowed = (
        f"{EXTERNAL_ID}, {EMPLOYEE_NUMBER} or a text attribute of the tenant's own schema behind its URN"
    )
    return InvalidValue(f"{found}; allowed is {allowed}", pointer="/attribute")
