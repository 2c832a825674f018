"""The routes that identity providers call with tokens that they signed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
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
from bridge.web.events.refusals import refused, status_of
from bridge.web.recording import observed

#: A token, and a body that names one person, are not longer.
MOST_BYTES = 65_536

#: Okta's tokens live for minutes. Which were used is forgotten one day, and none may be good then any more.
REVOCATION_AGE = timedelta(hours=1)

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
        answer = jsonify(err=code, description=error.detail)
        answer.headers["Content-Language"] = "en"  # section 2.3
        return answer, 400
    return Response(status=202)


@blueprint.post("/<connection_id>/global-token-revocation", provide_automatic_options=False)
def revoke(connection_id: str) -> Response:
    """End all sessions of one person (draft-parecki-oauth-global-token-revocation)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("send the provider's signed token as bearer")
    believed = _believed(connection_id, token.strip(), type_=REVOCATION, most_age=REVOCATION_AGE)
    token_id = _token_id(believed)
    body = json_body(most_bytes=MOST_BYTES)
    if not isinstance(body, dict):
        raise InvalidSyntax("send an object that names the subject", pointer="/sub_id")
    subject, seen = read_subject(body.get("sub_id")), observed()
    with bridge().database.write(believed.tenant_id) as session:
        refusal = revoke_everywhere(
            session,
            subject,
            connection_id=connection_id,
            issuer=believed.issuer,
            token_id=token_id,
            request_id=seen.id,
            now=seen.at,
        )
    if refusal is not None:
        raise refusal
    return Response(status=204)


@blueprint.errorhandler(BridgeError)
def refuse(error: BridgeError) -> tuple[Response, int]:
    """Answer as the draft says; the reason goes to the log, for the administrator."""
    _tell(str((request.view_args or {}).get("connection_id", ""))[:64], error)
    status = (
        422 if isinstance(error, Conflict) else 503 if isinstance(error, ProviderFailed) else status_of(error)
    )
    return refused(error, status)


def _take_set(connection_id: str) -> None:
    chosen, seen = bridge().settings, observed()
    # Whoever names no type at all is heard: the token's own header says it again, signed.
    if request.mimetype not in ("", f"application/{SECURITY_EVENT}"):
        raise InvalidSyntax(f"send the token as application/{SECURITY_EVENT}")
    token = raw_body(most_bytes=MOST_BYTES).decode("latin-1").strip()
    believed = _believed(connection_id, token, type_=SECURITY_EVENT)
    event = read_security_event(believed.claims)
    event.check_time(seen.at, ahead_seconds=chosen.identity_event_ahead_seconds)
    with bridge().database.write(believed.tenant_id) as session:
        take_security_event(
            session,
            event,
            connection_id=connection_id,
            issuer=believed.issuer,
            request_id=seen.id,
            days=chosen.identity_event_days,
            now=seen.at,
        )


@dataclass(frozen=True, slots=True)
class Believed:
    """What a connection's provider signed for us; ``client_id`` is the name under which it knows us."""

    tenant_id: str
    issuer: str
    client_id: str
    claims: Mapping[str, Any]


def _believed(connection_id: str, token: str, *, type_: str, most_age: timedelta | None = None) -> Believed:
    """Return what a token says that the connection's provider signed for this address.

    With ``most_age`` it must expire, and not be issued longer ago. Without, it is an event, whose sender may
    call us by our client id as well (Shared Signals Framework 1.0 section 4.1.8 leaves that to the two).
    """
    # Cryptography takes its time to load, and most processes are never sent a token.
    from bridge.signin.key_sets import known_providers  # noqa: PLC0415 (as above)
    from bridge.signin.oidc_settings import find_client_id, find_issuer  # noqa: PLC0415 (as above)
    from bridge.signin.signed_tokens import Expected, TokenLimits, verified  # noqa: PLC0415 (as above)

    parts, now = bridge(), observed().at
    tenant_id = tenant_of_connection(parts.database, connection_id)
    with parts.database.read(tenant_id) as session:
        issuer, client_id = find_issuer(session, connection_id), find_client_id(session, connection_id)
    root = (parts.settings.public_url or request.root_url).rstrip("/")
    expected = Expected(
        issuer,
        f"{root}{request.path}",
        types=(type_,),
        other_audiences=() if most_age else (client_id,),
        must_expire=most_age is not None,
        issued_since=now - most_age if most_age else None,
    )
    find_key = known_providers(parts.settings).finder(issuer, now=now)
    claims = verified(token, find_key, expected, TokenLimits.of(parts.settings), now=now).claims
    parts.rate_limits.admit(tenant_id, "hook_requests")  # after the signature: nobody else uses them up
    return Believed(tenant_id, issuer, client_id, claims)


def _token_id(believed: Believed) -> str:
    """Return what names a token that asks for a revocation. Raises ``Untrusted`` for another client's."""
    from bridge.signin.signed_tokens import text_claim  # noqa: PLC0415 (as above)

    if believed.claims.get("sub", believed.client_id) != believed.client_id:
        raise Untrusted("other_client", "the token speaks for another client of the provider")
    return text_claim(believed.claims, "jti")


def _reason(error: BridgeError) -> str:
    return error.reason if isinstance(error, Untrusted | ProviderFailed) else type(error).__name__


def _tell(connection_id: str, error: BridgeError) -> None:
    log.warning("signal_refused", connection_id=connection_id, reason=_reason(error))
