"""The route that Stripe's webhook calls."""

from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request

from bridge.errors import BridgeError, InvalidSyntax, NotFound, TooLarge, Unauthenticated
from bridge.web.bodies import raw_body
from bridge.web.context import bridge
from bridge.web.recording import observed

#: The largest events have all lines of an invoice in them.
MOST_BYTES = 1_048_576
STATUS: dict[type[BridgeError], HTTPStatus] = {
    Unauthenticated: HTTPStatus.BAD_REQUEST,
    InvalidSyntax: HTTPStatus.BAD_REQUEST,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    NotFound: HTTPStatus.NOT_FOUND,
}

blueprint = Blueprint("stripe", __name__, url_prefix="/stripe")


@blueprint.post("/webhook", provide_automatic_options=False)
def take() -> Response:
    """Take one event; what was taken before changes nothing."""
    chosen = bridge().settings
    if not chosen.stripe_webhook_secret:
        raise NotFound("this bridge takes no events of Stripe: BRIDGE_STRIPE_WEBHOOK_SECRET is not set")
    from bridge.delivery.take_event import take_event, verified_event  # noqa: PLC0415 (Stripe's library is large)

    event = verified_event(
        raw_body(most_bytes=MOST_BYTES),
        request.headers.get("Stripe-Signature"),
        secret=chosen.stripe_webhook_secret,
        tolerance_seconds=chosen.stripe_tolerance_seconds,
    )
    seen = observed()
    return jsonify(outcome=take_event(bridge().database, event, request_id=seen.id, now=seen.at))


@blueprint.errorhandler(BridgeError)
def refuse(error: BridgeError) -> tuple[Response, int]:
    """Tell Stripe why; whatever is not 2xx it sends again for days."""
    return jsonify(title=error.title, detail=error.detail), STATUS.get(type(error), HTTPStatus.CONFLICT)
