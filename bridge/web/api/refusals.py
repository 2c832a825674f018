"""Where errors below /api are caught, so that each is answered as a problem."""

from flask import Response, request
from werkzeug.exceptions import HTTPException

from bridge.errors import BridgeError
from bridge.web.api import problems
from bridge.web.api.operations import blueprint

FIRST_ERROR = 400


@blueprint.errorhandler(BridgeError)
def refuse(error: BridgeError) -> Response:
    return problems.of_error(error)


@blueprint.errorhandler(HTTPException)
def refuse_by_flask(error: HTTPException) -> Response:
    return problems.of_http(error)


@blueprint.errorhandler(Exception)
def fail(error: Exception) -> Response:
    return problems.of_surprise(error)


@blueprint.before_app_request
def refuse_unknown_routes() -> Response | None:
    """Answer here what matches no route: it belongs to no blueprint, so the ones above never see it."""
    error = request.routing_exception
    if (
        error is None
        or not f"{request.path}/".startswith("/api/")
        or (error.code or FIRST_ERROR) < FIRST_ERROR
    ):
        return None
    return problems.of_http(error)


@blueprint.after_request
def keep_to_the_caller(response: Response) -> Response:
    """Keep answers out of caches, and browsers from guessing types."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
