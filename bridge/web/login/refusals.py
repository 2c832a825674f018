"""How somebody is told that they are not signed in: the one place where an error meets a page."""

import base64
import hashlib
from datetime import timedelta
from html import escape
from http import HTTPStatus

from flask import Response, request
from werkzeug.exceptions import HTTPException

from bridge.errors import (
    BridgeError,
    InvalidInput,
    LimitReached,
    Misconfigured,
    NotFound,
    ProviderFailed,
    Untrusted,
)
from bridge.logs import get_logger
from bridge.tenants.doors import tenant_of_connection
from bridge.web.context import bridge
from bridge.web.login.routes import blueprint
from bridge.web.recording import observed

STATUS: dict[type[BridgeError], HTTPStatus] = {
    Untrusted: HTTPStatus.FORBIDDEN,
    ProviderFailed: HTTPStatus.BAD_GATEWAY,
    NotFound: HTTPStatus.NOT_FOUND,
    InvalidInput: HTTPStatus.BAD_REQUEST,
    LimitReached: HTTPStatus.TOO_MANY_REQUESTS,
    Misconfigured: HTTPStatus.SERVICE_UNAVAILABLE,
}

#: What the person can mend alone, by beginning anew.
BEGIN_ANEW = {
    "unknown_state", "other_browser", "expired_state", "doubled_parameter", "no_code", "refused_code",
    "provider_said_access_denied", "provider_said_login_required", "provider_said_interaction_required",
    "provider_said_consent_required", "provider_said_temporarily_unavailable", "provider_unreachable",
    "made_meanwhile",
}  # fmt: skip
ANEW = "Close this page and sign in again from the beginning."
ASK = "Ask your administrator, and tell them the reference below."

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}"
    "code{user-select:all}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"

log = get_logger(__name__)


@blueprint.errorhandler(Untrusted)
@blueprint.errorhandler(ProviderFailed)
def refuse(error: Untrusted | ProviderFailed) -> Response:
    """Tell the person what to do; log and keep the reason for the administrator."""
    from bridge.signin.refused import keep_refused  # noqa: PLC0415 (rarely needed)

    seen, parts = observed(), bridge()
    connection_id = str((request.view_args or {})["connection_id"])
    tenant_id = tenant_of_connection(parts.database, connection_id)
    log.warning(
        "signin.refused",
        request_id=seen.id,
        tenant_id=tenant_id,
        connection_id=connection_id,
        reason=error.reason,
    )
    keep = timedelta(days=parts.settings.request_log_days)
    with parts.database.write(tenant_id) as session:
        keep_refused(session, seen.id, connection_id, error, keep=keep, now=seen.at)
    advice = ANEW if error.reason in BEGIN_ANEW else ASK
    return _page(_status(error), _sentence(error.detail), advice)


@blueprint.errorhandler(BridgeError)
def tell(error: BridgeError) -> Response:
    """Tell what else is in the way."""
    status = _status(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("signin.failed", request_id=observed().id, error=type(error).__name__, detail=error.detail)
    response = _page(status, _sentence(error.detail), ASK)
    if isinstance(error, LimitReached):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


@blueprint.errorhandler(Exception)
def fail(error: Exception) -> Response | HTTPException:
    """Tell of what nobody foresaw."""
    if isinstance(error, HTTPException):
        return error
    log.error("signin.surprise", request_id=observed().id, exc_info=error)
    return _page(HTTPStatus.INTERNAL_SERVER_ERROR, "Something failed that should not have.", ASK)


def _status(error: BridgeError) -> HTTPStatus:
    found = (STATUS[each] for each in type(error).__mro__ if each in STATUS)
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def _sentence(detail: str) -> str:
    return f"{detail[:1].upper()}{detail[1:]}."


def _page(status: HTTPStatus, told: str, advice: str) -> Response:
    content = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>You are not signed in</title>'
        f"<style>{STYLE}</style><main><h1>You are not signed in</h1><p>{escape(told)}</p><p>{advice}</p>"
        f"<p>Reference: <code>{observed().id}</code></p></main></html>"
    )
    response = Response(content, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    return response
