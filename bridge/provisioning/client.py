"""Who asks for a change: the connection, the way it speaks, and what its requests may hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.directory.search import Found
from bridge.errors import Stale
from bridge.journal.record import Cause
from bridge.scim.attributes import ResourceSchema
from bridge.scim.messages import version_tag
from bridge.scim.reading import Dialect, Limits
from bridge.scim.schemas import USER_RESOURCE
from bridge.tenants.secrets import Seal

UNIQUE_GROUP_NAMES = frozenset({"entra", "entra-2020"})
"""Dialects in which a group is found by its name, so that two of one name would be one too many."""

CANNOT_CLEAR = frozenset({"ping"})
"""Dialects whose PUT leaves out what it does not know, and so cannot mean to clear it."""


@dataclass(frozen=True, slots=True)
class Client:
    """A connection's identity provider; ``root`` is the address of ``/scim/v2`` as it sees it.

    ``user_schema`` is what a user may hold in its tenant.
    """

    connection_id: str
    dialect: Dialect
    limits: Limits
    seal: Seal
    cause: Cause
    root: str
    user_schema: ResourceSchema = USER_RESOURCE

    def external_digests(self, external_id: str | None) -> tuple[str, ...]:
        """Return the keyed digests under which a deleted person's external id is remembered, newest first."""
        return external_digests(self.seal, self.connection_id, external_id)

    def external_digest(self, external_id: str | None) -> str | None:
        """Return the newest of them, for storing."""
        return next(iter(self.external_digests(external_id)), None)

    @property
    def unique_group_names(self) -> bool:
        """Whether the connection's groups must have different names."""
        return self.dialect.name in UNIQUE_GROUP_NAMES

    def replaced(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a PUT makes of a resource (RFC 7644 section 3.5.1: what is absent is cleared).

        An absent ``externalId`` stays, as in Okta's profile pushes: it is the client's own key, and losing it
        would make a returning person a new one. The strict dialect clears it.
        """
        if self.dialect.name in CANNOT_CLEAR:
            return {**old, **new}
        kept = () if self.dialect.name == "strict" else ("externalId",)
        return {**{name: old[name] for name in kept if name in old}, **new}


def external_digests(seal: Seal, connection_id: str, external_id: str | None) -> tuple[str, ...]:
    """Return what ``Client.external_digests`` does, for whoever has no client yet."""
    return () if external_id is None else seal.digests(f"{connection_id}:{external_id}")


@dataclass(frozen=True, slots=True)
class Written:
    """The resource after the request; ``created`` also where it has come back, ``changed`` if anything has.

    ``tolerances`` are those it took to understand the request.
    """

    found: Found
    created: bool = False
    changed: bool = True
    tolerances: tuple[str, ...] = ()


def check_version(if_match: str | None, version: int) -> None:
    """Raise ``Stale`` unless ``If-Match`` names this version, or any (RFC 7644 section 3.14)."""
    if if_match is None or names_version(if_match, version):
        return
    raise Stale(f"The resource is now at version {version_tag(version)}. Read it again before changing it.")


def names_version(condition: str, version: int) -> bool:
    """Tell whether ``If-Match`` or ``If-None-Match`` names the version (RFC 9110 section 13.1)."""
    tags = {tag.strip().removeprefix("W/") for tag in condition.split(",")}
    return bool({"*", f'"{version}"'} & tags)
