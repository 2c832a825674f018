"""The entrance for decisions, as the OpenAPI document describes it."""

from typing import Any

from bridge.entitlements.evaluation_document import SEMANTICS
from bridge.web.api.schemas import ANY_OBJECT, TEXT, TRUTH, Schema, listed, record

_TEXT = {"text/plain": {"schema": TEXT}}
_DECISION: Schema = record({"decision": TRUTH, "context": ANY_OBJECT})
_ENTITY: Schema = {
    "type": "object",
    "properties": {"type": TEXT, "id": TEXT, "properties": ANY_OBJECT},
    "required": ["type", "id"],
}
_ACTION: Schema = {
    "type": "object", "properties": {"name": TEXT, "properties": ANY_OBJECT}, "required": ["name"],
}  # fmt: skip
_PARTS = {"subject": _ENTITY, "action": _ACTION, "resource": _ENTITY, "context": ANY_OBJECT}
_QUESTION: Schema = {"type": "object", "properties": _PARTS, "required": ["subject", "action", "resource"]}
_OPTIONS: Schema = {
    "type": "object", "properties": {"evaluations_semantic": {"enum": list(SEMANTICS)}},
}  # fmt: skip
_QUESTIONS: Schema = {
    "type": "object",
    "properties": {
        **_PARTS,
        "evaluations": listed({"type": "object", "properties": _PARTS}),
        "options": _OPTIONS,
    },
}
_CONFIGURATION = record(
    dict.fromkeys(
        ("policy_decision_point", "access_evaluation_endpoint", "access_evaluations_endpoint"), TEXT
    )
)
_MANY: Schema = {"anyOf": [record({"evaluations": listed(_DECISION)}), _DECISION]}


def access_paths() -> dict[str, Any]:
    """Return the paths with what may be asked of each (AuthZEN Authorization API 1.0)."""
    return {
        "/access/v1/evaluation": {
            "post": _asked("evaluate", "Tell whether a person may do something", _QUESTION, _DECISION)
        },
        "/access/v1/evaluations": {
            "post": _asked("evaluate_many", "Tell whether people may do several things", _QUESTIONS, _MANY)
        },
        "/.well-known/authzen-configuration": {"get": _described()},
    }


def _asked(name: str, summary: str, question: Schema, answer: Schema) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "description": "Needs the scope `access:evaluate`. A person is named by id, or by userName or "
        "externalId with properties.connection (and properties.attribute). An action is a privilege or a "
        "feature of the catalogues; resource.properties or context may tell limit, used, wanted.",
        "security": [{"api_key": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": question}}},
        "responses": {
            "200": {"description": "The decision", "content": {"application/json": {"schema": answer}}},
            "default": {"description": "Why there is none", "content": _TEXT},
        },
    }


def _described() -> dict[str, Any]:
    content = {"application/json": {"schema": _CONFIGURATION}}
    return {
        "operationId": "describe_decision_point",
        "summary": "Tell where decisions are asked for",
        "security": [],
        "responses": {"200": {"description": "As asked", "content": content}},
    }
