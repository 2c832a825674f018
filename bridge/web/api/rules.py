"""Routes on rule sets."""

from typing import Any

from bridge.mapping.browse import find_rule_set, list_rule_sets
from bridge.mapping.tables import RuleSet
from bridge.oversight.apply_previewed import change_rules
from bridge.web.api.operations import Call, operation
from bridge.web.api.parameters import instant, text
from bridge.web.api.previews import wanted_rules
from bridge.web.api.schemas import component, whole_list
from bridge.web.context import bridge


@operation(
    "GET", "/rule-sets", "List the versions of the rules, the newest first",
    scope="read", answer=whole_list("RuleSet"),
)  # fmt: skip
def show_rule_sets(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return {"items": [_rule_set(row) for row in list_rule_sets(session)]}


@operation(
    "GET", "/rule-sets/{rule_set_id}", "Show a version of the rules with its document",
    scope="read", answer=component("RuleSetDetail"),
)  # fmt: skip
def show_rule_set(call: Call, rule_set_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        row = find_rule_set(session, rule_set_id)
    return {**_rule_set(row), "document": row.document}


@operation(
    "POST", "/rule-sets", "Apply a rule document as a new version, from now or an instant on",
    scope="rules:write", body=component("RuleDocument"), status=201, answer=component("AppliedRuleSet"),
    query=(
        instant("effective_from", "When the version comes into force; default: now"),
        text("note", "What the version is for"),
        text("preview_id", "Apply only what this preview shows; refused when it would do something else"),
    ),
)  # fmt: skip
def make_rule_set(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        applied = change_rules(
            session,
            wanted_rules(call),
            author=f"api_key {call.caller.credential_id}",
            note=call.query["note"] or "",
            preview_id=call.query["preview_id"],
            hours=bridge().settings.preview_hours,
            cause=call.cause,
            now=call.now,
        )
    return {
        "id": applied.rule_set_id,
        "version": applied.version,
        "effective_from": applied.effective_from,
        "in_force_until": applied.in_force_until,
        "applied": applied.applied,
    }


def _rule_set(row: RuleSet) -> dict[str, Any]:
    return {
        "id": row.id,
        "version": row.version,
        "author": row.author,
        "note": row.note,
        "effective_from": row.effective_from,
        "created_at": row.created_at,
    }
