"""How each error is answered here: the one place where an error of the bridge meets a word of RFC 6749."""

import orjson
from flask import Response
from werkzeug.exceptions import HTTPException

from bridge.errors import BridgeError, LimitReached, Misconfigured
from bridge.logs import get_logger
from bridge.web.oauth.tokens import blueprint
from bridge.web.recording import observed

TOO_MANY_REQUESTS, UNAVAILABLE, SERVER_ERROR = 429, 503, 500

log = get_logger(__name__)


@blueprint.errorhandler(BridgeError)
def refuse(error: BridgeError) -> Response:
    """Answer a limit or a missing setting; section 5.2 has no word for either, section 4.1.2.1 has."""
    if isinstance(error, LimitReached):
        response = _refusal("temporarily_unavailable", error.detail, TOO_MANY_REQUESTS)
        response.headers["Retry-After"] = str(error.retry_after_seconds)
        return response
    status = UNAVAILABLE if isinstance(error, Misconfigured) else SERVER_ERROR
    log.error("oauth.failed", request_id=observed().id, error=type(error).__name__, detail=error.detail)
    return _refusal("server_error", error.detail, status)


@blueprint.errorhandler(HTTPException)
def refuse_by_flask(error: HTTPException) -> Response:
    """Answer what the framework refused: a form that is too large."""
    return _refusal("invalid_request", error.name, error.code or SERVER_ERROR)


@blueprint.errorhandler(Exception)
def fail(error: Exception) -> Response:
    """Answer what nobody foresaw."""
    log.error("oauth.surprise", request_id=observed().id, exc_info=error)
    detail = f"Something failed that should not have. Tell the operator the request id {observed().id}."
    return _refusal("server_error", detail, SERVER_ERROR)


@blueprint.after_request
def keep_out_of_caches(response: Response) -> Response:
    """Keep tokens and refusals out of caches (section 5.1)."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _refusal(error: str, description: str, status: int) -> Response:
    content = {"error": error, "error_description": description}
    return Response(orjson.dumps(content), status, content_type="application/json")
