"""The door: who asks, in which dialect, in which transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, request
from sqlalchemy import select

from bridge.access.authenticate import Caller, authenticate
from bridge.database.sessions import TenantSession
from bridge.errors import Unauthenticated
from bridge.journal.record import Cause
from bridge.provisioning.client import Client
from bridge.scim.reading import DIALECTS, Limits
from bridge.tenants.tables import Connection
from bridge.web.context import bridge
from bridge.web.recording import observed

PREFIX = "/scim/v2"

#: Entra adds this to the query of each request when its standard-conforming shapes are switched on.
ENTRA_FLAG = "aadoptscim062020"

blueprint = Blueprint("scim", __name__, url_prefix=PREFIX)


def is_ours(path: str) -> bool:
    """Tell whether a path lies below this entrance, whether or not it leads anywhere."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def admit() -> None:
    """Find out who asks, before anything else is looked at. Raises ``Unauthenticated``."""
    seen, parts = observed(), bridge()
    seen.caller = authenticate(
        parts.database,
        parts.seal,
        request.headers.get("Authorization"),
        kind="scim_token",
        now=seen.at,
    )


def root() -> str:
    """Return the address of this entrance as clients reach it, without a slash at the end."""
    public = bridge().settings.public_url or request.root_url
    return public.rstrip("/") + PREFIX


@contextmanager
def reading() -> Iterator[tuple[TenantSession, Client]]:
    """Open a transaction that only reads, in the caller's tenant."""
    caller = _caller()
    with bridge().database.read(caller.tenant_id) as session:
        yield session, _client(session, caller)


@contextmanager
def writing() -> Iterator[tuple[TenantSession, Client]]:
    """Open a transaction that commits at its end, in the caller's tenant."""
    caller = _caller()
    with bridge().database.write(caller.tenant_id) as session:
        yield session, _client(session, caller)


def _caller() -> Caller:
    caller = observed().caller
    assert caller is not None  # noqa: S101 (admit has run, or no route would)
    return caller


def _client(session: TenantSession, caller: Caller) -> Client:
    """Return who asks. Raises ``Unauthenticated`` when the connection is gone, though its token is known."""
    connection_id = caller.connection_id or ""
    name = session.scalar(select(Connection.dialect).where(Connection.id == connection_id))
    if name is None:
        raise Unauthenticated(f"the connection {connection_id} of this token does not exist any more")
    if name == "entra" and any(key.lower() == ENTRA_FLAG for key in request.args):
        name = "entra-2020"
    settings = bridge().settings
    limits = Limits(
        text_characters=settings.text_characters,
        elements=settings.attribute_values,
        members=settings.group_members,
        operations=settings.patch_operations,
    )
    cause = Cause("connection", connection_id, observed().id)
    return Client(connection_id, DIALECTS[name], limits, bridge().seal, cause, root())
