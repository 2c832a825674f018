"""The exchange of a client's secret for an access token, as Authlib does it."""

from collections.abc import Mapping
from datetime import datetime

import orjson
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError, OAuth2Error
from flask import Response, request

from bridge.web.context import Bridge
from bridge.web.oauth.authorization import Form, TokenIssuer

FORM = "application/x-www-form-urlencoded"


def exchange(parts: Bridge, *, now: datetime) -> Response:
    """Answer the token request that is being served, with a token or with a refusal of section 5.2."""
    request.max_content_length = parts.settings.oauth_form_bytes
    try:
        form = Form(_form(), dict(request.headers))
        answer: Response = TokenIssuer(parts, now).create_token_response(form)
    except OAuth2Error as error:
        status, payload, headers = error()
        return Response(orjson.dumps(payload), status, headers=dict(headers))
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
