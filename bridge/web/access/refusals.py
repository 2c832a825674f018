"""How each error is answered here: as a text, with the status of the Authorization API's section 10.1.3."""

from flask import Response
from werkzeug.exceptions import HTTPException

from bridge.errors import (
    BridgeError,
    Forbidden,
    InvalidInput,
    LimitReached,
    Misconfigured,
    TooLarge,
    Unauthenticated,
)
from bridge.logs import get_logger
from bridge.web.access.entrance import blueprint
from bridge.web.recording import observed

STATUS: dict[type[BridgeError], int] = {
    InvalidInput: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    TooLarge: 413,
    LimitReached: 429,
    Misconfigured: 503,
}
SERVER_ERROR = 500

log = get_logger(__name__)


@blueprint.errorhandler(BridgeError)
def refuse(error: BridgeError) -> Response:
    """Answer an error of the bridge with its own words; a denial is no error, and never comes here."""
    status = next((STATUS[each] for each in type(error).__mro__ if each in STATUS), SERVER_ERROR)
    if status >= SERVER_ERROR:
        log.error("access.failed", request_id=observed().id, error=type(error).__name__, detail=error.detail)
    response = _told(error.detail, status)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = 'Bearer realm="bridge"'  # RFC 6750 section 3
    if isinstance(error, LimitReached):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


@blueprint.errorhandler(HTTPException)
def refuse_by_flask(error: HTTPException) -> Response:
    """Answer what the framework refused."""
    return _told(error.name, error.code or SERVER_ERROR)


@blueprint.errorhandler(Exception)
def fail(error: Exception) -> Response:
    """Answer what nobody foresaw."""
    log.error("access.surprise", request_id=observed().id, exc_info=error)
    told = f"Something failed that should not have. Tell the operator the request id {observed().id}."
    return _told(told, SERVER_ERROR)


@blueprint.after_request
def keep_to_the_caller(response: Response) -> Response:
    """Keep answers out of caches."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _told(detail: str, status: int) -> Response:
    return Response(detail, status, content_type="text/plain; charset=utf-8")
