"""Reading of a PATCH body as a client of a given dialect writes it, into canonical operations."""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.errors import (
    InvalidInput,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    Mutability,
    NoTarget,
    TooMany,
)
from bridge.scim import tolerances
from bridge.scim.attributes import ResourceSchema
from bridge.scim.names import names_message, schema_named
from bridge.scim.operations import Operation
from bridge.scim.paths import PatchPath, parse_path
from bridge.scim.reading import DEFAULT_LIMITS, DIALECTS, Dialect, Limits, Reading
from bridge.scim.text import shown
from bridge.scim.values import check_of, parts_check_of, unknown

__all__ = ["DIALECTS", "PATCH_URN", "Dialect", "Operation", "canonical_operations"]

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def canonical_operations(
    body: object,
    dialect: Dialect,
    resource_schema: ResourceSchema,
    limits: Limits = DEFAULT_LIMITS,
    *,
    own_id: str | None = None,
) -> tuple[tuple[Operation, ...], tuple[str, ...]]:
    """Return the operations, each with its path, and the tolerances it took to read them.

    ``own_id`` is the id of the resource: a value may repeat it, never change it. Errors are of the
    classes of RFC 7644 section 3.12, name the operation by its index and quote what is wrong in it.
    """
    reading = Reading(dialect.tolerances, limits)
    operations: list[Operation] = []
    for index, raw in enumerate(_operations_in(body, reading)):
        try:
            operations.extend(_Reader(raw, index, resource_schema, reading, own_id).operations())
        except InvalidInput as error:
            pointer = f"/Operations/{index}"
            raise type(error)(f"Operation {index}: {error.detail}", pointer=pointer) from error
    return tuple(operations), tuple(reading.used)


