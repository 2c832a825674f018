"""The schemas the bridge speaks: User, its enterprise extension, Group, Role, Entitlement."""

from bridge.scim.attributes import (
    Attribute,
    Resolved,
    ResourceSchema,
    Schema,
    resolve,
    schema_document,
)

__all__ = [
    "ENTERPRISE_USER",
    "ENTERPRISE_USER_URN",
    "ENTITLEMENT",
    "ENTITLEMENT_RESOURCE",
    "ENTITLEMENT_URN",
    "GROUP",
    "GROUP_RESOURCE",
    "GROUP_URN",
    "ROLE",
    "ROLE_RESOURCE",
    "ROLE_URN",
    "USER",
    "USER_RESOURCE",
    "USER_URN",
    "Attribute",
    "Resolved",
    "ResourceSchema",
    "Schema",
    "resolve",
    "schema_document",
]

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_USER_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ROLE_URN = "urn:okta:scim:schemas:core:1.0:Role"
ENTITLEMENT_URN = "urn:okta:scim:schemas:core:1.0:Entitlement"

_PRIMARY = Attribute("primary", "boolean", description="Whether this is the preferred value.")
_DISPLAY = Attribute("display", description="A name to show.")


def _values(
    name: str,
    description: str,
    *,
    kinds: tuple[str, ...] = (),
    value: Attribute | None = None,
) -> Attribute:
    """Return a multi-valued attribute with the default sub-attributes of RFC 7643 section 2.4."""
    kind = Attribute("type", canonical_values=kinds, description="A label, such as work or home.")
    subs = (value or Attribute("value", description="The value itself."), _DISPLAY, kind, _PRIMARY)
    return Attribute(name, "complex", multi_valued=True, sub_attributes=subs, description=description)


_NAME = Attribute(
    "name",
    "complex",
    description="The components of the person's name.",
    sub_attributes=(
        Attribute("formatted", description="The full name."),
        Attribute("familyName", description="The family name."),
        Attribute("givenName", description="The given name."),
        Attribute("middleName", description="The middle name or names."),
        Attribute("honorificPrefix", description="A title in front of the name."),
        Attribute("honorificSuffix", description="A title behind the name."),
    ),
)

_ADDRESSES = Attribute(
    "addresses",
    "complex",
    multi_valued=True,
    description="Postal addresses.",
    sub_attributes=(
        Attribute("formatted", description="The full address."),
        Attribute("streetAddress", description="Street and number."),
        Attribute("locality", description="City."),
        Attribute("region", description="State or region."),
        Attribute("postalCode", description="Postal code."),
        Attribute("country", description="Country, as ISO 3166-1 alpha-2."),
        Attribute("type", canonical_values=("work", "home", "other"), description="A label."),
        _PRIMARY,
    ),
)

_GROUPS = Attribute(
    "groups",
    "complex",
    multi_valued=True,
    mutability="readOnly",
    description="The groups the person belongs to; changed through the groups.",
    sub_attributes=(
        Attribute("value", case_exact=True, mutability="readOnly", description="The id of the group."),
        Attribute(
            "$ref",
            "reference",
            case_exact=True,
            mutability="readOnly",
            reference_types=("Group",),
            description="The URI of the group.",
        ),
        Attribute("display", mutability="readOnly", description="The name of the group."),
        Attribute(
            "type",
            mutability="readOnly",
            canonical_values=("direct", "indirect"),
            description="Direct, or through a nested group.",
        ),
    ),
)

