"""The sending again of a kept request, through the very route that refused it."""

from contextvars import Context
from dataclasses import dataclass
from urllib.parse import quote
from wsgiref.types import WSGIApplication

import orjson
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from bridge.errors import Conflict, Inconsistent
from bridge.journal.record import Cause
from bridge.provisioning.replay import Claim, Replay, find_claim, open_replay
from bridge.web.context import Bridge
from bridge.web.recording import REPLAY

FIRST_ERROR = 400
SCIM_JSON = "application/scim+json"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A request that was sent again with success, and how that was answered."""

    request_id: str
    status: int
    claim: Claim


def replay_request(
    parts: Bridge,
    application: WSGIApplication,
    request_id: str,
    *,
    tenant_id: str,
    by: Cause,
    root_url: str,
    even_if_changed: bool = False,
) -> Replayed:
    """Send a failed request of a connection to the application again, as that connection, for ``by``.

    It succeeds once only; when it fails again, it may be tried again; of a bulk request this holds for each
    operation that failed. Where others have changed its resource since, it is refused but for
    ``even_if_changed``. ``root_url`` is the address under which clients reach the bridge. Raises
    ``NotFound``; ``Conflict`` when it may not be replayed, or failed again.
    """
    with parts.database.read(tenant_id) as session:
        replay = open_replay(session, request_id, by=by, seal=parts.seal, even_if_changed=even_if_changed)
    # An empty context: the routes shall find nothing of the request that asked for this.
    response = Context().run(_send, application, replay, root_url)
    parts.request_log.flush()
    replay_id = response.headers["X-Request-Id"]
    if response.status_code >= FIRST_ERROR:
        raise Conflict(
            f"request {request_id} was sent again as {replay_id} and refused with "
            f"{response.status_code}: {_reason(response)}"
        )
    with parts.database.read(tenant_id) as session:
        claim = find_claim(session, request_id, replay_id=replay_id)
    if claim is None and replay.is_bulk:
        raise Conflict(
            f"request {request_id} was sent again as {replay_id}, and none of its operations succeeded. "
            f"The first of them: {_reason_of_first(response)}"
        )
    if claim is None:
        raise Inconsistent(f"request {request_id} was sent again with success, but nothing noted it")
    return Replayed(request_id, response.status_code, claim)


def _send(application: WSGIApplication, replay: Replay, root_url: str) -> Response:
    path, _, query = replay.target.partition("?")
    environment = EnvironBuilder(
        path=quote(path),
        base_url=root_url,
        query_string=query,
        method=replay.method,
        headers=[] if replay.if_match is None else [("If-Match", replay.if_match)],
        content_type=SCIM_JSON,
        data=replay.body.encode(),
        environ_overrides={REPLAY: replay},
    ).get_environ()
    return Response.from_app(application, environment, buffered=True)


def _reason(response: Response) -> str:
    return str(orjson.loads(response.get_data())["detail"])


def _reason_of_first(response: Response) -> str:
    return str(orjson.loads(response.get_data())["Operations"][0]["response"]["detail"])
