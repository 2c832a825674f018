"""How each error is answered here: as a page to whoever signs out, as JSON to whoever asks who is here."""

import orjson
from flask import Response
from werkzeug.exceptions import HTTPException

from bridge.errors import (
    BridgeError,
    Conflict,
    Forbidden,
    LimitReached,
    Misconfigured,
    NotFound,
    ProviderFailed,
    Unauthenticated,
    Untrusted,
)
from bridge.logs import get_logger
from bridge.web.recording import observed
from bridge.web.session.entrance import blueprint
from bridge.web.session.logout import PATH
from bridge.web.session.pages import refusal

STATUS: dict[type[BridgeError], int] = {
    Unauthenticated: 401,
    Untrusted: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    LimitReached: 429,
    ProviderFailed: 502,
    Misconfigured: 503,
}
SERVER_ERROR = 500

log = get_logger(__name__)


@blueprint.errorhandler(BridgeError)
def refuse(error: BridgeError) -> Response:
    """Answer an error of the bridge with its own words."""
    status = STATUS.get(type(error), SERVER_ERROR)
    if status >= SERVER_ERROR:
        log.error("session.failed", request_id=observed().id, error=type(error).__name__, detail=error.detail)
    response = _answer(error.title, error.detail, status)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = 'Bearer realm="bridge"'
    if isinstance(error, LimitReached):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


@blueprint.errorhandler(HTTPException)
def refuse_by_flask(error: HTTPException) -> Response:
    """Answer what the framework refused: a form that is too large."""
    return _answer("Not possible", error.name, error.code or SERVER_ERROR)


@blueprint.errorhandler(Exception)
def fail(error: Exception) -> Response:
    """Answer what nobody foresaw."""
    log.error("session.surprise", request_id=observed().id, exc_info=error)
    told = f"Something failed that should not have. Tell the operator the request id {observed().id}."
    return _answer("The bridge failed", told, SERVER_ERROR)


@blueprint.after_request
def keep_to_the_person(response: Response) -> Response:
    """Keep answers out of caches, and our addresses from other sites."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _answer(title: str, detail: str, status: int) -> Response:
    if observed().request.path == PATH:
        return refusal(title, detail, status)
    content = {"title": title, "status": status, "detail": detail}
    return Response(orjson.dumps(content), status, content_type="application/problem+json")
