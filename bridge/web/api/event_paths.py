"""What the OpenAPI document tells of the routes that identity providers call."""

from typing import Any

from bridge.web.api.schemas import ANY_OBJECT, TEXT, listed, record

_REFUSED = {"application/json": {"schema": record({"title": TEXT, "detail": TEXT})}}
_VERIFICATION = record({"verification": TEXT})
_COMMANDS = record({"commands": listed(ANY_OBJECT)})

#: Okta sends a header's value as it was configured, without a scheme.
PROVIDER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token that the provider signed for this address",
}
SECRET = {"type": "apiKey", "in": "header", "name": "Authorization", "description": "bridge_okta_…"}


def event_paths() -> dict[str, Any]:
    """Return the path items."""
    verification = {
        **_operation("verify_okta_event_hook", "Answer Okta's one-time verification of its event hook"),
        "responses": _responses("200", "The challenge of the header", _VERIFICATION),
    }
    verification["parameters"] = [
        *verification["parameters"],
        {"name": "X-Okta-Verification-Challenge", "in": "header", "required": True, "schema": TEXT},
    ]
    return {
        **_signals(),
        "/events/{connection_id}/okta": {
            "get": verification,
            "post": {
                **_operation("take_okta_events", "Take a delivery of Okta's event hook"),
                **_body(),
                "responses": _responses("204", "Taken; repeated events are taken once"),
            },
        },
        "/events/{connection_id}/okta/token": {
            "post": {
                **_operation("answer_okta_token_hook", "Tell Okta's token hook the person's plan and roles"),
                **_body(),
                "responses": _responses("200", "What to write into the tokens", _COMMANDS),
            }
        },
    }


def _signals() -> dict[str, Any]:
    token = {"application/secevent+jwt": {"schema": TEXT}}
    refused = record({"err": TEXT, "description": TEXT})
    taken = _responses("202", "Taken; a repeated token is taken once")
    taken["400"] = {"description": "Why not (RFC 8935 section 2.4)", "content": _json(refused)}
    revoked = _responses("204", "All sessions of the person have ended")
    revoked["422"] = {"description": "Several people have this address", "content": _REFUSED}
    return {
        "/events/{connection_id}/set": {
            "post": {
                **_operation("take_security_event", "Take a security event token of the provider (RFC 8935)"),
                "security": [],
                "requestBody": {"required": True, "content": token},
                "responses": taken,
            }
        },
        "/events/{connection_id}/global-token-revocation": {
            "post": {
                **_operation("revoke_everywhere", "End all sessions of a person whom the provider names"),
                "security": [{"provider": []}],
                **_body(),
                "responses": revoked,
            }
        },
    }


def _json(schema: Any) -> dict[str, Any]:  # noqa: ANN401 (a JSON schema)
    return {"application/json": {"schema": schema}}


def _operation(name: str, summary: str) -> dict[str, Any]:
    connection = {"name": "connection_id", "in": "path", "required": True, "schema": TEXT}
    return {
        "operationId": name,
        "summary": summary,
        "security": [{"okta_hook": []}],
        "parameters": [connection],
    }


def _body() -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": ANY_OBJECT}}}}


def _responses(status: str, description: str, schema: Any = None) -> dict[str, Any]:  # noqa: ANN401 (a JSON schema)
    done: dict[str, Any] = {"description": description}
    if schema is not None:
        done["content"] = {"application/json": {"schema": schema}}
    return {
        status: done,
        "401": {"description": "Another secret than was made for the connection", "content": _REFUSED},
        "404": {"description": "No such connection, or nothing is taken for it", "content": _REFUSED},
        "default": {"description": "Why not", "content": _REFUSED},
    }
