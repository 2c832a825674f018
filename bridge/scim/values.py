"""Checks of attribute values, compiled once per attribute so that reading a person costs microseconds.

A check takes a value that is not null and returns it in canonical form, or None when it amounts to no
value at all; it raises InvalidValue when it is of the wrong type, format or range.
"""

import base64
import binascii
import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NoReturn

from bridge.errors import InvalidValue, TooMany
from bridge.scim import tolerances
from bridge.scim.attributes import Attribute
from bridge.scim.instants import parse_instant
from bridge.scim.reading import Reading
from bridge.scim.schemas import MEMBERS
from bridge.scim.text import checked_text, fault_of, shown

Check = Callable[[object, Reading], Any]
Table = dict[str, tuple[str, Check | None]]

_INTEGER_RANGE = 2**63
_PLAIN_CHARACTERS = 256


@lru_cache(maxsize=4096)
def check_of(attribute: Attribute, path: str, *, one: bool = False) -> Check:
    """Return the check of an attribute; ``one`` checks a single element of a multi-valued one."""
    check = _complex_check(attribute, path) if attribute.type == "complex" else _simple_check(attribute, path)
    return _list_check(attribute, path, check) if attribute.multi_valued and not one else check


@lru_cache(maxsize=4096)
def parts_check_of(attribute: Attribute, path: str) -> Check:
    """Return the check of those parts of a complex value, or of one element, that a PATCH names.

    A part that is null is to be taken away, so it is kept, as None; a value with no part that is known is
    empty. Neither may look as if there were no value: that takes the parts away that are not named too.
    """
    return _complex_check(attribute, path, partial=True)


def table_of(attributes: Iterable[Attribute], prefix: str) -> Table:
    """Return the checks of attributes by lower-case and by exact name, None for those never taken over."""
    table: Table = {}
    for each in attributes:
        taken = each.mutability not in ("readOnly", "writeOnly")
        entry = (each.name, check_of(each, prefix + each.name) if taken else None)
        table[each.name] = table[each.name.lower()] = entry
    return table


def doubled(path: str) -> InvalidValue:
    """Return the error for an attribute that is given in two spellings."""
    return InvalidValue(f"{path} is given twice. Send it once.")


def unknown(path: str, reading: Reading) -> None:
    """Leave out an attribute that no schema has, or raise where the dialect knows no such tolerance."""
    if not reading.allows("unknown_attributes"):
        raise InvalidValue(f"{shown(path)} is no attribute of this resource. Remove it from the mapping.")
    reading.note("unknown_attributes")
    reading.discard(path[:256] if fault_of(path) is None else ascii(path)[1:-1][:256])


def _refuse(path: str, wanted: str, value: object) -> NoReturn:
    raise InvalidValue(f"{path} must be {wanted}; {shown(value)} is not.")


def _simple_check(attribute: Attribute, path: str) -> Check:
    if attribute.type in ("string", "reference"):
        return _text_check(path)
    read, wanted = _READERS[attribute.type]

    def check(value: object, reading: Reading) -> object:
        if isinstance(value, str):
            checked_text(value, name=path, limit_characters=reading.limits.text_characters)
        found = read(value, path)
        if found is None:
            found = _tolerated(attribute, value, reading, check)
        if found is None:
            _refuse(path, wanted, value)
        return found[0]

    return check


def _text_check(path: str) -> Check:
    def check(value: object, reading: Reading) -> object:
        if type(value) is str:
            if len(value) < _PLAIN_CHARACTERS and value.isascii() and "\0" not in value:
                return value
            return checked_text(value, name=path, limit_characters=reading.limits.text_characters)
        text = tolerances.text_as_number(value)
        if text is not None and reading.allows("text_as_number"):
            reading.note("text_as_number")
            return text
        found = _unwrapped(value, reading, check)
        if found is None:
            _refuse(path, "a text", value)
        return found[0]

    return check


_Found = tuple[object] | None
"""A value found, wrapped since it may be null or false; or None."""


def _boolean(value: object, _path: str) -> _Found:
    return (value,) if isinstance(value, bool) else None


def _integer(value: object, path: str) -> _Found:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    if not -_INTEGER_RANGE <= value < _INTEGER_RANGE:
        _refuse(path, "a whole number of at most 64 bits", value)
    return (value,)


def _decimal(value: object, path: str) -> _Found:
    if isinstance(value, float):
        return (value,) if math.isfinite(value) else None
    return _integer(value, path)


def _instant(value: object, path: str) -> _Found:
    if not isinstance(value, str):
        return None
    parse_instant(value, name=path)
    return (value,)


def _binary(value: object, path: str) -> _Found:
    if not isinstance(value, str):
        return None
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        _refuse(path, "base64", value)
    return (value,)


_READERS: dict[str, tuple[Callable[[object, str], _Found], str]] = {
    "boolean": (_boolean, "true or false"),
    "integer": (_integer, "a whole number"),
    "decimal": (_decimal, "a number"),
    "dateTime": (_instant, "a dateTime"),
    "binary": (_binary, "base64"),
}


def _tolerated(attribute: Attribute, value: object, reading: Reading, check: Check) -> _Found:
    found: object = None
    name = ""
    if attribute.type == "boolean":
        name, found = "boolean_as_text", tolerances.boolean_as_text(value)
    elif attribute.type in ("integer", "decimal"):
        name, found = "number_as_text", tolerances.number_as_text(value)
        if attribute.type == "integer" and isinstance(found, float):
            found = None
    if found is not None and reading.allows(name):
        reading.note(name)
        return (found,)
    return _unwrapped(value, reading, check)


