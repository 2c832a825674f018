"""The request id, the log line, the metrics and the provisioning log's row of every request."""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from flask import Flask, Request, Response, current_app
from flask.globals import request_ctx
from prometheus_client import Histogram

from bridge import clock
from bridge.access.authenticate import Caller
from bridge.database.ids import new_id
from bridge.logs import get_logger
from bridge.provisioning.replay import Replay
from bridge.provisioning.request_log import Answered, FailedOperation
from bridge.web.context import bridge, enter

#: The WSGI environment's key of a replay; no header of a client can become one.
REPLAY = "bridge.replay"

SECONDS = Histogram(
    "bridge_request_seconds", "Time until the answer", ["method", "route", "status"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)  # fmt: skip

#: Combinations of method, route and status whose counters are kept at hand.
KEPT_COUNTERS = 1024

log = get_logger(__name__)


@dataclass(slots=True)
class Observed:
    """What is known of the present request; routes add caller, subject, tolerances, reason, failures, made.

    ``request`` is Flask's request itself: each touch of the proxy costs as much as five calls. ``replay`` is
    set where the bridge itself sends a kept request again; ``opened`` is the transaction that an entrance has
    begun for the route, ``body`` what was read of the request within the limits. ``client_id`` is what the
    client calls its request, where the entrance owes that back.
    """

    id: str
    at: datetime
    began: float
    request: Request
    replay: Replay | None = None
    caller: Caller | None = None
    subject_id: str | None = None
    tolerances: tuple[str, ...] = ()
    reason: str | None = None
    failures: tuple[FailedOperation, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict)
    client_id: str | None = None
    body: bytes | None = None
    opened: Any = None


_PRESENT: ContextVar[Observed] = ContextVar("observed")


def observed() -> Observed:
    """Return the record of the present request."""
    return _PRESENT.get()


def record_requests(app: Flask) -> None:
    """Observe each request of the application from its beginning to its answer."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    enter(current_app.extensions["bridge"])
    now, request = clock.now(), request_ctx.request
    replay = request.environ.get(REPLAY)
    _PRESENT.set(Observed(new_id(now), now, time.perf_counter(), request, replay))


def _end(response: Response) -> Response:
    seen = observed()
    request = seen.request
    seconds = time.perf_counter() - seen.began
    route = request.url_rule.rule if request.url_rule else "(no route)"
    response.headers.add("X-Request-Id", seen.client_id or seen.id)
    _counter(request.method, route, response.status_code).observe(seconds)
    log.info(
        "request",
        request_id=seen.id,
        tenant_id=seen.caller.tenant_id if seen.caller else None,
        method=request.method,
        route=route,
        status=response.status_code,
        milliseconds=round(seconds * 1000, 2),
    )
    if _is_kept(seen, response.status_code):
        bridge().request_log.add(_answered(seen, route, response.status_code, seconds))
    return response


@lru_cache(KEPT_COUNTERS)
def _counter(method: str, route: str, status: int) -> Histogram:
    return SECONDS.labels(method, route, status)


def _is_kept(seen: Observed, status: int) -> bool:
    """Keep what a tenant's client asked, and what was refused to nobody in particular."""
    if not seen.request.path.startswith(("/scim/", "/api/")):
        return False
    return seen.caller is not None or status >= HTTPStatus.BAD_REQUEST


def _answered(seen: Observed, route: str, status: int, seconds: float) -> Answered:
    caller, request = seen.caller, seen.request
    query = request.query_string
    return Answered(
        id=seen.id,
        at=seen.at,
        tenant_id=caller.tenant_id if caller else None,
        connection_id=caller.connection_id if caller else None,
        credential_id=caller.credential_id if caller else None,
        method=request.method,
        route=route,
        target=request.full_path if query else request.path,
        body=seen.body or b"",
        status=status,
        reason=seen.reason,
        tolerances=seen.tolerances,
        subject_id=seen.subject_id,
        duration_microseconds=round(seconds * 1_000_000),
        if_match=request.headers.get("If-Match"),
        replay_of=seen.replay.request_id if seen.replay else None,
        failures=seen.failures,
        made=seen.made,
    )
