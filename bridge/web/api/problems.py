"""How each error is answered: here alone an error of the bridge meets a status of HTTP (RFC 9457)."""

import re

import orjson
from flask import Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from bridge.errors import (
    BridgeError,
    Conflict,
    Forbidden,
    Inconsistent,
    InvalidInput,
    LimitReached,
    Misconfigured,
    NotFound,
    TooLarge,
    Unauthenticated,
)
from bridge.logs import get_logger
from bridge.web.recording import observed

STATUS: dict[type[BridgeError], int] = {
    InvalidInput: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    LimitReached: 429,
    Inconsistent: 500,
    BridgeError: 500,
    Misconfigured: 503,
}
#: The body is JSON and understood, one part of it is refused: ``pointer`` says which.
UNPROCESSABLE = 422
SERVER_ERROR = 500

log = get_logger(__name__)


def of_error(error: BridgeError) -> Response:
    """Answer an error of the bridge with its own words."""
    status = status_of(error)
    if status >= SERVER_ERROR:
        log.error("api.failed", request_id=observed().id, error=type(error).__name__, detail=error.detail)
    observed().reason = error.detail
    members = {"pointer": error.pointer} if error.pointer is not None else {}
    response = _problem(_name(type(error)), error.title, status, error.detail, members)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = 'Bearer realm="bridge"'  # RFC 6750 section 3
    if isinstance(error, LimitReached):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def of_http(error: HTTPException) -> Response:
    """Answer what Flask refused before a route was called: an unknown path, a wrong method."""
    status, title = error.code or SERVER_ERROR, error.name
    observed().reason = title
    detail = f"{request.method} {request.path[:200]}: {title.lower()}; see /api/v1/openapi.json"
    response = _problem(_name(type(error)), title, status, detail, {})
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def of_surprise(error: Exception) -> Response:
    """Answer what nobody foresaw."""
    seen = observed()
    seen.reason = type(error).__name__
    log.error("api.surprise", request_id=seen.id, exc_info=error)
    detail = f"Something failed that should not have. Tell the operator the request id {seen.id}."
    return _problem("internal", "The bridge failed", SERVER_ERROR, detail, {})


def status_of(error: BridgeError) -> int:
    """Return the HTTP status of an error: that of its nearest class in the table."""
    if isinstance(error, InvalidInput) and error.pointer is not None:
        return UNPROCESSABLE
    return next(STATUS[each] for each in type(error).__mro__ if each in STATUS)


def _problem(name: str, title: str, status: int, detail: str, members: dict[str, str]) -> Response:
    content = {
        "type": f"urn:provisioning-bridge:problem:{name}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"/api/v1/requests/{observed().id}",
        **members,
    }
    return Response(orjson.dumps(content), status, content_type="application/problem+json")


def _name(error: type[Exception]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", error.__name__).lower()
