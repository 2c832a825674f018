"""How each error is answered: the one place where an error of the bridge meets a status of HTTP."""

from flask import Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from bridge.errors import (
    BridgeError,
    Conflict,
    Forbidden,
    InvalidInput,
    LimitReached,
    Misconfigured,
    NotFound,
    Stale,
    TooLarge,
    Unauthenticated,
)
from bridge.logs import get_logger
from bridge.scim.messages import error_message
from bridge.web.recording import observed
from bridge.web.scim.answers import answer
from bridge.web.scim.entrance import admit, blueprint, is_ours

STATUS: dict[type[BridgeError], int] = {
    InvalidInput: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Stale: 412,
    TooLarge: 413,
    LimitReached: 429,
    BridgeError: 500,
    Misconfigured: 503,
}
FIRST_ERROR, SERVER_ERROR = 400, 500

log = get_logger(__name__)


@blueprint.before_app_request
def admit_first() -> Response | None:
    """Authenticate, then answer here what matches no route: it belongs to no blueprint."""
    request = observed().request
    if not is_ours(request.path):
        return None
    try:
        admit()
    except BridgeError as error:
        return refuse(error)
    unknown = request.routing_exception
    if unknown is None or (unknown.code or FIRST_ERROR) < FIRST_ERROR:
        return None
    return refuse_by_flask(unknown)


@blueprint.errorhandler(BridgeError)
def refuse(error: BridgeError) -> Response:
    """Answer an error of the bridge with its own words (RFC 7644 section 3.12)."""
    status = status_of(error)
    observed().reason = error.detail
    if status >= SERVER_ERROR:
        log.error("scim.failed", request_id=observed().id, error=type(error).__name__, detail=error.detail)
    response = answer(error_message(status, error.detail, error.scim_type), status)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = 'Bearer realm="bridge"'  # RFC 6750 section 3
    if isinstance(error, LimitReached):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


@blueprint.errorhandler(HTTPException)
def refuse_by_flask(error: HTTPException) -> Response:
    """Answer what the framework refused: an unknown path, a wrong method."""
    seen, status = observed(), error.code or SERVER_ERROR
    seen.reason = error.name
    detail = (
        f"{seen.request.method} {seen.request.path[:200]}: {error.name.lower()}; see /scim/v2/ResourceTypes."
    )
    response = answer(error_message(status, detail), status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


@blueprint.errorhandler(Exception)
def fail(error: Exception) -> Response:
    """Answer what nobody foresaw."""
    seen = observed()
    seen.reason = type(error).__name__
    log.error("scim.surprise", request_id=seen.id, exc_info=error)
    detail = f"Something failed that should not have. Tell the operator the request id {seen.id}."
    return answer(error_message(SERVER_ERROR, detail), SERVER_ERROR)


def status_of(error: BridgeError) -> int:
    """Return the HTTP status of an error: that of its nearest class in the table."""
    return next(STATUS[each] for each in type(error).__mro__ if each in STATUS)
