"""Finding an attribute by a name that is not spelled as the RFC spells it."""

import re

from bridge.scim.attributes import Resolved, ResourceSchema, resolve
from bridge.scim.schemas import ENTERPRISE_USER_URN

_PRE_IETF = re.compile(
    r"urn:scim:schemas:(?:core|(?P<enterprise>extension:enterprise)):[12]\.0(?::(?:user|group))?(?::(?P<rest>.+))?",
    re.IGNORECASE,
)


def find(
    resource_schema: ResourceSchema, name: str, tolerances: frozenset[str]
) -> tuple[Resolved, str | None] | None:
    """Return the attribute and the tolerance it took to find it, or None."""
    found = resolve(resource_schema, name)
    if found is not None:
        return found, None
    for tolerance, respell in _RESPELLINGS:
        if tolerance in tolerances:
            respelled = respell(name, resource_schema)
            found = resolve(resource_schema, respelled) if respelled else None
            if found is not None:
                return found, tolerance
    return None


def pre_ietf_urn(name: str, resource_schema: ResourceSchema) -> str | None:
    """``urn:scim:schemas:extension:enterprise:1.0:manager`` is what the drafts before the RFC said."""
    old = _PRE_IETF.fullmatch(name)
    if old is None:
        return None
    urn = ENTERPRISE_USER_URN if old["enterprise"] else resource_schema.core.id
    return f"{urn}:{old['rest']}" if old["rest"] else urn


def urn_without_last_colon(name: str, resource_schema: ResourceSchema) -> str | None:
    """``…:2.0:User.department`` and ``…:2.0:Userdepartment`` lack the colon before the attribute."""
    lowered = name.lower()
    for schema in (*resource_schema.extensions, resource_schema.core):
        if lowered.startswith(schema.id.lower()) and len(name) > len(schema.id):
            return f"{schema.id}:{name[len(schema.id) :].removeprefix('.')}"
    return None


def extension_without_urn(name: str, resource_schema: ResourceSchema) -> str | None:
    """``department`` is an attribute of the first extension that has one of that name."""
    if ":" in name:
        return None
    qualified = (f"{schema.id}:{name}" for schema in resource_schema.extensions)
    return next((each for each in qualified if resolve(resource_schema, each)), None)


_RESPELLINGS = (
    ("pre_ietf_urn", pre_ietf_urn),
    ("urn_without_last_colon", urn_without_last_colon),
    ("extension_without_urn", extension_without_urn),
)


def schema_named(name: str, resource_schema: ResourceSchema, tolerances: frozenset[str]) -> str | None:
    """Return the URN, as its schema spells it, of the core schema or extension that ``name`` is; or None."""
    candidates = {each.id.lower(): each.id for each in (resource_schema.core, *resource_schema.extensions)}
    found = candidates.get(name.lower())
    if found is None and "pre_ietf_urn" in tolerances:
        modern = pre_ietf_urn(name, resource_schema)
        found = candidates.get(modern.lower()) if modern else None
    return found


def names_message(schemas: object, urn: str, tolerances: frozenset[str]) -> bool:
    """Tell whether the ``schemas`` of a message name what it is, its URN in any case.

    Where a client may send one element for a list, the URN may stand alone.
    """
    alone = isinstance(schemas, str) and "multi_as_object" in tolerances
    listed = [schemas] if alone else schemas
    return isinstance(listed, list) and any(
        isinstance(each, str) and each.lower() == urn.lower() for each in listed
    )
