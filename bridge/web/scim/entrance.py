"""The door: who asks, in which dialect, in which transaction."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from sqlalchemy import bindparam, or_, select

from bridge.access.authenticate import Caller, digests_of, identify
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.errors import Unauthenticated
from bridge.journal.record import Cause
from bridge.provisioning.client import Client
from bridge.provisioning.replay import claim_replay
from bridge.scim.reading import DIALECTS, Limits
from bridge.tenants.extension_schemas import user_schema_at
from bridge.tenants.tables import Connection, Credential, Tenant
from bridge.web.bodies import raw_body
from bridge.web.context import bridge
from bridge.web.recording import observed
from bridge.web.scim.rates import limit_rate, only_reads

PREFIX = "/scim/v2"

#: Entra adds this to the query of each request when its standard-conforming shapes are switched on.
ENTRA_FLAG = "aadoptscim062020"

_CONNECTIONS, _TENANTS = table_of(Connection).c, table_of(Tenant).c
_CREDENTIALS = table_of(Credential).c
_SPEAKS = select(_CONNECTIONS.dialect, _TENANTS.schema_version).where(
    _CONNECTIONS.id == bindparam("ident"), _CONNECTIONS.tenant_id == _TENANTS.tenant_id
)
SPEAKS = prepared(_SPEAKS)
MAY_SPEAK = prepared(
    _SPEAKS.where(
        _CREDENTIALS.id == bindparam("credential_id"),
        _CREDENTIALS.connection_id == _CONNECTIONS.id,
        _CREDENTIALS.revoked_at.is_(None),
        or_(_CREDENTIALS.expires_at.is_(None), _CREDENTIALS.expires_at > bindparam("now")),
    )
)

blueprint = Blueprint("scim", __name__, url_prefix=PREFIX)


def is_ours(path: str) -> bool:
    """Tell whether a path lies below this entrance, whether or not it leads anywhere."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


@dataclass(frozen=True, slots=True)
class Opened:
    """A transaction in which the caller may speak; ``speaks`` is dialect and schema version."""

    stack: ExitStack
    session: TenantSession
    speaks: Any


def admit() -> None:
    """Find out who asks, before anything else is looked at. Raises ``Unauthenticated``, ``LimitReached``.

    The credential is checked in the transaction that the route goes on with, so that a request costs no
    other one. To know its tenant, who asked a moment ago is remembered. The body is read before, so that a
    slow client keeps no transaction open.
    """
    seen, parts = observed(), bridge()
    if seen.replay is not None:
        seen.caller = seen.replay.caller
        return
    digests = digests_of(parts.seal, request.headers.get("Authorization"), kind="scim_token")
    recent = parts.recent_callers.find(digests[0], now=seen.at)
    caller = seen.caller = recent or identify(parts.database, digests, kind="scim_token", now=seen.at)
    limit_rate(caller, PREFIX)
    if request.method in ("POST", "PUT", "PATCH"):
        raw_body()
    seen.opened = _open(caller)
    if seen.opened is None:
        parts.recent_callers.forget(digests[0])
        seen.caller = None
        identify(parts.database, digests, kind="scim_token", now=seen.at)  # raises what the token lacks
        raise _no_connection(caller)
    if recent is None:
        parts.recent_callers.keep(digests[0], caller, now=seen.at)


def _open(caller: Caller) -> Opened | None:
    """Begin the request's transaction; None when the credential is good for nothing in it."""
    seen, database = observed(), bridge().database
    with ExitStack() as stack:
        begin = database.read if only_reads() else database.write
        session = stack.enter_context(begin(caller.tenant_id))
        speaks = session.run(
            MAY_SPEAK, ident=caller.connection_id, credential_id=caller.credential_id, now=seen.at
        ).one_or_none()
        return None if speaks is None else Opened(stack.pop_all(), session, speaks)


@blueprint.teardown_app_request
def close(_error: BaseException | None) -> None:
    """End the transaction of a request whose route had no use for it."""
    opened = observed().opened
    if opened is not None:
        opened.stack.close()


def root() -> str:
    """Return the address of this entrance as clients reach it, without a slash at the end."""
    public = bridge().settings.public_url or f"{request.scheme}://{request.host}{request.script_root}"
    return public.rstrip("/") + PREFIX


@contextmanager
def reading() -> Iterator[tuple[TenantSession, Client]]:
    """Open a transaction that only reads, in the caller's tenant."""
    with _taken(writes=False) as opened:
        yield opened.session, _client(opened)


@contextmanager
def writing() -> Iterator[tuple[TenantSession, Client]]:
    """Open a transaction that commits at its end, in the caller's tenant."""
    seen = observed()
    with _taken(writes=True) as opened:
        if seen.replay is not None and not seen.replay.is_bulk:
            claim_replay(opened.session, seen.replay, replay_id=seen.id, now=seen.at)
        yield opened.session, _client(opened)


@contextmanager
def _taken(*, writes: bool) -> Iterator[Opened]:
    """Go on with the transaction that the request was admitted in, or open another one."""
    seen = observed()
    opened, seen.opened = seen.opened, None
    if opened is not None:
        with opened.stack:
            yield opened
        return
    caller = seen.caller
    assert caller is not None  # noqa: S101 (admit has run, or no route would)
    begin = bridge().database.write if writes else bridge().database.read
    with ExitStack() as stack:
        session = stack.enter_context(begin(caller.tenant_id))
        speaks = session.run(SPEAKS, ident=caller.connection_id).one_or_none()
        if speaks is None:
            raise _no_connection(caller)
        yield Opened(stack, session, speaks)


def _no_connection(caller: Caller) -> Unauthenticated:
    return Unauthenticated(f"the connection {caller.connection_id} of this token does not exist any more")


def _client(opened: Opened) -> Client:
    """Return who asks."""
    name, schema_version = opened.speaks
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
    assert seen.caller is not None  # noqa: S101 (see above)
    connection_id = seen.caller.connection_id or ""
    cause = seen.replay.cause(seen.id) if seen.replay else Cause("connection", connection_id, seen.id)
    schema = user_schema_at(opened.session, schema_version)
    return Client(connection_id, DIALECTS[name], limits, bridge().seal, cause, root(), schema)
