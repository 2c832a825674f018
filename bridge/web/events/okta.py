"""The routes that Okta's hooks call."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from bridge.errors import InvalidSyntax, TooMany
from bridge.logs import get_logger
from bridge.signin.events.answer_token_hook import answer_token_hook
from bridge.signin.events.okta_hooks import note_verified, verified_hook
from bridge.signin.events.tables import OktaHook
from bridge.signin.events.take_events import OKTA, read_okta_batch, take_events
from bridge.signin.events.token_hook import read_token_request
from bridge.tenants.doors import tenant_of_connection
from bridge.web.bodies import json_body
from bridge.web.context import bridge
from bridge.web.events.refusals import refuse_as_json
from bridge.web.recording import observed

CHALLENGE = "X-Okta-Verification-Challenge"
CHALLENGE_CHARACTERS = 512

#: A token's claims and its session; no person's groups make it larger.
TOKEN_REQUEST_BYTES = 1_048_576

log = get_logger(__name__)

blueprint = Blueprint("okta_hooks", __name__, url_prefix="/events")
refuse_as_json(blueprint)


@blueprint.get("/<connection_id>/okta", provide_automatic_options=False)
def verify(connection_id: str) -> Response:
    """Answer Okta's one-time verification of an event hook, which shows the hook's secret as well."""
    tenant_id, _ = _known(connection_id)
    challenge = request.headers.get(CHALLENGE, "")
    if not 0 < len(challenge) <= CHALLENGE_CHARACTERS or not challenge.isprintable():
        raise InvalidSyntax(f"send {CHALLENGE} with 1 to {CHALLENGE_CHARACTERS} printable characters")
    with bridge().database.write(tenant_id) as session:
        note_verified(session, connection_id, now=observed().at)
    return jsonify(verification=challenge)


@blueprint.post("/<connection_id>/okta", provide_automatic_options=False)
def take(connection_id: str) -> Response:
    """Take a delivery of the event hook; Okta reads nothing of the answer but its status."""
    tenant_id, hook = _known(connection_id)
    chosen, seen = bridge().settings, observed()
    batch = read_okta_batch(
        _events(json_body(most_bytes=chosen.identity_event_bytes), most=chosen.identity_events),
        sign_in_apps=hook.sign_in_apps,
        ahead_seconds=chosen.identity_event_ahead_seconds,
        now=seen.at,
    )
    with bridge().database.write(tenant_id) as session:
        take_events(
            session,
            batch.events,
            connection_id=connection_id,
            source=OKTA,
            request_id=seen.id,
            days=chosen.identity_event_days,
            now=seen.at,
        )
    if batch.unreadable:
        log.warning("events_unreadable", connection_id=connection_id, events=batch.unreadable)
    return Response(status=204)


@blueprint.post("/<connection_id>/okta/token", provide_automatic_options=False)
def enrich_token(connection_id: str) -> Response:
    """Tell the token inline hook which claims to write."""
    tenant_id, hook = _known(connection_id)
    asked = read_token_request(json_body(most_bytes=TOKEN_REQUEST_BYTES))
    with bridge().database.read(tenant_id) as session:
        return jsonify(answer_token_hook(session, hook, asked, now=observed().at))


def _known(connection_id: str) -> tuple[str, OktaHook]:
    """Return tenant and hook of who shows the secret; nothing is written for anybody else."""
    parts = bridge()
    tenant_id = tenant_of_connection(parts.database, connection_id)
    with parts.database.read(tenant_id) as session:
        hook = verified_hook(
            session,
            connection_id,
            request.headers.get("Authorization"),
            seal=parts.seal,
            now=observed().at,
        )
    parts.rate_limits.admit(tenant_id, "hook_requests")
    return tenant_id, hook


def _events(body: Any, *, most: int) -> list[object]:  # noqa: ANN401 (any JSON value)
    content = body.get("data") if isinstance(body, dict) else None
    events = content.get("events") if isinstance(content, dict) else None
    if not isinstance(events, list):
        raise InvalidSyntax("send events as Okta's event hook does, in data.events", pointer="/data/events")
    if len(events) > most:
        raise TooMany(f"found {len(events)} events, allowed at most {most} at once", pointer="/data/events")
    return events
