"""The model of a schema: attributes with their characteristics (RFC 7643 sections 2.2 and 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

SCHEMA_URN = "urn:ietf:params:scim:schemas:core:2.0:Schema"


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute; compared by identity, so that what is compiled from it can be found again cheaply."""

    name: str
    type: str = "string"
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    canonical_values: tuple[str, ...] = ()
    sub_attributes: tuple["Attribute", ...] = ()
    reference_types: tuple[str, ...] = ()
    description: str = ""

    def sub(self, name: str) -> "Attribute | None":
        """Return the sub-attribute of that name, without regard to case (RFC 7643 section 2.1)."""
        wanted = name.lower()
        return next((each for each in self.sub_attributes if each.name.lower() == wanted), None)


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """A named set of attributes."""

    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]


COMMON = (
    Attribute("schemas", "reference", multi_valued=True, required=True, case_exact=True, returned="always"),
    Attribute(
        "id", case_exact=True, mutability="readOnly", returned="always", uniqueness="server", required=True
    ),
    Attribute("externalId", case_exact=True),
    Attribute(
        "meta",
        "complex",
        mutability="readOnly",
        sub_attributes=(
            Attribute("resourceType", case_exact=True, mutability="readOnly"),
            Attribute("created", "dateTime", mutability="readOnly"),
            Attribute("lastModified", "dateTime", mutability="readOnly"),
            Attribute("location", "reference", case_exact=True, mutability="readOnly"),
            Attribute("version", case_exact=True, mutability="readOnly"),
        ),
    ),
)
"""What every resource has (RFC 7643 section 3.1); no schema document lists them."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """An attribute found by name: ``schema`` is the URN of its extension, None for the core schema."""

    schema: str | None
    attribute: Attribute
    sub: Attribute | None = None

    @property
    def target(self) -> Attribute:
        """The attribute that holds the value: the sub-attribute where one is named."""
        return self.attribute if self.sub is None else self.sub


@dataclass(frozen=True, eq=False)
class ResourceSchema:
    """What a resource may hold: its core schema, the common attributes, and extensions under their URN."""

    core: Schema
    extensions: tuple[Schema, ...] = ()

    @cached_property
    def core_names(self) -> Mapping[str, Attribute]:
        """Core and common attributes by lower-case name."""
        return {each.name.lower(): each for each in (*COMMON, *self.core.attributes)}

    @cached_property
    def extension_names(self) -> Mapping[str, tuple[Schema, Mapping[str, Attribute]]]:
        """Extensions by lower-case URN, each with its attributes by lower-case name."""
        return {
            schema.id.lower(): (schema, {each.name.lower(): each for each in schema.attributes})
            for schema in self.extensions
        }

    def extension(self, urn: str) -> Schema | None:
        """Return the extension of that URN (compared without case, RFC 8141 section 3.1)."""
        found = self.extension_names.get(urn.lower())
        return found[0] if found else None


def resolve(resource_schema: ResourceSchema, name: str) -> Resolved | None:
    """Find ``attribute``, ``attribute.sub`` or either behind its schema's URN, in any case; or None.

    An attribute of an extension needs its URN (RFC 7644 section 3.10).
    """
    lowered = name.lower()
    if ":" not in lowered:
        return _within(None, resource_schema.core_names, lowered)
    core = resource_schema.core.id.lower() + ":"
    if lowered.startswith(core):
        return _within(None, resource_schema.core_names, lowered[len(core) :])
    for urn, (schema, names) in resource_schema.extension_names.items():
        if lowered.startswith(urn + ":"):
            found = _within(schema.id, names, lowered[len(urn) + 1 :])
            if found is not None:
                return found
    return None


def _within(schema: str | None, names: Mapping[str, Attribute], path: str) -> Resolved | None:
    head, dot, tail = path.partition(".")
    attribute = names.get(head)
    if attribute is None:
        return None
    sub = attribute.sub(tail) if dot else None
    return None if dot and sub is None else Resolved(schema, attribute, sub)


def schema_document(schema: Schema, *, base_url: str = "") -> dict[str, Any]:
    """Return the schema as ``/Schemas`` below ``base_url`` publishes it (RFC 7643 section 7)."""
    return {
        "schemas": [SCHEMA_URN],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": [_attribute_document(each) for each in schema.attributes],
        "meta": {"resourceType": "Schema", "location": f"{base_url}/Schemas/{schema.id}"},
    }


def _attribute_document(attribute: Attribute) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": attribute.name,
        "type": attribute.type,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": attribute.mutability,
        "returned": attribute.returned,
        "uniqueness": attribute.uniqueness,
    }
    if attribute.canonical_values:
        document["canonicalValues"] = list(attribute.canonical_values)
    if attribute.reference_types:
        document["referenceTypes"] = list(attribute.reference_types)
    if attribute.sub_attributes:
        document["subAttributes"] = [_attribute_document(each) for each in attribute.sub_attributes]
    return document
