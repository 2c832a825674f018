"""A tenant's own roles as a document, read strictly."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.errors import InvalidValue
from bridge.scim.text import fault_of, shown
from config.catalogue import Role

KEY = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
PRIVILEGE = re.compile(r"[a-z][a-z0-9_]{0,63}:[a-z][a-z0-9_]{0,63}", re.ASCII)
NAME_CHARACTERS = 100
DESCRIPTION_CHARACTERS = 500

_ROLE = ("name", "description", "privileges")


@dataclass(frozen=True, slots=True)
class RoleLimits:
    """How much one document of roles may hold; inclusive."""

    roles: int = 200
    privileges: int = 200


def parse_roles(document: Mapping[str, Any], *, limits: RoleLimits) -> dict[str, Role]:
    """Read ``{"key": {"name", "description", "privileges": ["subject:verb"]}}``, as config/roles.toml is.

    The description may be left out. Raises InvalidValue with the JSON pointer of what is wrong.
    """
    if len(document) > limits.roles:
        raise InvalidValue(f"found {len(document)} roles, at most {limits.roles} are allowed", pointer="")
    return {key: _role(key, value, limits) for key, value in document.items()}


def stored_roles(document: Mapping[str, Any]) -> dict[str, Role]:
    """Read a document that was checked when it was applied."""
    return {
        key: Role(key, raw["name"], raw["description"], tuple(raw["privileges"]))
        for key, raw in document.items()
    }


def role_document(roles: Mapping[str, Role]) -> dict[str, Any]:
    """Return the document of roles as it is stored."""
    return {
        key: {"name": role.name, "description": role.description, "privileges": list(role.privileges)}
        for key, role in roles.items()
    }


def _role(key: str, value: object, limits: RoleLimits) -> Role:
    at = "/" + key.replace("~", "~0").replace("/", "~1")  # RFC 6901 section 3
    if not KEY.fullmatch(key):
        allowed = "lower-case letters, digits and _, a letter first, 64 at most"
        raise InvalidValue(f"{at[:80]}: found the key {shown(key)}, allowed are {allowed}", pointer=at)
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{at}: found no object, expected one with {', '.join(_ROLE)}", pointer=at)
    for name in value:
        if name not in _ROLE:
            raise InvalidValue(
                f"{at}: found the unknown key {shown(str(name))}, allowed are {', '.join(_ROLE)}", pointer=at
            )
    return Role(
        key,
        _text(value, "name", at, NAME_CHARACTERS, least=1),
        _text(value, "description", at, DESCRIPTION_CHARACTERS, least=0),
        _privileges(value, at, limits),
    )


def _text(raw: Mapping[str, Any], name: str, at: str, most: int, *, least: int) -> str:
    value, pointer = raw.get(name, ""), f"{at}/{name}"
    if not isinstance(value, str) or not least <= len(value.strip()) <= most:
        raise InvalidValue(f"{pointer}: expected a text of {least} to {most} characters", pointer=pointer)
    fault = fault_of(value)
    if fault is not None:
        raise InvalidValue(f"{pointer} {fault}; send it without", pointer=pointer)
    return value.strip()


def _privileges(raw: Mapping[str, Any], at: str, limits: RoleLimits) -> tuple[str, ...]:
    value, pointer = raw.get("privileges"), f"{at}/privileges"
    if not isinstance(value, list) or len(value) > limits.privileges:
        raise InvalidValue(
            f"{pointer}: expected an array of at most {limits.privileges} privileges", pointer=pointer
        )
    for position, privilege in enumerate(value):
        if not isinstance(privilege, str) or not PRIVILEGE.fullmatch(privilege):
            raise InvalidValue(
                f"{pointer}/{position}: found {shown(privilege)}, expected subject:verb such as reports:read",
                pointer=f"{pointer}/{position}",
            )
    return tuple(sorted(set(value)))
