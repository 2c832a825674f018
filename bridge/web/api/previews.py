"""Routes on previews: what a change would do to people and money, before it is applied."""

from typing import Any

from bridge.errors import InvalidValue
from bridge.mapping.rule_document import Limits
from bridge.oversight.preview_change import WantedRules, back_test, preview_live, preview_rules
from bridge.oversight.previews import find_preview, preview_page
from bridge.web.api.operations import Call, operation
from bridge.web.api.parameters import instant, parse_instant, whole
from bridge.web.api.schemas import (
    INSTANT,
    MONEY,
    TEXT,
    TEXTS,
    TRUTH,
    WHOLE,
    Schema,
    component,
    listed,
    maybe,
    record,
)
from bridge.web.context import bridge
from config.catalogue import plan_keys

_HELD = record({"plan": TEXT, "roles": TEXTS}, {"waits_for": TEXT})
_STEPS = listed(record({"before": _HELD, "after": _HELD}))
_SOME = {"people": WHOLE, "first": TEXTS}
_AMOUNTS = {
    "type": ["object", "null"],
    "properties": {
        "currency": TEXT,
        "period": {"type": ["object", "null"]},
        **dict.fromkeys(("before", "after", "difference"), maybe(MONEY)),
        "problem": maybe(TEXT),
    },
}
_SUMMARY: dict[str, Schema] = {
    "people": record(
        dict.fromkeys(("affected", "gains", "loses", "moves", "roles", "waits", "unreadable"), WHOLE)
    ),
    "groups": listed(record({"steps": _STEPS, **_SOME})),
    "plans": listed(record({"plan": TEXT, "before": WHOLE, "after": WHOLE})),
    "waiting": listed(record({"plan": TEXT, "before": WHOLE, **_SOME})),
    "invoice": _AMOUNTS,
    "year": _AMOUNTS,
    "conflicts": listed(record({"rules": TEXTS, **_SOME})),
    "unmatched": record(_SOME),
    "administrators": record({"before": WHOLE, "after": WHOLE, "locks_out": TRUTH}),
}
PREVIEW = record(
    {"id": maybe(TEXT), "kind": TEXT, "effective_from": maybe(INSTANT), "as_of": maybe(INSTANT), **_SUMMARY}
)


@operation(
    "POST", "/rule-sets/preview", "Tell what rules would do to people and money; nothing changes",
    scope="rules:write", body=component("RuleDocument"), answer=PREVIEW,
    query=(
        instant("effective_from", "When the version would come into force; default: when it is applied"),
        instant("as_of", "An instant of the past: its billing period under these rules"),
    ),
)  # fmt: skip
def make_rules_preview(call: Call) -> dict[str, Any]:
    effective_from, as_of = call.query["effective_from"], call.query["as_of"]
    wanted = wanted_rules(call)
    if as_of is None:
        hours = bridge().settings.preview_hours
        return preview_rules(call.database, call.tenant_id, wanted, hours=hours, now=call.now)
    if effective_from is not None:
        raise InvalidValue("give effective_from or as_of, not both", pointer="/as_of")
    return back_test(call.database, call.tenant_id, wanted, as_of=as_of, now=call.now)


@operation(
    "POST", "/connections/{connection_id}/live/preview",
    "Tell what switching a connection to live would do to people and money; nothing changes",
    scope="connections:write", body=component("Live"), answer=PREVIEW,
)  # fmt: skip
def make_live_preview(call: Call, connection_id: str) -> dict[str, Any]:
    text = call.body.get("live_from")
    return preview_live(
        call.database,
        call.tenant_id,
        connection_id,
        live_from=None if text is None else parse_instant(text, pointer="/live_from"),
        hours=bridge().settings.preview_hours,
        now=call.now,
    )


@operation(
    "GET", "/previews/{preview_id}", "Show a preview again", scope="read",
    answer=record({"id": TEXT, "kind": TEXT, "created_at": INSTANT, "starts_at": maybe(INSTANT), **_SUMMARY}),
)  # fmt: skip
def show_preview(call: Call, preview_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        row = find_preview(session, preview_id, hours=bridge().settings.preview_hours, now=call.now)
    shown = {"id": row.id, "kind": row.kind, "created_at": row.created_at, "starts_at": row.starts_at}
    return {**shown, **row.document}


@operation(
    "GET", "/previews/{preview_id}/people",
    "List the people whom a preview affects, a thousand at most in a page, by what happens to them",
    scope="read", query=(whole("page", "next_page of the page before", default=0),),
    answer=record({"steps": _STEPS, "person_ids": TEXTS, "next_page": maybe(WHOLE)}),
)  # fmt: skip
def show_preview_people(call: Call, preview_id: str) -> dict[str, Any]:
    page = call.query["page"]
    with call.database.read(call.tenant_id) as session:
        find_preview(session, preview_id, hours=bridge().settings.preview_hours, now=call.now)
        row, more = preview_page(session, preview_id, page)
    if row is None:
        return {"steps": [], "person_ids": [], "next_page": None}
    return {"steps": row.steps, "person_ids": row.person_ids, "next_page": row.page + 1 if more else None}


def wanted_rules(call: Call) -> WantedRules:
    """Return the rules that the body and the query ask for."""
    return WantedRules(
        document=call.body,
        known_plans=plan_keys(),
        limits=Limits(rules=bridge().settings.rules),
        effective_from=call.query["effective_from"],
    )
