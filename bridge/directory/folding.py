"""A resource as filters compare it: each text that is compared without case replaced by its key.

SQLite and PostgreSQL fold letters differently from each other and from RFC 7643's users, so neither is asked
to: what they compare was folded by ``bridge.scim.text.fold`` when it was written.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bridge.scim.attributes import Attribute, ResourceSchema
from bridge.scim.instants import parse_instant
from bridge.scim.text import fold


def folded(resource: Mapping[str, Any], resource_schema: ResourceSchema) -> dict[str, Any]:
    """Return the copy of a canonical resource that ``conditions`` searches in."""
    extensions = resource_schema.extension_names
    out = _folded_attributes(
        ((name, value) for name, value in resource.items() if name.lower() not in extensions),
        resource_schema.core_names,
    )
    for schema, names in extensions.values():
        if schema.id in resource:
            out[schema.id] = _folded_attributes(resource[schema.id].items(), names)
    return out


def comparable(value: Any, attribute: Attribute) -> Any:  # noqa: ANN401 (any JSON value)
    """Return the key of one simple value: equal keys are what the attribute calls equal values."""
    if not isinstance(value, str):
        return value
    if attribute.type == "dateTime":
        return parse_instant(value, name=attribute.name).isoformat(timespec="microseconds")
    return value if attribute.case_exact or attribute.type == "binary" else fold(value)


def _folded_attributes(
    values: Iterable[tuple[str, Any]], attributes: Mapping[str, Attribute]
) -> dict[str, Any]:
    return {name: _folded_value(value, attributes[name.lower()]) for name, value in values}


def _folded_value(value: Any, attribute: Attribute) -> Any:  # noqa: ANN401 (any JSON value)
    if isinstance(value, list):
        return [_folded_value(each, attribute) for each in value]
    if isinstance(value, dict):
        subs = {each.name: each for each in attribute.sub_attributes}
        return {name: comparable(part, subs[name]) for name, part in value.items()}
    return comparable(value, attribute)
