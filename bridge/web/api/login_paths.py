"""The entrance for people who sign in, as the OpenAPI document describes it."""

from typing import Any

from bridge.web.api.schemas import TEXT, record

_PAGE = {"text/html": {"schema": TEXT}}
_ERROR = {"application/json": {"schema": record({"error": TEXT, "error_description": TEXT})}}
CONNECTION = {"name": "connection_id", "in": "path", "required": True, "schema": TEXT}
START, CALLBACK = "/login/{connection_id}", "/login/{connection_id}/callback"


def login_paths() -> dict[str, Any]:
    """Return the paths with what may be asked of each."""
    form = record({"logout_token": TEXT})
    return {
        f"{START}/backchannel-logout": {
            "post": {
                "operationId": "take_logout_token",
                "summary": "End the sessions that a provider's logout token names",
                "security": [],
                "parameters": [CONNECTION],
                "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": form}}},
                "responses": {
                    "200": {"description": "Done"},
                    "400": {"description": "Not believed", "content": _ERROR},
                    "404": {"description": "There is no such connection", "content": _PAGE},
                    "default": {"description": "Why not", "content": _PAGE},
                },
            }
        },
        START: {"get": _described("start_sign_in", "Send a browser to the provider", ("return_to",))},
        CALLBACK: {
            "get": _described(
                "complete_sign_in",
                "Sign in whoever returns from the provider",
                ("state", "code", "iss", "error"),
            )
        },
    }


def _described(name: str, summary: str, query: tuple[str, ...]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "parameters": [CONNECTION, *({"name": each, "in": "query", "schema": TEXT} for each in query)],
        "responses": {
            "303": {"description": "The browser is sent on"},
            **{
                status: {"description": why, "content": _PAGE}
                for status, why in (
                    ("403", "The person is not signed in; the page says what to do"),
                    ("404", "There is no such connection, or it has no such settings"),
                    ("default", "Why not"),
                )
            },
        },
    }
