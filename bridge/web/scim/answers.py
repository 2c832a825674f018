"""Answers in SCIM's own media type."""

from collections.abc import Iterable
from typing import Protocol
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson
from flask import Response

from bridge.provisioning.client import names_version
from bridge.scim.messages import version_tag
from bridge.web.recording import observed

SCIM_JSON = "application/scim+json"
CREATED, NO_CONTENT, NOT_MODIFIED = 201, 204, 304


class Versioned(Protocol):
    """A resource of which id and version are known."""

    @property
    def id(self) -> str: ...

    @property
    def version(self) -> int: ...


class Whole(Response):
    """An answer whose body is one piece and whose headers are ready for the wire.

    Werkzeug would read all headers again to correct them, and wrap the body in two iterators.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return self.response  # type: ignore[return-value]  # bytes, as ``answer`` gave them


def answer(document: object, status: int = 200) -> Response:
    """Answer with a document (RFC 7644 section 3.1)."""
    return Whole(orjson.dumps(document), status, content_type=SCIM_JSON)


def answer_resource(document: object, found: Versioned, location: str, status: int = 200) -> Response:
    """Answer with one resource, its address and its version (RFC 7644 section 3.14)."""
    response = answer(document, status)
    response.headers.add("ETag", version_tag(found.version))
    response.headers.add("Location", location)
    return response


def answer_nothing(found: Versioned | None = None) -> Response:
    """Answer that it is done, with the version that came of it."""
    response = Response(status=NO_CONTENT, content_type=SCIM_JSON)
    if found is not None:
        response.headers["ETag"] = version_tag(found.version)
    return response


def answer_unchanged(found: Versioned) -> Response | None:
    """Answer 304 when the client has this version already, as ``If-None-Match`` says; else nothing."""
    condition = observed().request.headers.get("If-None-Match")
    if condition is None or not names_version(condition, found.version):
        return None
    response = Response(status=NOT_MODIFIED)
    response.headers["ETag"] = version_tag(found.version)
    return response


def prefers_minimal() -> bool:
    """Tell whether the client wants no body (RFC 7240 section 4.2)."""
    prefers = observed().request.headers.get("Prefer")
    return prefers is not None and "return=minimal" in prefers.replace(" ", "").lower()
