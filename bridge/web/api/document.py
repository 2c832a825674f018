"""The OpenAPI 3.1 document, made of the declarations beside the routes."""

import re
from functools import cache
from typing import Any

from bridge.access.scopes import SCOPES
from bridge.web.api.access_paths import access_paths
from bridge.web.api.event_paths import PROVIDER, SECRET, event_paths
from bridge.web.api.login_paths import login_paths
from bridge.web.api.operations import NO_CONTENT, OPERATIONS, Operation, blueprint, public
from bridge.web.api.parameters import Parameter
from bridge.web.api.schemas import COMPONENTS, TEXT, component, record
from bridge.web.api.scim_paths import scim_paths
from bridge.web.api.session_paths import session_paths
from bridge.web.cookies import SESSION

PROBLEM = {"application/problem+json": {"schema": component("Problem")}}

#: What operators' machines ask: path → summary, content type.
HEALTH = {
    "/healthz": ("Tell that the process answers", "application/json"),
    "/readyz": ("Tell whether requests can be served", "application/json"),
    "/metrics": ("Show measurements in Prometheus' text format", "text/plain"),
}


@public("/openapi.json", "Describe this API", answer={"type": "object"})
def show_document() -> dict[str, Any]:
    return document()


@cache
def document() -> dict[str, Any]:
    """Return the document; routes are declared when modules are imported, hence it never changes."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        item = paths.setdefault(f"{blueprint.url_prefix}{operation.path}", {})
        item[operation.method.lower()] = _operation(operation)
    paths.update(scim_paths("/scim/v2"))
    paths.update(session_paths())
    paths.update(access_paths())
    paths.update(login_paths())
    paths["/oauth/token"] = {"post": _token_request()}
    paths["/stripe/webhook"] = {"post": _event()}
    paths.update(event_paths())
    paths.update((path, {"get": _health(path)}) for path in HEALTH)
    scopes = "\n".join(f"- `{scope}`: {meaning}" for scope, meaning in SCOPES.items())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Provisioning bridge",
            "version": "1",
            "description": f"Identity events in, explained invoices out. Scopes of API keys:\n{scopes}",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": COMPONENTS,
            "securitySchemes": {
                "api_key": {"type": "http", "scheme": "bearer", "description": "bridge_api_…"},
                "scim_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "bridge_scim_…, or an access token bridge_oauth_…",
                },
                "session": {"type": "apiKey", "in": "cookie", "name": SESSION},
                "oauth_client": {"type": "http", "scheme": "basic", "description": "bridge_client_…"},
                "okta_hook": SECRET,
                "provider": PROVIDER,
            },
        },
    }


def _operation(declared: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": declared.name,
        "summary": declared.summary,
        "responses": {str(declared.status): _answer(declared), "default": _refusal()},
        "security": [],
    }
    if declared.scope is not None:
        described["security"] = [{"api_key": []}]
        described["description"] = f"Needs the scope `{declared.scope}`."
    parameters = [_path_part(name) for name in re.findall(r"{(\w+)}", declared.path)]
    parameters += [_parameter(each) for each in declared.query]
    if parameters:
        described["parameters"] = parameters
    if declared.body is not None:
        content = {"application/json": {"schema": declared.body}}
        described["requestBody"] = {"required": declared.body_required, "content": content}
    return described


def _answer(declared: Operation) -> dict[str, Any]:
    if declared.status == NO_CONTENT:
        return {"description": "Done"}
    schema = declared.answer or {"type": "string"}
    return {"description": "As asked", "content": {declared.content_type: {"schema": schema}}}


def _refusal() -> dict[str, Any]:
    return {"description": "Why not (RFC 9457)", "content": PROBLEM}


def _path_part(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _parameter(declared: Parameter) -> dict[str, Any]:
    return {
        "name": declared.name,
        "in": "query",
        "description": declared.description,
        "schema": declared.schema,
    }


def _token_request() -> dict[str, Any]:
    form = record(
        {"grant_type": {"const": "client_credentials"}},
        {"client_id": TEXT, "client_secret": TEXT, "scope": TEXT},
    )
    refused = {"application/json": {"schema": component("OAuthError")}}
    return {
        "operationId": "issue_access_token",
        "summary": "Exchange the secret of a connection's OAuth client for an access token",
        "description": "RFC 6749 section 4.4. The secret is sent in the form, or by HTTP Basic.",
        "security": [{"oauth_client": []}, {}],
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": form}}},
        "responses": {
            "200": {
                "description": "A token for the SCIM entrance",
                "content": {"application/json": {"schema": component("AccessToken")}},
            },
            "400": {"description": "Why not (section 5.2)", "content": refused},
            "401": {"description": "The client is unknown, or its secret has ended", "content": refused},
            "default": {"description": "Too large, too many, not now", "content": refused},
        },
    }


def _event() -> dict[str, Any]:
    told = record({}, {"outcome": TEXT, "title": TEXT, "detail": TEXT})
    content = {"application/json": {"schema": told}}
    return {
        "operationId": "take_stripe_event",
        "summary": "Take an event of Stripe, signed by it",
        "security": [],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {
            "200": {"description": "What was made of it", "content": content},
            "400": {
                "description": "No event, or not signed as it must be",
                "content": content,
            },
            "404": {"description": "No events are taken, or there is no such invoice", "content": content},
            "default": {"description": "Why not", "content": content},
        },
    }


def _health(path: str) -> dict[str, Any]:
    summary, content_type = HEALTH[path]
    described = {"description": "As asked", "content": {content_type: {"schema": {"type": "string"}}}}
    if content_type == "application/json":
        described["content"] = {content_type: {"schema": {"type": "object"}}}
    return {
        "operationId": path.strip("/"),
        "summary": summary,
        "security": [],
        "responses": {"200": described, **({"503": described} if path == "/readyz" else {})},
    }
