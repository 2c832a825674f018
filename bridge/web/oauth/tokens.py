"""The route where a client's secret is exchanged for an access token."""

from flask import Blueprint, Response

from bridge.web.context import bridge
from bridge.web.recording import observed

blueprint = Blueprint("oauth", __name__, url_prefix="/oauth")


@blueprint.post("/token", provide_automatic_options=False)
def issue() -> Response:
    """Answer with an access token (RFC 6749 section 4.4), or with why there is none (section 5.2)."""
    from bridge.web.oauth.exchange import exchange  # noqa: PLC0415 (Authlib; no other route needs it)

    return exchange(bridge(), now=observed().at)