def _unwrapped(value: object, reading: Reading, check: Check) -> _Found:
    """Take a simple value out of a list of one, out of an object with a ``value``, or out of both."""
    found: _Found = None
    for name, unwrap in (
        ("single_as_list", tolerances.single_as_list),
        ("simple_as_object", tolerances.simple_as_object),
    ):
        inner = unwrap(value if found is None else found[0])
        if inner is not None and reading.allows(name):
            reading.note(name)
            found = inner
    # Nothing that is still wrapped is checked again: nesting must not become recursion.
    if found is None or isinstance(found[0], dict | list):
        return None
    return (None if found[0] is None else check(found[0], reading),)


def _complex_check(attribute: Attribute, path: str, *, partial: bool = False) -> Check:
    table = table_of(attribute.sub_attributes, path + ".")
    required = () if partial else tuple(each.name for each in attribute.sub_attributes if each.required)
    single = not attribute.multi_valued

    def check(value: object, reading: Reading) -> object:
        if type(value) is not dict or (single and value == {"value": ""}):
            value = _as_object(value, reading, path, single=single)
            if value is None:
                return None
        out: dict[str, Any] = {}
        for key, item in value.items():
            entry = table.get(key) or table.get(key.lower())
            if entry is None:
                unknown(f"{path}.{key}", reading)
            elif entry[1] is not None and (item is not None or partial):
                if entry[0] in out:
                    raise doubled(f"{path}.{entry[0]}")
                read = None if item is None else entry[1](item, reading)
                if read is not None or partial:
                    out[entry[0]] = read
        if required:
            _check_required(out, required, value, path)
        return out or ({} if partial and value else None)

    return check


def _check_required(out: dict[str, Any], required: tuple[str, ...], value: object, path: str) -> None:
    for name in required:
        if not out.get(name):
            raise InvalidValue(f"{path} has an element without {name}: {shown(value)}. Send its {name}.")


def _as_object(value: object, reading: Reading, path: str, *, single: bool) -> dict[str, Any] | None:
    """Read as an object what is none; None when it means that there is no value."""
    for name, read in _SINGLE_READERS if single else _ELEMENT_READERS:
        found = read(value) if reading.allows(name) else None
        if found is not None:
            reading.note(name)
            value = found[0]
            if value is None:
                return None
    return value if isinstance(value, dict) else _refuse(path, "an object", value)


_Reader = Callable[[object], tuple[object] | None]
"""Returns what a value means, wrapped since it may mean None; or None where it does not apply."""


def _only_element(value: object) -> tuple[object] | None:
    """No element is no value; one that is a list again means nothing."""
    found = (None,) if value == [] else tolerances.single_as_list(value)
    return None if found is None or isinstance(found[0], list) else found


def _empty(value: object) -> tuple[None] | None:
    return (None,) if tolerances.empty_text_as_remove(value) else None


def _spelled_out(value: object) -> tuple[object] | None:
    read = tolerances.json_in_text(value)
    return None if read is None else _only_element(read) or (read,)


def _value_alone(value: object) -> tuple[object] | None:
    read = tolerances.complex_as_text(value)
    return None if read is None else (read,)


_ELEMENT_READERS: tuple[tuple[str, _Reader], ...] = (
    ("json_in_text", _spelled_out),
    ("complex_as_text", _value_alone),
)
# A list may hold a text that spells an object, and either may turn out to be empty.
_SINGLE_READERS: tuple[tuple[str, _Reader], ...] = (
    ("single_as_list", _only_element),
    ("json_in_text", _spelled_out),
    ("empty_text_as_remove", _empty),
    ("complex_as_text", _value_alone),
)


def _list_check(attribute: Attribute, path: str, check: Check) -> Check:
    names = {each.name for each in attribute.sub_attributes}
    simple = attribute.type != "complex"

    def check_list(value: object, reading: Reading) -> list[Any] | None:
        elements = value if type(value) is list else _as_list(value, reading, path)
        limit = reading.limits.members if attribute is MEMBERS else reading.limits.elements
        if len(elements) > limit:
            raise TooMany(f"{path} has {len(elements)} elements; at most {limit} are accepted at once.")
        if reading.allows("app_role_in_text") and "display" in names:
            elements = [_role_read(each, reading) for each in elements]
        out = [read for each in elements if each is not None and (read := check(each, reading)) is not None]
        if simple or len(out) < 2 or "primary" not in names:  # noqa: PLR2004 - one cannot be two primaries
            return out or None
        return _one_primary(out, reading, path) or None

    return check_list


def _as_list(value: object, reading: Reading, path: str) -> list[Any]:
    read = tolerances.json_in_text(value) if reading.allows("json_in_text") else None
    if isinstance(read, list):
        reading.note("json_in_text")
        return read
    found = tolerances.multi_as_object(value) if reading.allows("multi_as_object") else None
    if found is None:
        _refuse(path, "a list", value)
    reading.note("multi_as_object")
    return found


def _role_read(element: object, reading: Reading) -> object:
    found = tolerances.app_role_in_text(element) if isinstance(element, dict) else None
    if found is None:
        return element
    reading.note("app_role_in_text")
    return found


def _one_primary(elements: list[Any], reading: Reading, path: str) -> list[Any]:
    corrected = tolerances.two_primaries(elements)
    if corrected is None:
        return elements
    if not reading.allows("two_primaries"):
        raise InvalidValue(f"{path} has several elements that are primary; one may be.")
    reading.note("two_primaries")
    return corrected
