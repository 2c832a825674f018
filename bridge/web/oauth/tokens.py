"""The route where a client's secret is exchanged for an access token."""

from collections.abc import Mapping

from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from flask import Blueprint, Response, request

from bridge.web.context import bridge
from bridge.web.oauth.authorization import Form, TokenIssuer
from bridge.web.recording import observed

FORM = "application/x-www-form-urlencoded"

blueprint = Blueprint("oauth", __name__, url_prefix="/oauth")


@blueprint.post("/token", provide_automatic_options=False)
def issue() -> Response:
    """Answer with an access token (RFC 6749 section 4.4), or with why there is none (section 5.2)."""
    parts = bridge()
    request.max_content_length = parts.settings.oauth_form_bytes
    form = _form()
    answer: Response = TokenIssuer(parts, observed().at).create_token_response(
        Form(form, dict(request.headers))
    )
    return answer


def _form() -> Mapping[str, str]:
    """Return the form. Raises ``InvalidRequestError`` for what section 5.2 lists under that name."""
    if request.mimetype != FORM:
        raise InvalidRequestError(f"the body must be of the type {FORM}")
    form = request.form
    repeated = sorted(name for name, values in form.lists() if len(values) > 1)
    if repeated:
        raise InvalidRequestError("a parameter is given more than once")
    if not form.get("grant_type"):
        raise InvalidRequestError("the parameter grant_type is missing; it must be client_credentials")
    header = request.headers.get("Authorization")
    if header is not None and "client_secret" in form:
        raise InvalidRequestError("the client secret is sent in the header and in the form: send it once")
    sent = request.authorization
    if header is not None and (sent is None or (sent.type == "basic" and not sent.username)):
        raise InvalidClientError("the Authorization header cannot be read", status_code=401)
    return form.to_dict()
