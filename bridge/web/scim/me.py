"""The answer of ``/Me``: a token here is a connection's, and a connection is no person."""

from typing import NoReturn

from bridge.errors import NotFound
from bridge.web.scim.entrance import blueprint

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@blueprint.route("/Me", methods=METHODS, provide_automatic_options=False)
def refuse_me() -> NoReturn:
    """Say that nobody is signed in here (RFC 7644 section 3.11; why not 501: decision 0016)."""
    raise NotFound(
        "/Me names the person who is signed in; this token belongs to a connection, with which no person is. "
        "Ask for /Users/{id}, or look for the person by a filter on /Users."
    )
