"""Styles and scripts of the pages: each under its content's digest, which browsers keep for good."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Response

from bridge.errors import NotFound
from bridge.web.admin.entrance import blueprint
from bridge.web.recording import observed

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, as it is and compressed."""

    content: bytes
    compressed: bytes
    digest: str
    content_type: str


@cache
def asset(name: str) -> Asset:
    """Return a file of the folder. Raises ``NotFound``."""
    path = FOLDER / name
    if path.parent != FOLDER or path.suffix not in TYPES or not path.is_file():
        raise NotFound("there is no such file")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:DIGEST_CHARACTERS]
    return Asset(content, gzip.compress(content, 9, mtime=0), digest, TYPES[path.suffix])


def asset_url(name: str) -> str:
    """Return the address of a file, which changes with its content."""
    return f"/admin/assets/{asset(name).digest}/{name}"


@blueprint.get("/assets/<digest>/<name>", provide_automatic_options=False)
def show_asset(digest: str, name: str) -> Response:
    """Answer a file, compressed for whoever can read it so."""
    found = asset(name)
    if digest != found.digest:
        raise NotFound("there is no such file")
    zips = "gzip" in observed().request.headers.get("Accept-Encoding", "")
    response = Response(found.compressed if zips else found.content, content_type=found.content_type)
    if zips:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
