"""Routes on events of identity providers, on the hooks of Okta that bring them."""

from datetime import timedelta
from typing import Any

from flask import request

from bridge.signin.events.browse import events_page
from bridge.signin.events.identity_events import OUTCOMES
from bridge.signin.events.okta_hooks import (
    APP_CHARACTERS,
    APPS_MOST,
    CLAIM_CHARACTERS,
    TOKENS,
    OktaHookSettings,
    make_okta_secret,
    read_okta_hook,
    set_okta_hook,
)
from bridge.signin.events.tables import OktaHook, ReceivedEvent
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import CURSOR, LIMIT, page_of
from bridge.web.api.parameters import choice, text
from bridge.web.api.schemas import INSTANT, TEXT, TEXTS, TRUTH, Schema, listed, maybe, record
from bridge.web.context import bridge

EVENT = record(
    {
        **dict.fromkeys(("id", "source", "connection_id", "type", "effect", "outcome", "request_id"), TEXT),
        **dict.fromkeys(("at", "received_at"), INSTANT),
        "settled_at": maybe(INSTANT),
        "person_id": maybe(TEXT),
    }
)
CLAIM: Schema = {"type": ["string", "null"], "minLength": 1, "maxLength": CLAIM_CHARACTERS}
APPS: Schema = {
    "type": "array",
    "maxItems": APPS_MOST,
    "items": {"type": "string", "minLength": 1, "maxLength": APP_CHARACTERS},
}
CHOSEN: dict[str, Schema] = {
    "plan_claim": CLAIM,
    "roles_claim": CLAIM,
    "tokens": {"type": "array", "items": {"enum": list(TOKENS)}},
    "sign_in_apps": APPS,
}
HOOK = record(
    {
        **dict.fromkeys(("event_hook", "token_hook"), TEXT),
        **dict.fromkeys(("plan_claim", "roles_claim"), maybe(TEXT)),
        **dict.fromkeys(("tokens", "sign_in_apps"), TEXTS),
        "has_secret": TRUTH,
        "previous_secret_until": maybe(INSTANT),
        "verified_at": maybe(INSTANT),
    }
)


@operation(
    "GET", "/identity-events",
    "List the events of identity providers, the last received first, with what became of each",
    scope="read", answer=record({"items": listed(EVENT), "next_cursor": maybe(TEXT)}),
    query=(
        text("connection", "Only those of this connection"),
        choice("outcome", "Only those of this outcome", OUTCOMES),
        CURSOR,
        LIMIT,
    ),
)  # fmt: skip
def show_identity_events(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = events_page(
            session,
            connection_id=call.query["connection"],
            outcome=call.query["outcome"],
            before=call.query["cursor"],
            limit=call.limit + 1,
        )
    return page_of(rows, call.limit, shown=_event, place=lambda row: (row.received_at, row.our_id))


@operation(
    "GET", "/connections/{connection_id}/okta-hooks", "Show how a connection's Okta hooks are set up",
    scope="read", answer=HOOK,
)  # fmt: skip
def show_okta_hooks(call: Call, connection_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return _hook(connection_id, read_okta_hook(session, connection_id))


@operation(
    "PUT", "/connections/{connection_id}/okta-hooks",
    "Choose which claims the token hook writes, and the applications whose sign-ins count",
    scope="connections:write", body=record({}, CHOSEN), answer=HOOK,
)  # fmt: skip
def choose_okta_hooks(call: Call, connection_id: str) -> dict[str, Any]:
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in call.body.items()
    }
    with call.database.write(call.tenant_id) as session:
        hook = set_okta_hook(
            session, connection_id, OktaHookSettings(**given), cause=call.cause, now=call.now
        )
        return _hook(connection_id, hook)


@operation(
    "POST", "/connections/{connection_id}/okta-hooks/secret",
    "Make the secret that Okta sends as the Authorization header; it is told this once",
    scope="connections:write", status=201, answer=record({"secret": TEXT}),
)  # fmt: skip
def make_okta_hook_secret(call: Call, connection_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        secret = make_okta_secret(
            session,
            connection_id,
            seal=bridge().seal,
            overlap=timedelta(minutes=bridge().settings.okta_secret_overlap_minutes),
            cause=call.cause,
            now=call.now,
        )
    return {"secret": secret}


def _hook(connection_id: str, hook: OktaHook | None) -> dict[str, Any]:
    root = (bridge().settings.public_url or request.root_url).rstrip("/")
    known = hook or OktaHook(tokens=list(TOKENS), sign_in_apps=[])
    names = ("plan_claim", "roles_claim", "tokens", "sign_in_apps", "verified_at")
    return {
        "event_hook": f"{root}/events/{connection_id}/okta",
        "token_hook": f"{root}/events/{connection_id}/okta/token",
        **{name: getattr(known, name) for name in names},
        "has_secret": known.digest is not None,
        "previous_secret_until": known.previous_until,
    }


def _event(row: ReceivedEvent) -> dict[str, Any]:
    return {name: getattr(row, name) for name in EVENT["properties"]}
