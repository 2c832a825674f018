"""Addresses as some clients glue them together, put right before any route is looked for."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from bridge.web.scim.entrance import ENTRA_FLAG, is_ours

_SLASHES = re.compile("/{2,}")


def put_right(path: str, query: str) -> tuple[str, str]:
    """Return path and query as they were meant.

    A base URL that ends in ``/?aadOptscim062020`` makes clients ask for ``/?aadOptscim062020/Users?count=1``:
    what follows the flag is the rest of the path, with the query proper. Two slashes in a row are one.
    """
    flag, slash, rest = query.partition("/")
    if slash and flag.rstrip("=").lower() == ENTRA_FLAG:
        rest, _, proper = rest.partition("?")
        path, query = f"{path}/{rest}", f"{flag}&{proper}" if proper else flag
    return _SLASHES.sub("/", path), query


def with_addresses_put_right(application: WSGIApplication) -> WSGIApplication:
    """Return the application behind this entrance's tolerance for addresses; others pass as they are."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if is_ours(path):
            meant = put_right(path, environ.get("QUERY_STRING", ""))
            changed: Mapping[str, Any] = dict(zip(("PATH_INFO", "QUERY_STRING"), meant, strict=True))
            environ = {**environ, **changed}
        return application(environ, start_response)

    return answer
