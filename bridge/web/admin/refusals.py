"""How each error is answered on the pages: with its own words and a way on."""

from urllib.parse import urlencode

from flask import Response
from werkzeug.exceptions import HTTPException

from bridge.errors import (
    BridgeError,
    Conflict,
    Forbidden,
    Inconsistent,
    InvalidInput,
    LimitReached,
    Misconfigured,
    NotFound,
    ProviderFailed,
    TooLarge,
    Unauthenticated,
)
from bridge.logs import get_logger
from bridge.web.admin.entrance import blueprint
from bridge.web.admin.rendering import go_to, write
from bridge.web.recording import observed

STATUS: dict[type[BridgeError], int] = {
    InvalidInput: 400,
    TooLarge: 413,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    LimitReached: 429,
    ProviderFailed: 502,
    Misconfigured: 503,
    Inconsistent: 500,
}
SERVER_ERROR = 500
SIGN_IN = "/admin/sign-in"

log = get_logger(__name__)


@blueprint.errorhandler(Unauthenticated)
def send_to_sign_in(error: Unauthenticated) -> Response:
    """Send whoever is not signed in to where they can be, and from there back to the page."""
    request = observed().request
    if request.method != "GET" or request.path == SIGN_IN:
        return _told(error.title, error.detail, 401)
    address = f"{SIGN_IN}?{urlencode({'return_to': request.full_path.rstrip('?')})}"
    if request.headers.get("HX-Request") == "true":  # a page that has been open for too long asks for a part
        return Response(status=401, headers={"HX-Redirect": address})
    return go_to(address)


@blueprint.errorhandler(BridgeError)
def refuse(error: BridgeError) -> Response:
    """Answer an error of the bridge with its own words."""
    status = next(STATUS[each] for each in type(error).__mro__ if each in STATUS)
    if status >= SERVER_ERROR:
        log.error("admin.failed", request_id=observed().id, error=type(error).__name__, detail=error.detail)
    response = _told(error.title, error.detail, status)
    if isinstance(error, LimitReached):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


@blueprint.errorhandler(HTTPException)
def refuse_by_flask(error: HTTPException) -> Response:
    """Answer what the framework refused: a form that is too large, a wrong method."""
    return _told("Not possible", error.name, error.code or SERVER_ERROR)


@blueprint.errorhandler(Exception)
def fail(error: Exception) -> Response:
    """Answer what nobody foresaw."""
    log.error("admin.surprise", request_id=observed().id, exc_info=error)
    told = "something failed that should not have; tell the operator the reference below"
    return _told("The bridge failed", told, SERVER_ERROR)


def _told(title: str, detail: str, status: int) -> Response:
    sentence = f"{detail[:1].upper()}{detail[1:]}."
    return write("refusal.html", status, title=title, detail=sentence, reference=observed().id)
