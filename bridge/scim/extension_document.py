"""The JSON of a schema that a tenant defines, read strictly (RFC 7643 section 7)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.errors import Conflict, InvalidValue
from bridge.scim.attributes import Attribute, Schema
from bridge.scim.text import fault_of, shown

#: What filters and paths can spell.
_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}(:[a-z0-9._-]+)+", re.IGNORECASE | re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.IGNORECASE | re.ASCII)
_URN_CHARACTERS = 200

_SIMPLE = ("string", "boolean", "decimal", "integer", "dateTime", "reference")
_TYPES = (*_SIMPLE, "complex")
_MUTABILITY = ("readWrite", "readOnly")

_SCHEMA = ("schemas", "id", "name", "description", "attributes", "meta")
_ATTRIBUTE = (
    "name", "type", "multiValued", "description", "required", "caseExact", "mutability", "returned",
    "uniqueness", "canonicalValues", "referenceTypes", "subAttributes",
)  # fmt: skip

#: What a later version of a schema may not change, since values and rules rely on it.
_FIXED = ("type", "multi_valued", "case_exact")


@dataclass(frozen=True, slots=True)
class ExtensionLimits:
    """How much one schema may hold; inclusive. Sub-attributes count as attributes."""

    attributes: int = 100
    text_characters: int = 1024
    canonical_values: int = 100


DEFAULT_EXTENSION_LIMITS = ExtensionLimits()


def parse_extension(
    document: Mapping[str, Any], limits: ExtensionLimits = DEFAULT_EXTENSION_LIMITS
) -> Schema:
    """Read a schema as ``/Schemas`` publishes one; what is left out has the RFC's default.

    No attribute may be required or unique: people are known before their attributes are. Raises
    ``InvalidValue`` with the JSON pointer of what is wrong.
    """
    raw = _members(document, _SCHEMA, "")
    urn = _text(raw, "id", "", limits)
    if len(urn) > _URN_CHARACTERS or not _URN.fullmatch(urn):
        raise _wrong(
            "/id", f"found {shown(urn)}, expected a URN such as urn:example:params:scim:schemas:User"
        )
    attributes = _attributes(raw.get("attributes"), "/attributes", _TYPES, limits)
    count = len(attributes) + sum(len(each.sub_attributes) for each in attributes)
    if count > limits.attributes:
        raise _wrong("/attributes", f"found {count} attributes, at most {limits.attributes} are allowed")
    name = _text(raw, "name", "", limits)
    return Schema(urn, name, _text(raw, "description", "", limits, default=name), attributes)


def check_successor(old: Schema, new: Schema) -> None:
    """Raise ``Conflict`` unless all that could be said in the old version means the same in the new one."""
    _check_successors(old.attributes, new.attributes, "")


def _check_successors(old: Sequence[Attribute], new: Sequence[Attribute], prefix: str) -> None:
    by_name = {each.name: each for each in new}
    for before in old:
        after = by_name.get(before.name)
        if after is None:
            raise Conflict(
                f"{prefix}{before.name} is missing: people and rules may use it. Keep it in the schema"
            )
        if any(getattr(before, name) != getattr(after, name) for name in _FIXED):
            raise Conflict(
                f"{prefix}{before.name} has another type, multiValued or caseExact than before: people and "
                "rules may use it. Add an attribute of another name"
            )
        _check_successors(before.sub_attributes, after.sub_attributes, f"{prefix}{before.name}.")


def _attributes(
    value: object, at: str, types: Collection[str], limits: ExtensionLimits
) -> tuple[Attribute, ...]:
    if not isinstance(value, list) or not value:
        raise _wrong(at, "expected an array of at least one attribute")
    if len(value) > limits.attributes:
        raise _wrong(at, f"found {len(value)} attributes, at most {limits.attributes} are allowed")
    found = tuple(_attribute(each, f"{at}/{position}", types, limits) for position, each in enumerate(value))
    names = [each.name.lower() for each in found]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise _wrong(f"{at}/{position}/name", f"{shown(name)} is the name of an earlier attribute")
    return found


def _attribute(value: object, at: str, types: Collection[str], limits: ExtensionLimits) -> Attribute:
    raw = _members(value, _ATTRIBUTE, at)
    name = _text(raw, "name", at, limits)
    is_sub = "complex" not in types
    if not _NAME.fullmatch(name):
        raise _wrong(f"{at}/name", f"found {shown(name)}, expected a letter, then letters, digits, - and _")
    if "password" in name.lower():
        raise _wrong(f"{at}/name", f"found {shown(name)}, but no password is ever stored: leave it out")
    kind = _word(raw, "type", at, types, default="string")
    for fixed, wanted in (("required", False), ("uniqueness", "none"), ("returned", "default")):
        if raw.get(fixed, wanted) != wanted:
            raise _wrong(f"{at}/{fixed}", f"found {shown(raw[fixed])}, allowed is {shown(wanted)}")
    if kind == "complex":
        subs = _attributes(raw.get("subAttributes"), f"{at}/subAttributes", _SIMPLE, limits)
    elif raw.get("subAttributes"):
        raise _wrong(f"{at}/subAttributes", "only a complex attribute has sub-attributes")
    else:
        subs = ()
    multi_valued = _truth(raw, "multiValued", at)
    if is_sub and multi_valued:
        raise _wrong(f"{at}/multiValued", "a sub-attribute has one value")
    return Attribute(
        name,
        kind,
        multi_valued=multi_valued,
        case_exact=_truth(raw, "caseExact", at),
        mutability=_word(raw, "mutability", at, _MUTABILITY, default="readWrite"),
        canonical_values=_texts(raw, "canonicalValues", at, limits),
        sub_attributes=subs,
        reference_types=_texts(raw, "referenceTypes", at, limits),
        description=_text(raw, "description", at, limits, default=""),
    )


def _members(value: object, allowed: Collection[str], at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(at, "expected an object")
    for key in value:
        if key not in allowed:
            raise _wrong(at, f"found the unknown key {shown(key)}, allowed are {', '.join(allowed)}")
    return value


def _text(
    raw: Mapping[str, Any], name: str, at: str, limits: ExtensionLimits, *, default: str | None = None
) -> str:
    value = raw.get(name)
    if value is None and default is not None:
        return default
    return _checked(value, f"{at}/{name}", limits, empty=default == "")


def _checked(value: object, at: str, limits: ExtensionLimits, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value.strip() or empty):
        raise _wrong(at, "expected a text")
    if len(value) > limits.text_characters:
        most = limits.text_characters
        raise _wrong(at, f"found {len(value)} characters, at most {most} are allowed")
    fault = fault_of(value)
    if fault is not None:
        raise _wrong(at, f"the text {fault}")
    return value


def _texts(raw: Mapping[str, Any], name: str, at: str, limits: ExtensionLimits) -> tuple[str, ...]:
    value = raw.get(name, [])
    if not isinstance(value, list) or len(value) > limits.canonical_values:
        most = limits.canonical_values
        raise _wrong(f"{at}/{name}", f"expected an array of at most {most} texts")
    return tuple(_checked(each, f"{at}/{name}/{position}", limits) for position, each in enumerate(value))


def _truth(raw: Mapping[str, Any], name: str, at: str) -> bool:
    value = raw.get(name, False)
    if not isinstance(value, bool):
        raise _wrong(f"{at}/{name}", f"found {shown(value)}, allowed are true and false")
    return value


def _word(raw: Mapping[str, Any], name: str, at: str, words: Collection[str], *, default: str) -> str:
    value = raw.get(name, default)
    if value not in words:
        raise _wrong(f"{at}/{name}", f"found {shown(value)}, allowed are {', '.join(words)}")
    return str(value)


def _wrong(at: str, detail: str) -> InvalidValue:
    return InvalidValue(f"{at or 'the schema'}: {detail}", pointer=at)
