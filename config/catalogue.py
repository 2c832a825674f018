"""The shipped catalogues of plans, roles, meters."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Role:
    """A bundle of privileges, each of which reads subject:verb."""

    key: str
    name: str
    description: str
    privileges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it is shown, with what its holders may do; its price terms are read by the billing room.

    A thing without a limit is not named in ``limits``. ``view_only`` leaves holders of any role nothing but
    to read.
    """

    key: str
    name: str
    description: str
    features: tuple[str, ...]
    limits: Mapping[str, int]
    view_only: bool


@cache
def plans() -> Mapping[str, Plan]:
    """Return the plans in plans.toml by key."""
    return MappingProxyType(
        {
            key: Plan(
                key,
                raw["name"],
                raw["description"],
                tuple(raw["entitlements"]["features"]),
                MappingProxyType(raw["entitlements"]["limits"]),
                raw["entitlements"].get("view_only", False),
            )
            for key, raw in _read("plans.toml").items()
        }
    )


@cache
def plan_keys() -> frozenset[str]:
    """Return the keys of the plans in plans.toml; ``none``, which is no seat, is not among them."""
    return frozenset(_read("plans.toml"))


@cache
def roles() -> Mapping[str, Role]:
    """Return the roles in roles.toml by key."""
    return MappingProxyType(
        {
            key: Role(key, raw["name"], raw["description"], tuple(raw["privileges"]))
            for key, raw in _read("roles.toml").items()
        }
    )


def meters() -> dict[str, Any]:
    """Return the document of the meters in meters.toml, with which a tenant starts."""
    return _read("meters.toml")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text())
