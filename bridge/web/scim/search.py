"""Routes of ``/.search``, which takes in its body what a list takes in the query (RFC 7644 section 3.4.3)."""

from flask import Response

from bridge.scim.search_request import read_search_request
from bridge.web.bodies import json_body
from bridge.web.scim.entrance import blueprint
from bridge.web.scim.lists import Kind, list_of


@blueprint.post("/.search", provide_automatic_options=False)
def search_everything() -> Response:
    """Answer people and groups, in one list."""
    return _search("all")


@blueprint.post("/Users/.search", provide_automatic_options=False)
def search_users() -> Response:
    """Answer people."""
    return _search("User")


@blueprint.post("/Groups/.search", provide_automatic_options=False)
def search_groups() -> Response:
    """Answer groups."""
    return _search("Group")


def _search(kind: Kind) -> Response:
    body = json_body()
    return list_of(kind, lambda client: read_search_request(body, client.dialect.tolerances))
