"""How a route of the API is declared: once, together with what the OpenAPI document says of it."""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from flask import Blueprint, Response, request

from bridge.access.authenticate import Caller, authenticate
from bridge.database.sessions import Database
from bridge.errors import InvalidValue, NotFound
from bridge.journal.record import Cause
from bridge.web.api.bodies import Check, checked_object, compiled
from bridge.web.api.parameters import Parameter, Schema, read_query
from bridge.web.bodies import raw_body
from bridge.web.context import bridge
from bridge.web.recording import observed

JSON = "application/json"
NO_CONTENT = 204
PATH_ID = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

Route = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. ``scope`` is None where everybody may ask."""

    name: str
    method: str
    path: str
    summary: str
    scope: str | None
    query: tuple[Parameter, ...]
    body: Schema | None
    status: int
    answer: Schema | None
    content_type: str
    body_required: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a known caller, with its query and body as declared."""

    caller: Caller
    request_id: str
    now: datetime
    query: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def database(self) -> Database:
        """The database; routes open transactions of the caller's tenant alone."""
        return bridge().database

    @property
    def tenant_id(self) -> str:
        """The tenant whose key was used."""
        return self.caller.tenant_id

    @property
    def cause(self) -> Cause:
        """The caller as the cause of a change."""
        return Cause("api_key", self.caller.credential_id, self.request_id)

    @property
    def limit(self) -> int:
        """How many items the page may have. Raises ``InvalidValue`` past what the operator allows."""
        settings = bridge().settings
        asked: int | None = self.query["limit"]
        if asked is None:
            return settings.page_default
        if asked > settings.page_most:
            raise InvalidValue(f"the parameter limit: found {asked}, allowed 1 to {settings.page_most}")
        return asked


OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    summary: str,
    *,
    scope: str,
    query: tuple[Parameter, ...] = (),
    body: Schema | None = None,
    body_required: bool = True,
    status: int = 200,
    answer: Schema | None = None,
    content_type: str = JSON,
    raw: bool = False,
) -> Callable[[Route], Route]:
    """Declare a route. It is called with a ``Call`` and the parts of its path, and returns its answer.

    Where the body is not required, none is an empty object. With ``raw`` the route reads it itself; ``body``
    then only describes it. A response is sent as it is, an iterator of texts piece by piece under
    ``content_type``, any other value as JSON.
    """

    def declare(route: Route) -> Route:
        declared = Operation(
            route.__name__,
            method,
            path,
            summary,
            scope,
            query,
            body,
            status,
            answer,
            content_type,
            body_required,
        )
        OPERATIONS.append(declared)
        check = compiled(body) if body is not None and not raw else None

        @functools.wraps(route)
        def answered(**path_parts: str) -> Response:
            call = _call(declared, scope, check, path_parts)
            return _response(declared, route(call, **path_parts))

        _add(declared, answered)
        return route

    return declare


def public(path: str, summary: str, *, answer: Schema) -> Callable[[Route], Route]:
    """Declare a route that everybody may GET; it is called with nothing."""

    def declare(route: Route) -> Route:
        declared = Operation(route.__name__, "GET", path, summary, None, (), None, 200, answer, JSON)
        OPERATIONS.append(declared)
        _add(declared, lambda: _response(declared, route()))
        return route

    return declare


def _add(declared: Operation, view: Callable[..., Response]) -> None:
    rule = declared.path.replace("{", "<").replace("}", ">")
    blueprint.add_url_rule(
        rule, declared.name, view, methods=[declared.method], provide_automatic_options=False
    )


def _call(declared: Operation, scope: str, check: Check | None, path_parts: Mapping[str, str]) -> Call:
    seen = observed()
    parts = bridge()
    seen.caller = authenticate(
        parts.database, parts.seal, request.headers.get("Authorization"), kind="api_key", now=seen.at
    )
    parts.rate_limits.admit(seen.caller.tenant_id, "api_requests")
    seen.caller.require(scope)
    for part in path_parts.values():
        # Every id is made here; what cannot be one is not looked up (nor could PostgreSQL take a NUL).
        if not PATH_ID.fullmatch(part):
            raise NotFound(f"nothing has the id {part[:64]!r}")
    query = read_query(declared.query, request.args)
    body = {}
    if check is not None and (declared.body_required or raw_body()):
        body = checked_object(check)
    return Call(seen.caller, seen.id, seen.at, query, body)


def _response(declared: Operation, value: object) -> Response:
    if isinstance(value, Response):
        return value
    if declared.status == NO_CONTENT:
        return Response(status=NO_CONTENT)
    content = value if isinstance(value, Iterator) else orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return Response(content, declared.status, content_type=declared.content_type)
