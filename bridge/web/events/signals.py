"""The routes that identity providers call with tokens that they signed."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from bridge.errors import (
    BridgeError,
    Conflict,
    InvalidInput,
    InvalidSyntax,
    ProviderFailed,
    Unauthenticated,
    Untrusted,
)
from bridge.logs import get_logger
from bridge.signin.events.revoke_everywhere import TYPE as REVOCATION
from bridge.signin.events.revoke_everywhere import revoke_everywhere
from bridge.signin.events.security_events import TYPE as SECURITY_EVENT
from bridge.signin.events.security_events import read_security_event
from bridge.signin.events.subjects import read_subject
from bridge.signin.events.take_security_event import take_security_event
from bridge.tenants.doors import tenant_of_connection
from bridge.web.bodies import json_body, raw_body
from bridge.web.context import bridge
from bridge.web.events.refusals import status_of
from bridge.web.recording import observed

#: A token, and a body that names one person, are not longer.
MOST_BYTES = 65_536

#: Reasons of a refused token by the codes of RFC 8935 section 2.4.
CODES = {
    "wrong_issuer": "invalid_issuer",
    "wrong_audience": "invalid_audience",
    "unknown_key": "invalid_key",
    "doubled_key": "invalid_key",
    "bad_signature": "authentication_failed",
}

log = get_logger(__name__)

blueprint = Blueprint("signals", __name__, url_prefix="/events")


@blueprint.post("/<connection_id>/set", provide_automatic_options=False)
def take_set(connection_id: str) -> tuple[Response, int] | Response:
    """Take one security event token (RFC 8935 section 2)."""
    try:
        _take_set(connection_id)
    except (Unauthenticated, InvalidInput) as error:
        code = CODES.get(_reason(error), "invalid_request")
        _tell(connection_id, error)
        return jsonify(err=code, description=error.detail), 400
    return Response(status=202)


@blueprint.post("/<connection_id>/global-token-revocation", provide_automatic_options=False)
def revoke(connection_id: str) -> Response:
    """End all sessions of one person (draft-parecki-oauth-global-token-revocation)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("send the provider's signed token as bearer")
    tenant_id, issuer, claims = _believed(connection_id, token.strip(), type_=REVOCATION, must_expire=True)
    token_id = _token_id(claims)
    body = json_body(most_bytes=MOST_BYTES)
    if not isinstance(body, dict):
        raise InvalidSyntax("send an object that names the subject", pointer="/sub_id")
    subject, seen = read_subject(body.get("sub_id")), observed()
    with bridge().database.write(tenant_id) as session:
        revoke_everywhere(
            session,
            subject,
            connection_id=connection_id,
            issuer=issuer,
            token_id=token_id,
            request_id=seen.id,
            now=seen.at,
        )
    return Response(status=204)


@blueprint.errorhandler(BridgeError)
def refuse(error: BridgeError) -> tuple[Response, int]:
    """Answer as the draft says; the reason goes to the log, for the administrator."""
    _tell(str((request.view_args or {}).get("connection_id", ""))[:64], error)
    status = (
        422 if isinstance(error, Conflict) else 503 if isinstance(error, ProviderFailed) else status_of(error)
    )
    answer = jsonify(title=error.title, detail=error.detail)
    if status == 401:  # noqa: PLR2004 (a status by its number, as those beside it)
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer, int(status)


def _take_set(connection_id: str) -> None:
    chosen, seen = bridge().settings, observed()
    token = raw_body(most_bytes=MOST_BYTES).decode("latin-1").strip()
    tenant_id, issuer, claims = _believed(connection_id, token, type_=SECURITY_EVENT, must_expire=False)
    event = read_security_event(claims)
    event.check_time(seen.at, ahead_seconds=chosen.identity_event_ahead_seconds)
    with bridge().database.write(tenant_id) as session:
        take_security_event(
            session,
            event,
            connection_id=connection_id,
            issuer=issuer,
            request_id=seen.id,
            days=chosen.identity_event_days,
            now=seen.at,
        )


def _believed(
    connection_id: str, token: str, *, type_: str, must_expire: bool
) -> tuple[str, str, Mapping[str, Any]]:
    """Return tenant, issuer and claims of a token that the connection's provider signed for this address."""
    # Cryptography takes its time to load, and most processes are never sent a token.
    from bridge.signin.key_sets import known_providers  # noqa: PLC0415 (as above)
    from bridge.signin.oidc_settings import find_issuer  # noqa: PLC0415 (as above)
    from bridge.signin.signed_tokens import Expected, TokenLimits, verified  # noqa: PLC0415 (as above)

    parts, now = bridge(), observed().at
    tenant_id = tenant_of_connection(parts.database, connection_id)
    with parts.database.read(tenant_id) as session:
        issuer = find_issuer(session, connection_id)
    root = (parts.settings.public_url or request.root_url).rstrip("/")
    expected = Expected(issuer, f"{root}{request.path}", types=(type_,), must_expire=must_expire)
    find_key = known_providers(parts.settings).finder(issuer, now=now)
    believed = verified(token, find_key, expected, TokenLimits.of(parts.settings), now=now)
    parts.rate_limits.admit(tenant_id, "hook_requests")  # after the signature: nobody else uses them up
    return tenant_id, issuer, believed.claims


def _token_id(claims: Mapping[str, Any]) -> str:
    from bridge.signin.signed_tokens import text_claim  # noqa: PLC0415 (as above)

    return text_claim(claims, "jti")


def _reason(error: BridgeError) -> str:
    return error.reason if isinstance(error, Untrusted | ProviderFailed) else type(error).__name__


def _tell(connection_id: str, error: BridgeError) -> None:
    log.warning("signal_refused", connection_id=connection_id, reason=_reason(error))
