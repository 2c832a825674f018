"""Answers in SCIM's own media type."""

from typing import Protocol

import orjson
from flask import Response, request

from bridge.provisioning.client import names_version
from bridge.scim.messages import version_tag

SCIM_JSON = "application/scim+json"
CREATED, NO_CONTENT, NOT_MODIFIED = 201, 204, 304


class Versioned(Protocol):
    """A resource of which id and version are known."""

    @property
    def id(self) -> str: ...

    @property
    def version(self) -> int: ...


def answer(document: object, status: int = 200) -> Response:
    """Answer with a document (RFC 7644 section 3.1)."""
    return Response(orjson.dumps(document), status, content_type=SCIM_JSON)


def answer_resource(document: object, found: Versioned, location: str, status: int = 200) -> Response:
    """Answer with one resource, its address and its version (RFC 7644 section 3.14)."""
    response = answer(document, status)
    response.headers["ETag"] = version_tag(found.version)
    response.headers["Location"] = location
    return response


def answer_nothing(found: Versioned | None = None) -> Response:
    """Answer that it is done, with the version that came of it."""
    response = Response(status=NO_CONTENT, content_type=SCIM_JSON)
    if found is not None:
        response.headers["ETag"] = version_tag(found.version)
    return response


def answer_unchanged(found: Versioned) -> Response | None:
    """Answer 304 when the client has this version already, as ``If-None-Match`` says; else nothing."""
    condition = request.headers.get("If-None-Match")
    if condition is None or not names_version(condition, found.version):
        return None
    response = Response(status=NOT_MODIFIED)
    response.headers["ETag"] = version_tag(found.version)
    return response


def prefers_minimal() -> bool:
    """Tell whether the client wants no body (RFC 7240 section 4.2)."""
    return "return=minimal" in request.headers.get("Prefer", "").replace(" ", "").lower()
