"""The routes by which people sign in."""

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

import orjson
from flask import Blueprint, Response, request

from bridge.errors import InvalidValue, ProviderFailed, Untrusted
from bridge.journal.record import Cause
from bridge.logs import get_logger
from bridge.tenants.doors import tenant_of_connection
from bridge.web.context import bridge
from bridge.web.cookies import keep_signed_in
from bridge.web.recording import observed

#: Where somebody arrives who did not say where to.
ARRIVAL = "/session/me"
#: A path of this host: a second slash, or a backslash, would begin the name of another one.
PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")
#: For each attempt a cookie of its own, so that two tabs do not take each other's.
ATTEMPT = "__Host-bridge_sign_in_"
ATTEMPT_CHARACTERS = 16

log = get_logger(__name__)

blueprint = Blueprint("login", __name__, url_prefix="/login")


@blueprint.get("/<connection_id>", provide_automatic_options=False)
def start(connection_id: str) -> Response:
    """Send the browser to the provider."""
    from bridge.signin.attempts import make_attempt  # noqa: PLC0415 (the cryptography of tokens is large)
    from bridge.signin.exchange import authorization_url  # noqa: PLC0415 (so is Authlib)
    from bridge.signin.key_sets import known_providers  # noqa: PLC0415 (as above)
    from bridge.signin.oidc_settings import find_oidc  # noqa: PLC0415 (as above)

    parts, now = bridge(), observed().at
    tenant_id = _admitted(connection_id)
    return_to = _arguments("return_to").get("return_to", ARRIVAL)
    if not PATH.fullmatch(return_to):
        raise InvalidValue("return_to must be a path of this host, such as /admin")
    with parts.database.read(tenant_id) as session:
        client = find_oidc(session, connection_id, seal=parts.seal)
    provider = known_providers(parts.settings).provider(client.issuer, now=now)
    lifetime = timedelta(minutes=parts.settings.login_minutes)
    with parts.database.write(tenant_id) as session:
        attempt = make_attempt(
            session, connection_id, return_to=return_to, lifetime=lifetime, seal=parts.seal, now=now
        )
    away = Response(status=HTTPStatus.SEE_OTHER)
    away.headers["Location"] = authorization_url(
        client, provider, attempt, redirect_uri=_redirect_uri(connection_id)
    )
    away.set_cookie(
        _attempt_cookie(attempt.state),
        attempt.browser,
        max_age=lifetime,
        secure=True,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return away


@blueprint.get("/<connection_id>/callback", provide_automatic_options=False)
def callback(connection_id: str) -> Response:
    """Sign in whoever returns from the provider."""
    from bridge.signin.complete import PARAMETERS, Desk, complete_sign_in  # noqa: PLC0415 (as above)
    from bridge.signin.key_sets import known_providers  # noqa: PLC0415 (as above)

    parts, seen = bridge(), observed()
    tenant_id = _admitted(connection_id)
    answer = _arguments(*PARAMETERS)
    cookie = _attempt_cookie(answer.get("state", ""))
    completed = complete_sign_in(
        Desk(parts.database, parts.seal, known_providers(parts.settings), parts.settings, parts.limits),
        tenant_id,
        connection_id,
        answer,
        browser=request.cookies.get(cookie),
        redirect_uri=_redirect_uri(connection_id),
        cause=Cause("connection", connection_id, seen.id),
        now=seen.at,
    )
    home = Response(status=HTTPStatus.SEE_OTHER)
    home.headers["Location"] = completed.return_to
    keep_signed_in(home, completed.opened)
    home.delete_cookie(cookie, secure=True, httponly=True, samesite="Lax", path="/")
    return home


@blueprint.post("/<connection_id>/backchannel-logout", provide_automatic_options=False)
def take_logout_token(connection_id: str) -> Response:
    """End the sessions that the provider names (OpenID Connect Back-Channel Logout 1.0 section 2.8)."""
    from bridge.signin.back_channel import end_by_logout_token  # noqa: PLC0415 (as above)
    from bridge.signin.key_sets import known_providers  # noqa: PLC0415 (as above)

    parts, seen = bridge(), observed()
    tenant_id = _admitted(connection_id)
    request.max_content_length = parts.settings.token_bytes
    try:
        end_by_logout_token(
            parts.database,
            parts.seal,
            known_providers(parts.settings),
            parts.settings,
            tenant_id=tenant_id,
            connection_id=connection_id,
            token=_logout_token(),
            cause=Cause("connection", connection_id, seen.id),
            now=seen.at,
        )
    except (Untrusted, ProviderFailed) as error:
        log.warning(
            "logout.refused",
            request_id=seen.id,
            tenant_id=tenant_id,
            connection_id=connection_id,
            reason=error.reason,
        )
        content = {"error": "invalid_request", "error_description": error.detail}
        return Response(orjson.dumps(content), HTTPStatus.BAD_REQUEST, content_type="application/json")
    return Response(status=HTTPStatus.OK)


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Keep addresses with codes and states out of caches, and out of what other sites are told."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _admitted(connection_id: str) -> str:
    """Return the connection's tenant. Raises ``NotFound``; ``LimitReached`` for too many visitors."""
    parts = bridge()
    tenant_id = tenant_of_connection(parts.database, connection_id)
    parts.rate_limits.admit(tenant_id, "logins")
    return tenant_id


def _arguments(*names: str) -> Mapping[str, str]:
    """Return these parameters of the address. Raises ``Untrusted`` for one that is given twice."""
    given = {name: request.args.getlist(name) for name in names}
    if any(len(values) > 1 for values in given.values()):
        raise Untrusted("doubled_parameter", "the address says something twice: begin anew")
    return {name: values[0] for name, values in given.items() if values}


def _logout_token() -> str:
    given = request.form.getlist("logout_token")
    if len(given) != 1:
        raise Untrusted("no_logout_token", "send one logout_token in a form")
    return given[0]


def _redirect_uri(connection_id: str) -> str:
    root = (bridge().settings.public_url or request.root_url).rstrip("/")
    return f"{root}/login/{connection_id}/callback"


def _attempt_cookie(state: str) -> str:
    digest = hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()
    return ATTEMPT + digest[:ATTEMPT_CHARACTERS]
