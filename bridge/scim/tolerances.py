"""The tolerances: what clients really send, each a pure function that returns what they mean.

Each is named like the entry in a dialect's ``tolerances``. A function answers None (or False) where it
does not apply; whether it may be asked at all is the dialect's choice, and each use is noted by name.
``pre_ietf_urn``, ``urn_without_last_colon`` and ``extension_without_urn`` stand in ``names``.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from bridge.scim.filter_tree import And, Comparison, Filter

_JSON_LENGTH = 8 * 1024
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,18}\.\d{1,18}", re.ASCII)


def operation_name_case(name: str) -> str | None:
    """``Replace`` and ``ADD`` mean ``replace`` and ``add`` (Entra)."""
    lowered = name.lower()
    return lowered if lowered in ("add", "replace", "remove") else None


def boolean_as_text(value: object) -> bool | None:
    """Read ``"False"`` and ``"true"`` as false and true (Entra)."""
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


def number_as_text(value: object) -> int | float | None:
    """``"42"`` means 42."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else None


def text_as_number(value: object) -> str | None:
    """``42`` means ``"42"`` where a text is wanted, as in an employee number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -(2.0**63) <= value <= 2.0**63:
        return None
    return str(value)


def empty_text_as_remove(value: object) -> bool:
    """``""`` and ``{"value": ""}`` on a complex value mean that there is none (Entra's manager)."""
    return value == "" or (isinstance(value, dict) and len(value) == 1 and value.get("value") == "")


def complex_as_text(value: object) -> dict[str, Any] | None:
    """``"271"`` means ``{"value": "271"}`` (Entra's manager)."""
    return {"value": value} if isinstance(value, str) else None


def single_as_list(value: object) -> tuple[object] | None:
    """``[x]`` means ``x`` where only one value can be (Entra's manager); wrapped, since x may be null."""
    return (value[0],) if isinstance(value, list) and len(value) == 1 else None


def simple_as_object(value: object) -> tuple[object] | None:
    """``{"$ref": null, "value": "x"}`` means ``"x"`` for a simple attribute (Entra without its flag)."""
    return (value["value"],) if isinstance(value, dict) and "value" in value else None


def multi_as_object(value: object) -> list[Any] | None:
    """``{"value": "a@example.com"}`` means a list of it where several values can be."""
    return [value] if isinstance(value, dict | str) else None


def json_in_text(value: object) -> dict[str, Any] | list[Any] | None:
    r"""``"{\"value\": \"271\"}"`` means the object that is spelled in the text (Entra)."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")) or len(value) > _JSON_LENGTH:
        return None
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict | list) else None


def app_role_in_text(element: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read an element whose ``value`` is a whole app role as JSON as that role (Entra)."""
    role = json_in_text(element.get("value"))
    if not isinstance(role, dict) or not isinstance(role.get("value"), str):
        return None
    display = role.get("displayName", role.get("display"))
    named = {"display": display} if isinstance(display, str) and display else {}
    return {**element, **named, "value": role["value"]}


def two_primaries(elements: list[Any]) -> list[Any] | None:
    """Of several elements that are primary the first one is (RFC 7643 section 2.4 allows one)."""
    primaries = [index for index, each in enumerate(elements) if each.get("primary") is True]
    if len(primaries) < 2:  # noqa: PLR2004 - the name of the tolerance says two
        return None
    later = frozenset(primaries[1:])
    return [{**each, "primary": False} if index in later else each for index, each in enumerate(elements)]


def create_by_value_path(condition: Filter) -> dict[str, Any] | None:
    """``type eq "work"`` describes the element to create; None when a condition describes no one element."""
    parts = condition.parts if isinstance(condition, And) else (condition,)
    element: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, Comparison) or part.op != "eq" or part.value is None:
            return None
        if element.setdefault(part.path.name, part.value) != part.value:
            return None
    return element


VALUE_TOLERANCES = frozenset(
    {
        "boolean_as_text",
        "number_as_text",
        "text_as_number",
        "empty_text_as_remove",
        "complex_as_text",
        "single_as_list",
        "simple_as_object",
        "multi_as_object",
        "json_in_text",
        "app_role_in_text",
        "two_primaries",
    }
)
"""How values may be written."""

NAME_TOLERANCES = frozenset({"pre_ietf_urn", "urn_without_last_colon", "extension_without_urn"})
"""How attributes may be named."""

BODY_TOLERANCES = frozenset(
    {
        "missing_schemas",  # a body without `schemas`
        "unknown_schemas",  # `schemas` names one the bridge does not have
        "unknown_attributes",  # an attribute no schema has is left out
    }
)
"""What a body may lack or have too much of."""

OPERATION_TOLERANCES = frozenset(
    {
        "operation_name_case",
        "pathless_operation",  # no `path`; the value names the attributes
        "qualified_keys",  # dotted, URN-qualified or value-path keys in such a value
        "read_only_in_value",  # read-only attributes in such a value change nothing
        "own_id_in_value",  # the resource's own id in such a value changes nothing
        "create_by_value_path",
        "remove_by_value",  # `remove` with a value removes what is listed, not everything
    }
)
"""How the operations of a PATCH may be written."""

FILTER_TOLERANCES = frozenset(
    {
        "bare_words",  # a filter's value without quotes
        "text_in_comparisons",  # a filter compares "True" with a boolean
    }
)
"""How filters may be written."""

ALL_TOLERANCES = (
    VALUE_TOLERANCES | NAME_TOLERANCES | BODY_TOLERANCES | OPERATION_TOLERANCES | FILTER_TOLERANCES
)
