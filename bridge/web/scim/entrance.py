"""The door: who asks, in which dialect, in which transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, request
from sqlalchemy import bindparam, select

from bridge.access.authenticate import Caller, authenticate
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.errors import Unauthenticated
from bridge.journal.record import Cause
from bridge.provisioning.client import Client
from bridge.provisioning.replay import claim_replay
from bridge.scim.reading import DIALECTS, Limits
from bridge.tenants.extension_schemas import user_schema_at
from bridge.tenants.tables import Connection, Tenant
from bridge.web.context import bridge
from bridge.web.recording import observed
from bridge.web.scim.rates import limit_rate

PREFIX = "/scim/v2"

#: Entra adds this to the query of each request when its standard-conforming shapes are switched on.
ENTRA_FLAG = "aadoptscim062020"

_CONNECTIONS, _TENANTS = table_of(Connection).c, table_of(Tenant).c
DIALECT = prepared(
    select(_CONNECTIONS.dialect, _TENANTS.schema_version).where(
        _CONNECTIONS.id == bindparam("ident"), _CONNECTIONS.tenant_id == _TENANTS.tenant_id
    )
)

blueprint = Blueprint("scim", __name__, url_prefix=PREFIX)


def is_ours(path: str) -> bool:
    """Tell whether a path lies below this entrance, whether or not it leads anywhere."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def admit() -> None:
    """Find out who asks, before anything else is looked at. Raises ``Unauthenticated``, ``LimitReached``."""
    seen, parts = observed(), bridge()
    if seen.replay is not None:
        seen.caller = seen.replay.caller
        return
    seen.caller = authenticate(
        parts.database,
        parts.seal,
        request.headers.get("Authorization"),
        kind="scim_token",
        now=seen.at,
    )
    limit_rate(seen.caller, PREFIX)


def root() -> str:
    """Return the address of this entrance as clients reach it, without a slash at the end."""
    public = bridge().settings.public_url or f"{request.scheme}://{request.host}{request.script_root}"
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
    caller, seen = _caller(), observed()
    with bridge().database.write(caller.tenant_id) as session:
        if seen.replay is not None and not seen.replay.is_bulk:
            claim_replay(session, seen.replay, replay_id=seen.id, now=seen.at)
        yield session, _client(session, caller)


def _caller() -> Caller:
    caller = observed().caller
    assert caller is not None  # noqa: S101 (admit has run, or no route would)
    return caller


def _client(session: TenantSession, caller: Caller) -> Client:
    """Return who asks. Raises ``Unauthenticated`` when the connection is gone, though its token is known."""
    connection_id = caller.connection_id or ""
    row = session.run(DIALECT, ident=connection_id).one_or_none()
    if row is None:
        raise Unauthenticated(f"the connection {connection_id} of this token does not exist any more")
    name, schema_version = row
    if name == "entra" and any(key.lower() == ENTRA_FLAG for key in request.args):
        name = "entra-2020"
    settings = bridge().settings
    limits = Limits(
        text_characters=settings.text_characters,
        elements=settings.attribute_values,
        members=settings.group_members,
        operations=settings.patch_operations,
        group_levels=settings.group_levels,
    )
    seen = observed()
    cause = seen.replay.cause(seen.id) if seen.replay else Cause("connection", connection_id, seen.id)
    schema = user_schema_at(session, schema_version)
    return Client(connection_id, DIALECTS[name], limits, bridge().seal, cause, root(), schema)
