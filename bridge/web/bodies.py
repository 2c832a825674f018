"""Request bodies: read up to a limit, parsed as JSON up to a depth."""

from typing import Any

import orjson
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from bridge.errors import InvalidSyntax, TooLarge
from bridge.web.context import bridge
from bridge.web.recording import observed


def raw_body(*, most_bytes: int | None = None) -> bytes:
    """Return the body, once read, and keep it for the provisioning log.

    Raises ``TooLarge`` without reading on past the limit, which is that of all bodies or a lower one.
    """
    seen, allowed = observed(), bridge().settings.body_bytes
    most = allowed if most_bytes is None else min(allowed, most_bytes)
    body = _read(seen.request, most) if seen.body is None else seen.body
    if len(body) > most:
        raise _too_large(most)
    seen.body = body
    return body


def _read(request: Request, most: int) -> bytes:
    request.max_content_length = most + 1  # one more than allowed shows that a body in chunks goes on
    try:
        return request.get_data()
    except RequestEntityTooLarge as error:
        raise _too_large(most) from error


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body has more than the {most} bytes that are allowed: send it in parts")


def json_body(*, most_bytes: int | None = None) -> Any:  # noqa: ANN401 (any JSON value)
    """Return the body's JSON value. Raises ``InvalidSyntax`` when it is none, or nested too deep."""
    body = raw_body(most_bytes=most_bytes)
    depth = bridge().settings.json_depth
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidSyntax(f"the body is not JSON: {error.msg} at character {error.pos}") from error
    if _deeper_than(value, depth):
        raise InvalidSyntax(f"the body is nested deeper than {depth} levels")
    return value


def holds_no_filter(body: bytes) -> bool:
    """Tell, before it is parsed, that no text of a JSON body holds a bracket, as paths with filters do.

    Where a text may be written with escapes nothing is told.
    """
    return b"\\" not in body and not any(b"[" in text for text in body.split(b'"')[1::2])


def json_object() -> dict[str, Any]:
    """Return the body's JSON object. Raises ``InvalidSyntax`` for any other value."""
    value = json_body()
    if not isinstance(value, dict):
        raise InvalidSyntax("the body must be a JSON object")
    return value


def _deeper_than(value: object, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [part for whole in layer for part in _parts(whole)]
        if not layer:
            return False
    return True


def _parts(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
