"""The door: who asks for decisions, and what of the request is taken."""

import re
from typing import Any

from flask import Blueprint

from bridge.access.authenticate import Caller, authenticate
from bridge.errors import InvalidSyntax
from bridge.web.bodies import json_body
from bridge.web.context import bridge
from bridge.web.recording import observed

SCOPE = "access:evaluate"
JSON = "application/json"

#: What is sent back of a client's own id: nothing that could end a header or fill a log.
REQUEST_ID = re.compile(r"[!-~]{1,128}", re.ASCII)

blueprint = Blueprint("access", __name__)


@blueprint.before_request
def give_the_id_back() -> None:
    """Remember the client's id of its request, which belongs into the answer (section 10.1.4)."""
    seen = observed()
    given = seen.request.headers.get("X-Request-ID")
    if given is not None and REQUEST_ID.fullmatch(given):
        seen.client_id = given


def caller() -> Caller:
    """Return who asks. Raises ``Unauthenticated``, ``Forbidden``."""
    seen, parts = observed(), bridge()
    authorization = seen.request.headers.get("Authorization")
    seen.caller = authenticate(parts.database, parts.seal, authorization, kind="api_key", now=seen.at)
    seen.caller.require(SCOPE)
    return seen.caller


def document() -> dict[str, Any]:
    """Return the question as it was sent. Raises ``InvalidSyntax``, ``TooLarge``."""
    if not observed().request.is_json:
        raise InvalidSyntax(f"the body must be of the type {JSON}")
    value = json_body(most_bytes=bridge().settings.evaluation_bytes)
    if not isinstance(value, dict):
        raise InvalidSyntax("the body must be a JSON object")
    return value
