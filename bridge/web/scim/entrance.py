"""The door: who asks, in which dialect, in which transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from flask import Blueprint
from sqlalchemy import bindparam, or_, select
from werkzeug.urls import iri_to_uri

from bridge.access.authenticate import Caller, digests_of, identify
from bridge.database.prepared import Ask, Prepared, prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession, Transaction
from bridge.errors import Unauthenticated
from bridge.journal.record import Cause
from bridge.provisioning.client import Client
from bridge.provisioning.replay import claim_replay
from bridge.scim.reading import DIALECTS
from bridge.tenants.extension_schemas import user_schema_at
from bridge.tenants.tables import Connection, Credential, Tenant
from bridge.web.bodies import raw_body
from bridge.web.context import bridge
from bridge.web.recording import observed
from bridge.web.scim.parameters import arguments
from bridge.web.scim.rates import limit_rate, only_reads

PREFIX = "/scim/v2"

#: Addresses under which clients reach the bridge that stay at hand.
MOST_ROOTS = 256

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

Foresight = Callable[..., Ask | None]
Route = TypeVar("Route", bound=Callable[..., Any])
_FORESIGHTS: dict[str, Foresight] = {}

blueprint = Blueprint("scim", __name__, url_prefix=PREFIX)


def is_ours(path: str) -> bool:
    """Tell whether a path lies below this entrance, whether or not it leads anywhere."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


@dataclass(frozen=True, slots=True)
class Opened:
    """A transaction in which the caller may speak; ``speaks`` is dialect and schema version."""

    transaction: Transaction
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
    request = seen.request
    digests = digests_of(parts.seal, request.headers.get("Authorization"), kind="scim_token")
    recent = parts.recent_callers.find(digests[0], now=seen.at)
    caller = seen.caller = recent or identify(parts.database, digests, kind="scim_token", now=seen.at)
    limit_rate(caller, PREFIX)
    if request.method in ("POST", "PUT", "PATCH"):
        raw_body()
    ahead = _foreseen(caller) if recent is not None else None
    seen.opened = _open(
        caller, MAY_SPEAK, ahead, writes=not only_reads(), credential_id=caller.credential_id, now=seen.at
    )
    if seen.opened is None:
        parts.recent_callers.forget(digests[0])
        seen.caller = None
        identify(parts.database, digests, kind="scim_token", now=seen.at)  # raises what the token lacks
        raise _no_connection(caller)
    if recent is None:
        parts.recent_callers.keep(digests[0], caller, now=seen.at)


def foresee(foresight: Foresight) -> Callable[[Route], Route]:
    """Have what a route is going to ask first asked ahead, in the round trip in which its caller is checked.

    For callers whose credential was good a moment ago: nothing is asked, nor locked, for anybody else.
    """

    def keep(route: Route) -> Route:
        _FORESIGHTS[f"{blueprint.name}.{route.__name__}"] = foresight
        return route

    return keep


def _foreseen(caller: Caller) -> Ask | None:
    """Return what will be asked first, where that follows from the address alone."""
    request = observed().request
    foresight = _FORESIGHTS.get(request.endpoint or "")
    if foresight is None or caller.connection_id is None or request.query_string:
        return None
    return foresight(caller.connection_id, **(request.view_args or {}))


def _open(
    caller: Caller, wanted: Prepared, ahead: Ask | None = None, /, *, writes: bool, **values: object
) -> Opened | None:
    """Begin a transaction in which the connection speaks as is ``wanted``; None where it finds nothing."""
    database = bridge().database
    transaction = database.write(caller.tenant_id) if writes else database.read(caller.tenant_id)
    speaks = None
    try:
        speaks = transaction.session.begin_by(
            wanted, ahead, ident=caller.connection_id, **values
        ).one_or_none()
    finally:
        if speaks is None:
            transaction.abandon()
    return None if speaks is None else Opened(transaction, speaks)


@blueprint.teardown_app_request
def close(_error: BaseException | None) -> None:
    """End the transaction of a request whose route had no use for it."""
    opened = observed().opened
    if opened is not None:
        opened.transaction.abandon()


def root() -> str:
    """Return the address of this entrance as clients reach it, without a slash at the end."""
    request, public = observed().request, bridge().settings.public_url
    return _below(public or f"{request.scheme}://{request.host}{request.script_root}")


@lru_cache(MOST_ROOTS)
def _below(public: str) -> str:
    """Return the entrance's address below the bridge's own, fit for a header whatever a client calls us."""
    return iri_to_uri(public).rstrip("/") + PREFIX


@contextmanager
def reading() -> Iterator[tuple[TenantSession, Client]]:
    """Open a transaction that only reads, in the caller's tenant."""
    opened = _taken(writes=False)
    with opened.transaction as session:
        yield session, _client(opened)


@contextmanager
def writing() -> Iterator[tuple[TenantSession, Client]]:
    """Open a transaction that commits at its end, in the caller's tenant."""
    seen, opened = observed(), _taken(writes=True)
    with opened.transaction as session:
        if seen.replay is not None and not seen.replay.is_bulk:
            claim_replay(session, seen.replay, replay_id=seen.id, now=seen.at)
        yield session, _client(opened)


def _taken(*, writes: bool) -> Opened:
    """Go on with the transaction that the request was admitted in, or open another one."""
    seen = observed()
    begun: Opened | None = seen.opened
    seen.opened = None
    if begun is not None:
        return begun
    caller = seen.caller
    assert caller is not None  # noqa: S101 (admit has run, or no route would)
    opened = _open(caller, SPEAKS, writes=writes)
    if opened is None:
        raise _no_connection(caller)
    return opened


def _no_connection(caller: Caller) -> Unauthenticated:
    return Unauthenticated(f"the connection {caller.connection_id} of this token does not exist any more")


def _client(opened: Opened) -> Client:
    """Return who asks."""
    name, schema_version = opened.speaks
    if name == "entra" and any(key.lower() == ENTRA_FLAG for key, _ in arguments()):
        name = "entra-2020"
    seen = observed()
    assert seen.caller is not None  # noqa: S101 (see above)
    connection_id = seen.caller.connection_id or ""
    cause = seen.replay.cause(seen.id) if seen.replay else Cause("connection", connection_id, seen.id)
    parts = bridge()
    schema = user_schema_at(opened.transaction.session, schema_version)
    return Client(connection_id, DIALECTS[name], parts.limits, parts.seal, cause, root(), schema)
