"""Reading of a whole resource: names, types and tolerances, into the one form that is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bridge.errors import InvalidSyntax, InvalidValue, TooMany
from bridge.scim.attributes import ResourceSchema
from bridge.scim.names import find, schema_named
from bridge.scim.reading import DEFAULT_LIMITS, Dialect, Limits, Reading
from bridge.scim.text import shown
from bridge.scim.values import Check, Table, check_of, doubled, table_of, unknown

__all__ = ["DEFAULT_LIMITS", "Canonical", "Limits", "canonical_resource"]


@dataclass(frozen=True, slots=True)
class Canonical:
    """A resource as it is stored, with the names of the tolerances it took and of what was left out."""

    resource: dict[str, Any]
    tolerances: tuple[str, ...] = ()
    discarded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Compiled:
    core: Table
    extensions: Mapping[str, tuple[str, Table]]
    required: tuple[str, ...]
    urns: tuple[str, ...]


@lru_cache(maxsize=256)
def _compiled(resource_schema: ResourceSchema) -> _Compiled:
    core = table_of(resource_schema.core_names.values(), "")
    core["schemas"] = ("schemas", None)
    extensions: dict[str, tuple[str, Table]] = {}
    for schema in resource_schema.extensions:
        entry = (schema.id, table_of(schema.attributes, f"{schema.id}:"))
        extensions[schema.id] = extensions[schema.id.lower()] = entry
    required = tuple(each.name for each in resource_schema.core.attributes if each.required)
    urns = (resource_schema.core.id, *(each.id for each in resource_schema.extensions))
    return _Compiled(core, extensions, required, urns)


def canonical_resource(
    raw: object, resource_schema: ResourceSchema, dialect: Dialect, limits: Limits = DEFAULT_LIMITS
) -> Canonical:
    """Check the body of a POST or PUT and return it in canonical form.

    Read-only attributes and ``password`` are left out (RFC 7644 section 3.3), null and empty lists are
    absent (RFC 7643 section 2.5), ``schemas`` names what is there. Raises InvalidSyntax for what is no
    object, InvalidValue for a wrong, doubled, missing or (in a strict dialect) unknown attribute.
    """
    if not isinstance(raw, dict):
        raise InvalidSyntax("The body must be a JSON object.")
    if len(raw) > limits.attributes:
        raise TooMany(f"The resource has {len(raw)} attributes; at most {limits.attributes} are accepted.")
    compiled = _compiled(resource_schema)
    reading = Reading(dialect.tolerances, limits)
    given = raw.get("schemas")
    if not (
        type(given) is list and compiled.urns[0] in given and all(each in compiled.urns for each in given)
    ):
        _check_schemas(raw, resource_schema, reading)
    out = _read_core(raw, resource_schema, reading)
    for name in compiled.required:
        if name not in out or out[name] == "":
            raise InvalidValue(f"{name} is required and must not be empty.")
    out["schemas"] = schemas_of(out, resource_schema)
    return Canonical(out, tuple(reading.used), tuple(reading.discarded))


def _read_core(raw: Mapping[str, Any], resource_schema: ResourceSchema, reading: Reading) -> dict[str, Any]:
    """Read all attributes; those under their exact name at once, since nearly all are."""
    out: dict[str, Any] = {}
    table = _compiled(resource_schema).core
    for key, value in raw.items():
        entry = table.get(key)
        if entry is None:
            _read_other(out, key, value, resource_schema, reading)
        elif value is not None and (check := entry[1]) is not None:
            if entry[0] in out:
                raise doubled(entry[0])
            read = check(value, reading)
            if read is not None:
                out[entry[0]] = read
        else:
            _read_named(out, entry, value, reading)
    return out


def schemas_of(resource: Mapping[str, Any], resource_schema: ResourceSchema) -> list[str]:
    """Return the ``schemas`` of a canonical resource: its core schema and the extensions it uses."""
    used = (each.id for each in resource_schema.extensions if each.id in resource)
    return [resource_schema.core.id, *used]


def _check_schemas(raw: Mapping[str, Any], resource_schema: ResourceSchema, reading: Reading) -> None:
    given = raw.get("schemas")
    core = resource_schema.core.id
    if given is None:
        given = next((value for key, value in raw.items() if key.lower() == "schemas"), None)
    if isinstance(given, str) and reading.allows("multi_as_object"):
        reading.note("multi_as_object")
        given = [given]
    if not given:
        if not reading.allows("missing_schemas"):
            raise InvalidSyntax(f"The body has no schemas; it must name {core}.")
        reading.note("missing_schemas")
        return
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise InvalidValue(f"schemas must be a list of texts; {shown(given)} is not.")
    if len(given) > reading.limits.elements:
        raise TooMany(f"schemas has {len(given)} elements; at most {reading.limits.elements} are accepted.")
    for urn in given:
        if urn != core:
            _check_schema(urn, resource_schema, reading)
    if core not in given and not reading.allows("missing_schemas"):
        _check_core_named(given, core)


def _check_schema(urn: str, resource_schema: ResourceSchema, reading: Reading) -> None:
    if schema_named(urn, resource_schema, frozenset()):
        return
    if schema_named(urn, resource_schema, reading.tolerances):
        reading.note("pre_ietf_urn")
    elif reading.allows("unknown_schemas"):
        reading.note("unknown_schemas")
    else:
        raise InvalidValue(f"schemas names {shown(urn)}, which is no schema of this resource. Remove it.")


def _check_core_named(given: list[str], core: str) -> None:
    if core.lower() not in (each.lower() for each in given):
        raise InvalidValue(f"schemas must name {core}.")


def _read_other(
    out: dict[str, Any], key: str, value: object, resource_schema: ResourceSchema, reading: Reading
) -> None:
    """Read what does not stand under a core attribute's exact name: other spellings and extensions."""
    compiled = _compiled(resource_schema)
    extension = compiled.extensions.get(key)
    if extension is None:
        urn = schema_named(key, resource_schema, reading.tolerances) if ":" in key else None
        extension = compiled.extensions.get(urn) if urn else None
        if extension is not None and key.lower() != extension[0].lower():
            reading.note("pre_ietf_urn")
    if extension is not None:
        _read_extension(out, extension, value, reading)
        return
    entry = compiled.core.get(key.lower())
    if entry is not None:
        _read_named(out, entry, value, reading)
        return
    found = find(resource_schema, key, reading.tolerances)
    if found is None or found[0].sub is not None:
        unknown(key, reading)
        return
    resolved, tolerance = found
    if tolerance is not None:
        reading.note(tolerance)
    holder = out if resolved.schema is None else out.setdefault(resolved.schema, {})
    taken = resolved.attribute.mutability not in ("readOnly", "writeOnly")
    check = check_of(resolved.attribute, resolved.attribute.name) if taken else None
    _read_named(holder, (resolved.attribute.name, check), value, reading)
    if resolved.schema is not None and not holder:
        del out[resolved.schema]


def _read_named(
    out: dict[str, Any], entry: tuple[str, Check | None], value: object, reading: Reading
) -> None:
    name, check = entry
    if check is None:
        if name != "schemas":
            reading.discard(name)
    elif value is not None:
        if name in out:
            raise doubled(name)
        read = check(value, reading)
        if read is not None:
            out[name] = read


def _read_extension(
    out: dict[str, Any], extension: tuple[str, Table], value: object, reading: Reading
) -> None:
    urn, table = extension
    if value is None:
        return
    if not isinstance(value, dict):
        raise InvalidValue(f"{urn} must be an object; {shown(value)} is not.")
    holder: dict[str, Any] = out.get(urn, {})
    for key, item in value.items():
        entry = table.get(key) or table.get(key.lower())
        if entry is None:
            unknown(f"{urn}:{key}", reading)
        else:
            _read_named(holder, entry, item, reading)
    if holder:
        out[urn] = holder