USER = Schema(
    USER_URN,
    "User",
    "User Account",
    (
        Attribute("userName", required=True, uniqueness="server", description="The name to sign in with."),
        _NAME,
        Attribute("displayName", description="The name to show."),
        Attribute("nickName", description="The casual name."),
        Attribute(
            "profileUrl", "reference", case_exact=True, reference_types=("external",), description="A page."
        ),
        Attribute("title", description="The job title."),
        Attribute("userType", description="The relation to the organisation, such as Employee."),
        Attribute("preferredLanguage", description="The preferred language, as in Accept-Language."),
        Attribute("locale", description="The locale, as in en-US."),
        Attribute("timezone", description="The IANA time zone."),
        Attribute("active", "boolean", description="Whether the person may use the product."),
        Attribute(
            "password",
            case_exact=True,
            mutability="writeOnly",
            returned="never",
            description="Accepted and discarded: people sign in through the identity provider.",
        ),
        _values("emails", "E-mail addresses.", kinds=("work", "home", "other")),
        _values(
            "phoneNumbers",
            "Telephone numbers.",
            kinds=("work", "home", "mobile", "fax", "pager", "other"),
        ),
        _values("ims", "Instant messaging addresses."),
        _values(
            "photos",
            "Pictures.",
            kinds=("photo", "thumbnail"),
            value=Attribute("value", "reference", case_exact=True, reference_types=("external",)),
        ),
        _ADDRESSES,
        _GROUPS,
        _values("entitlements", "What the identity provider assigns directly, such as a plan."),
        _values("roles", "Roles the identity provider assigns directly."),
        _values(
            "x509Certificates",
            "Certificates.",
            value=Attribute("value", "binary", case_exact=True, description="DER, in base64."),
        ),
    ),
)

_MANAGER = Attribute(
    "manager",
    "complex",
    description="The person's manager.",
    sub_attributes=(
        Attribute("value", case_exact=True, description="The id of the manager."),
        Attribute("$ref", "reference", case_exact=True, reference_types=("User",), description="The URI."),
        Attribute("displayName", mutability="readOnly", description="The name of the manager."),
    ),
)

ENTERPRISE_USER = Schema(
    ENTERPRISE_USER_URN,
    "EnterpriseUser",
    "Enterprise User",
    (
        Attribute("employeeNumber", description="The number the organisation gave the person."),
        Attribute("costCenter", description="The cost center."),
        Attribute("organization", description="The organization."),
        Attribute("division", description="The division."),
        Attribute("department", description="The department."),
        _MANAGER,
    ),
)

MEMBERS = Attribute(
    "members",
    "complex",
    multi_valued=True,
    description="The people and groups in this group.",
    sub_attributes=(
        Attribute(
            "value",
            required=True,
            case_exact=True,
            mutability="immutable",
            description="The id of the member.",
        ),
        Attribute(
            "$ref",
            "reference",
            case_exact=True,
            mutability="immutable",
            reference_types=("User", "Group"),
            description="The URI of the member.",
        ),
        Attribute("display", mutability="readOnly", description="The name of the member."),
        Attribute(
            "type",
            mutability="immutable",
            canonical_values=("User", "Group"),
            description="What the member is.",
        ),
    ),
)

GROUP = Schema(
    GROUP_URN,
    "Group",
    "Group",
    (Attribute("displayName", required=True, description="The name of the group."), MEMBERS),
)


def _assignable(urn: str, name: str, description: str) -> Schema:
    """Return the schema of a thing an identity provider discovers in order to assign it."""
    return Schema(
        urn,
        name,
        description,
        (
            Attribute("displayName", required=True, description="The name to show.", mutability="readOnly"),
            Attribute("type", description="What kind of thing it is.", mutability="readOnly"),
            Attribute("description", description="What it grants.", mutability="readOnly"),
        ),
    )


ROLE = _assignable(ROLE_URN, "Role", "A role that can be assigned to a person.")
ENTITLEMENT = _assignable(ENTITLEMENT_URN, "Entitlement", "A plan that can be assigned to a person.")

USER_RESOURCE = ResourceSchema(USER, (ENTERPRISE_USER,))
GROUP_RESOURCE = ResourceSchema(GROUP)
ROLE_RESOURCE = ResourceSchema(ROLE)
ENTITLEMENT_RESOURCE = ResourceSchema(ENTITLEMENT)
