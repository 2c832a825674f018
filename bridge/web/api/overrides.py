"""Routes on overrides: what an administrator decides about one person, above every rule."""

from typing import Any

from bridge.directory.browse import find_person
from bridge.mapping.overrides import Override
from bridge.mapping.read_overrides import find_override, overrides_page, read_overrides
from bridge.mapping.set_override import REASON_CHARACTERS, WantedOverride
from bridge.oversight.override_person import override_person, stop_overriding
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import CURSOR, LIMIT, page_of
from bridge.web.api.parameters import instant, parse_instant
from bridge.web.api.schemas import INSTANT, TEXT, TEXTS, TRUTH, Schema, listed, maybe, record
from bridge.web.context import bridge
from config.catalogue import plan_keys

_OVERRIDE = {
    **dict.fromkeys(("id", "person_id", "reason", "author", "started_by"), TEXT),
    "start": INSTANT,
    "end": maybe(INSTANT),
    "plan": maybe(TEXT),
    "roles": maybe(TEXTS),
    "ended_by": maybe(TEXT),
}
OVERRIDE: Schema = record(_OVERRIDE)
#: More roles than any catalogue has need not be read.
ROLES_MOST = 1000
_WHEN = {"type": ["string", "null"], "format": "date-time"}
WANTED: Schema = record(
    {"reason": {"type": "string", "minLength": 1, "maxLength": REASON_CHARACTERS}},
    {"plan": maybe(TEXT), "roles": {**maybe(TEXTS), "maxItems": ROLES_MOST}, "start": _WHEN, "end": _WHEN},
)


@operation(
    "GET", "/overrides", "List overrides in the order of their making, ended ones included",
    scope="read", answer=record({"items": listed(OVERRIDE), "next_cursor": maybe(TEXT)}),
    query=(instant("at", "Only those that decide at this instant"), CURSOR, LIMIT),
)  # fmt: skip
def show_overrides(call: Call) -> dict[str, Any]:
    _, after = call.query["cursor"] or (None, None)
    with call.database.read(call.tenant_id) as session:
        rows = overrides_page(session, at=call.query["at"], after_id=after, limit=call.limit + 1)
    return page_of(rows, call.limit, shown=_override, place=lambda each: (each.start, each.id))


@operation(
    "GET", "/people/{person_id}/overrides", "List the overrides that a person ever had",
    scope="read", answer=record({"items": listed(OVERRIDE)}),
)  # fmt: skip
def show_overrides_of_person(call: Call, person_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        find_person(session, person_id)
        found = read_overrides(session, [person_id]).get(person_id, ())
    return {"items": [_override(each) for each in found]}


@operation(
    "POST", "/people/{person_id}/overrides", "Let a person hold a plan, roles or both, whatever a rule says",
    scope="rules:write", body=WANTED, status=201, answer=record({**_OVERRIDE, "applied": TRUTH}),
)  # fmt: skip
def make_override(call: Call, person_id: str) -> dict[str, Any]:
    start, end = (_instant(call, name) for name in ("start", "end"))
    named = call.body.get("roles")
    wanted = WantedOverride(
        person_id=person_id,
        plan=call.body.get("plan"),
        roles=None if named is None else tuple(named),
        reason=call.body["reason"],
        start=start,
        end=end,
    )
    with call.database.write(call.tenant_id) as session:
        made = override_person(
            session,
            wanted,
            author=f"api_key {call.caller.credential_id}",
            known_plans=plan_keys(),
            most=bridge().settings.overrides,
            cause=call.cause,
            now=call.now,
        )
    return {**_override(made.override), "applied": made.applied}


@operation(
    "GET", "/overrides/{override_id}", "Show an override", scope="read", answer=OVERRIDE,
)  # fmt: skip
def show_override(call: Call, override_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return _override(find_override(session, override_id))


@operation(
    "POST", "/overrides/{override_id}/end", "End an override now or at an instant; then the rules decide",
    scope="rules:write", body=record({}, {"at": _WHEN}), body_required=False, answer=OVERRIDE,
)  # fmt: skip
def stop_override(call: Call, override_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        at = _instant(call, "at")
        return _override(stop_overriding(session, override_id, at=at, cause=call.cause, now=call.now))


def _instant(call: Call, name: str) -> Any:  # noqa: ANN401 (an instant or None)
    text = call.body.get(name)
    return None if text is None else parse_instant(text, pointer=f"/{name}")


def _override(override: Override) -> dict[str, Any]:
    return {
        "id": override.id,
        "person_id": override.person_id,
        "start": override.start,
        "end": override.end,
        "plan": override.plan,
        "roles": override.roles,
        "reason": override.reason,
        "author": override.author,
        "started_by": override.started_by,
        "ended_by": override.ended_by,
    }
