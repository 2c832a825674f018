"""The entrance for people who sign in, as the OpenAPI document describes it."""

from typing import Any

from bridge.web.api.schemas import TEXT

_PAGE = {"text/html": {"schema": TEXT}}
START, CALLBACK = "/login/{connection_id}", "/login/{connection_id}/callback"


def login_paths() -> dict[str, Any]:
    """Return the paths with what may be asked of each."""
    return {
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
    path = {"name": "connection_id", "in": "path", "required": True, "schema": TEXT}
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "parameters": [path, *({"name": each, "in": "query", "schema": TEXT} for each in query)],
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
