"""The request id, the log line, the metrics and the provisioning log's row of every request."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import Histogram

from bridge import clock
from bridge.access.authenticate import Caller
from bridge.database.ids import new_id
from bridge.logs import get_logger
from bridge.provisioning.replay import Replay
from bridge.provisioning.request_log import Answered, FailedOperation
from bridge.web.context import bridge

#: The WSGI environment's key of a replay; no header of a client can become one.
REPLAY = "bridge.replay"

SECONDS = Histogram(
    "bridge_request_seconds", "Time until the answer", ["method", "route", "status"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)  # fmt: skip

log = get_logger(__name__)


@dataclass(slots=True)
class Observed:
    """What is known of the present request; routes add caller, subject, tolerances, reason, failures, made.

    ``replay`` is set where the bridge itself sends a kept request again; ``opened`` is the transaction that
    an entrance has begun for the route.
    """

    id: str
    at: datetime
    began: float
    replay: Replay | None = None
    caller: Caller | None = None
    subject_id: str | None = None
    tolerances: tuple[str, ...] = ()
    reason: str | None = None
    failures: tuple[FailedOperation, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict)
    keep_body: bool = field(default=False)
    opened: Any = None


def observed() -> Observed:
    """Return the record of the present request."""
    observation: Observed = g.observed
    return observation


def record_requests(app: Flask) -> None:
    """Observe each request of the application from its beginning to its answer."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    now = clock.now()
    replay = request.environ.get(REPLAY)
    g.observed = Observed(id=new_id(now), at=now, began=time.perf_counter(), replay=replay)


def _end(response: Response) -> Response:
    seen = observed()
    seconds = time.perf_counter() - seen.began
    route = request.url_rule.rule if request.url_rule else "(no route)"
    response.headers["X-Request-Id"] = seen.id
    SECONDS.labels(request.method, route, response.status_code).observe(seconds)
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


def _is_kept(seen: Observed, status: int) -> bool:
    """Keep what a tenant's client asked, and what was refused to nobody in particular."""
    if not request.path.startswith(("/scim/", "/api/")):
        return False
    return seen.caller is not None or status >= HTTPStatus.BAD_REQUEST


def _answered(seen: Observed, route: str, status: int, seconds: float) -> Answered:
    caller = seen.caller
    return Answered(
        id=seen.id,
        at=seen.at,
        tenant_id=caller.tenant_id if caller else None,
        connection_id=caller.connection_id if caller else None,
        credential_id=caller.credential_id if caller else None,
        method=request.method,
        route=route,
        target=request.full_path.rstrip("?"),
        body=request.get_data(cache=True) if seen.keep_body else b"",
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
