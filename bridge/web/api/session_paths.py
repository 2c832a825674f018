"""The entrance for people who are signed in, as the OpenAPI document describes it."""

from typing import Any

from bridge.web.api.schemas import INSTANT, TEXT, TEXTS, WHOLE, Schema, maybe, record

_SHORT = {"application/problem+json": {"schema": record({"title": TEXT, "status": WHOLE, "detail": TEXT})}}
_PAGE = {"text/html": {"schema": TEXT}}
_PERSON = record({"id": TEXT, "user_name": TEXT, "display_name": maybe(TEXT)})
_SIGNED_IN_BY = record({"kind": TEXT, "id": TEXT, "expires_at": maybe(INSTANT)})
_ME: Schema = record(
    {
        "person": _PERSON,
        "tenant_id": TEXT,
        "connection_id": TEXT,
        "signed_in_by": _SIGNED_IN_BY,
        "roles": TEXTS,
        "plan": TEXT,
        "privileges": TEXTS,
        "features": TEXTS,
        "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
    }
)


def session_paths() -> dict[str, Any]:
    """Return the paths with what may be asked of each."""
    return {"/session/me": {"get": _me()}, "/logout": {"get": _ask(), "post": _leave()}}


def _me() -> dict[str, Any]:
    return {
        "operationId": "show_me",
        "summary": "Tell who is signed in, with which roles, on which plan",
        "description": "Asked with the browser's cookie, or with a person's own API key.",
        "security": [{"session": []}, {"api_key": []}],
        "responses": {
            "200": {"description": "As asked", "content": {"application/json": {"schema": _ME}}},
            "401": {"description": "Nobody is signed in", "content": _SHORT},
            "default": {"description": "Why not", "content": _SHORT},
        },
    }


def _ask() -> dict[str, Any]:
    return {
        "operationId": "ask_to_sign_out",
        "summary": "Show the page on which a person signs out",
        "security": [{"session": []}, {}],
        "responses": {"200": {"description": "A page", "content": _PAGE}},
    }


def _leave() -> dict[str, Any]:
    form = record({"token": TEXT})
    return {
        "operationId": "sign_out",
        "summary": "End the session that the browser shows",
        "security": [{"session": []}, {}],
        "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": form}}},
        "responses": {
            "303": {"description": "Done; the page says so", "content": _PAGE},
            "403": {"description": "Not sent from our page", "content": _PAGE},
            "default": {"description": "Why not", "content": _PAGE},
        },
    }
