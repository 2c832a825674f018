"""The entrance for people who are signed in, as the OpenAPI document describes it."""

from typing import Any

from bridge.web.api.schemas import INSTANT, TEXT, TEXTS, WHOLE, Schema, maybe, record

_SHORT = {"application/problem+json": {"schema": record({"title": TEXT, "status": WHOLE, "detail": TEXT})}}
_PAGE = {"text/html": {"schema": TEXT}}
_PERSON = record({"id": TEXT, "user_name": TEXT, "display_name": maybe(TEXT)})
_SIGNED_IN_BY = record({"kind": TEXT, "id": TEXT, "expires_at": maybe(INSTANT), "page_token": maybe(TEXT)})
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
    return {
        "/session/me": {"get": _me()},
        "/session/refresh": {"post": _refresh()},
        "/logout": {"get": _ask(), "post": _leave()},
    }


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


def _refresh() -> dict[str, Any]:
    form = record({"token": TEXT})
    told = record({"refreshed_at": maybe(INSTANT), "expires_at": INSTANT})
    return {
        "operationId": "refresh_session",
        "summary": "Have the provider of the session asked now whether it still vouches for the person",
        "description": "The form's token is the page_token of /session/me. Where the provider does not, the "
        "session ends; where it does not answer, the session goes on.",
        "security": [{"session": []}],
        "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": form}}},
        "responses": {
            "200": {"description": "It does", "content": {"application/json": {"schema": told}}},
            "401": {"description": "Nobody is signed in, or no longer", "content": _SHORT},
            "403": {"description": "Not sent from our page", "content": _SHORT},
            "409": {"description": "The provider issued nothing to ask with", "content": _SHORT},
            "429": {"description": "It was asked just now", "content": _SHORT},
            "502": {"description": "The provider does not answer", "content": _SHORT},
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