def _operations_in(body: object, reading: Reading) -> list[Any]:
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a JSON object with schemas and Operations.")
    members = _by_lower_name(body)
    schemas = members.get("schemas")
    if not schemas and reading.allows("missing_schemas"):
        reading.note("missing_schemas")
    elif not names_message(schemas, PATCH_URN, reading.tolerances):
        raise InvalidSyntax(f"schemas must name {PATCH_URN}; {shown(schemas)} does not.")
    operations = members.get("operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax(f"Operations must be a list of at least one; {shown(operations)} is not.")
    if len(operations) > reading.limits.operations:
        raise TooMany(
            f"{len(operations)} operations are sent; at most {reading.limits.operations} are accepted."
        )
    return operations


def _by_lower_name(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in raw.items()}


class _Reader:
    """Reads one operation; it may turn out to be several, one per attribute of a path-less value."""

    def __init__(
        self,
        raw: object,
        index: int,
        resource_schema: ResourceSchema,
        reading: Reading,
        own_id: str | None,
    ) -> None:
        if not isinstance(raw, dict):
            raise InvalidSyntax(f"{shown(raw)} is no operation; send an object with op, path and value.")
        self.raw = _by_lower_name(raw)
        self.index = index
        self.schema = resource_schema
        self.reading = reading
        self.own_id = own_id

    def operations(self) -> list[Operation]:
        op = self._op()
        path = self.raw.get("path")
        if path is None or path == "":
            return self._pathless(op)
        if not isinstance(path, str):
            raise InvalidPath(f"path must be a text; {shown(path)} is not.")
        if op != "remove" and "value" not in self.raw:
            raise InvalidValue(f"{op} {shown(path)} has no value. Send one.")
        urn = schema_named(path, self.schema, self.reading.tolerances)
        if urn is not None:
            return self._whole_schema(op, urn)
        return self._with_path(op, self._path(path), self.raw.get("value"))

    def _op(self) -> str:
        given = self.raw.get("op")
        if given in ("add", "replace", "remove"):
            return str(given)
        op = tolerances.operation_name_case(given) if isinstance(given, str) else None
        if op is None or not self.reading.allows("operation_name_case"):
            raise InvalidSyntax(f"op must be add, replace or remove; {shown(given)} is not.")
        self.reading.note("operation_name_case")
        return op

    def _path(self, text: str) -> PatchPath:
        path = parse_path(text, self.schema, tolerances=self.reading.tolerances)
        for tolerance in path.tolerances:
            self.reading.note(tolerance)
        return path

    def _pathless(self, op: str) -> list[Operation]:
        if op == "remove":
            raise NoTarget("remove needs a path that says what to remove.")
        if not self.reading.allows("pathless_operation"):
            raise InvalidPath(f"{op} has no path. Send one operation per attribute, with its path.")
        value = self.raw.get("value")
        if not isinstance(value, dict):
            raise InvalidValue(f"{op} without a path needs an object as value; {shown(value)} is none.")
        self.reading.note("pathless_operation")
        return list(self._of_object(op, value, None))

    def _whole_schema(self, op: str, urn: str) -> list[Operation]:
        """Turn an operation on a whole extension into one on each of its attributes."""
        return self._removed(urn) if op == "remove" else list(self._of_schema(op, self.raw["value"], urn))

    def _removed(self, urn: str) -> list[Operation]:
        extension = self.schema.extension(urn)
        if extension is None:
            raise Mutability(f"{urn} is the core schema; it cannot be removed.")
        paths = (PatchPath(urn, each) for each in extension.attributes if each.mutability != "readOnly")
        return [Operation("remove", path, None, self.index) for path in paths]

    def _of_schema(self, op: str, value: object, urn: str) -> Iterator[Operation]:
        """Read what is said of a schema's attributes; null, or nothing in place of all, takes them away."""
        if value is None or (value == {} and op == "replace" and self.schema.extension(urn)):
            yield from self._removed(urn)
        elif isinstance(value, dict):
            yield from self._of_object(op, value, urn)
        else:
            raise InvalidValue(f"{urn} must be an object; {shown(value)} is not.")

    def _of_object(self, op: str, value: Mapping[str, Any], urn: str | None) -> Iterator[Operation]:
        """Read an object of attributes, each under its name, a path or its schema's URN."""
        if len(value) > self.reading.limits.attributes:
            raise TooMany(
                f"{len(value)} attributes are sent; at most {self.reading.limits.attributes} are accepted."
            )
        for key, item in value.items():
            named = schema_named(key, self.schema, self.reading.tolerances) if urn is None else None
            if named is not None:
                yield from self._of_schema(op, item, named)
            elif key.lower() != "schemas":
                if urn is None and ":" in key:
                    self._note_qualified(key)
                yield from self._of_key(op, key if urn is None else f"{urn}:{key}", item)

    def _of_key(self, op: str, key: str, item: object) -> list[Operation]:
        try:
            path = self._path(key)
        except InvalidPath:
            # A key that does not even look like a path is a mapping fault in every dialect.
            if "[" in key:
                raise
            unknown(key, self.reading)
            return []
        if path.attribute.mutability == "readOnly":
            self._check_read_only(path, item)
            return []
        if path.sub is not None or path.filter is not None:
            self._note_qualified(key)
        return self._with_path(op, path, item)

    def _note_qualified(self, key: str) -> None:
        if not self.reading.allows("qualified_keys"):
            raise InvalidValue(f"{shown(key)} is a path, not a name. Send it as the path of an operation.")
        self.reading.note("qualified_keys")

    def _check_read_only(self, path: PatchPath, item: object) -> None:
        """Let pass what changes nothing: the resource's own id, or what the client cannot know to be ours."""
        if self._is_own_id(path, item):
            return
        if path.attribute.name == "id" or not self.reading.allows("read_only_in_value"):
            raise Mutability(
                f"{path.name} is read-only; {shown(item)} cannot be set. Remove it from the mapping."
            )
        self.reading.note("read_only_in_value")

    def _is_own_id(self, path: PatchPath, value: object) -> bool:
        own = path.attribute.name == "id" and self.own_id is not None and value == self.own_id
        if own and self.reading.allows("own_id_in_value"):
            self.reading.note("own_id_in_value")
            return True
        return False

    def _with_path(self, op: str, path: PatchPath, value: object) -> list[Operation]:
        if "readOnly" in (path.attribute.mutability, path.target.mutability):
            if self._is_own_id(path, value) and op != "remove":
                return []
            raise Mutability(f"{path.name} is read-only and cannot be changed. Remove it from the mapping.")
        if path.attribute.mutability == "writeOnly":
            return []  # password: accepted and discarded, people sign in through the identity provider
        if op == "remove":
            return [self._removal(path, value)]
        whole_list = path.attribute.multi_valued and path.filter is None and path.sub is None
        read = self._value(path, value)
        if read == {} or (op == "add" and value == {}):
            return []  # no part is named that could be changed
        if read is None and not whole_list:
            # null, an empty list and an empty complex value are the absence of one (RFC 7643 section 2.5).
            op = "remove"
        return [Operation(op, path, read, self.index, self._missing_ok(path))]

    def _removal(self, path: PatchPath, value: object) -> Operation:
        lists = path.attribute.multi_valued and path.filter is None and path.sub is None
        if value is None or not lists:
            return Operation("remove", path, None, self.index, self._missing_ok(path))
        if not self.reading.allows("remove_by_value"):
            raise InvalidValue(
                f"remove {path.name} lists values, which RFC 7644 does not know. "
                f'Send {path.name}[value eq "…"] as the path.'
            )
        self.reading.note("remove_by_value")
        read = check_of(path.attribute, path.name)(value, self.reading)
        return Operation("remove", path, read or [], self.index, missing_ok=True)

    def _missing_ok(self, path: PatchPath) -> bool:
        partial = path.attribute.multi_valued and (path.filter is not None or path.sub is not None)
        return partial and self.reading.allows("create_by_value_path")

    def _value(self, path: PatchPath, value: object) -> object:
        """Return the value in canonical form, None when it is the absence of a value."""
        if value is None:
            return None
        listed = path.attribute.multi_valued and path.filter is None
        if path.sub is None and path.attribute.type == "complex" and not listed:
            return parts_check_of(path.attribute, path.name)(value, self.reading)
        if path.sub is None and path.filter is None:
            return check_of(path.attribute, path.name)(value, self.reading)
        read = check_of(path.target, path.name, one=True)(value, self.reading)
        if read == "" and path.target.name == "value" and self.reading.allows("empty_text_as_remove"):
            self.reading.note("empty_text_as_remove")
            return None
        return read
