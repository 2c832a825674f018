"""Routes on the sessions of people who signed in."""

from datetime import datetime, timedelta
from typing import Any

from bridge.access.introspect import introspect
from bridge.access.sessions import end_session, end_sessions_of_people, is_open, sessions_of
from bridge.access.tables import Session
from bridge.directory.browse import find_person
from bridge.web.api.operations import Call, operation
from bridge.web.api.schemas import INSTANT, TEXT, TRUTH, WHOLE, maybe, record
from bridge.web.context import bridge

ENDED = "ended by an administrator"

_SESSION = record(
    {
        **dict.fromkeys(("id", "person_id", "connection_id", "provider_issuer", "provider_subject"), TEXT),
        **dict.fromkeys(("created_at", "expires_at", "last_used_at"), INSTANT),
        **dict.fromkeys(("refreshed_at", "ended_at"), maybe(INSTANT)),
        "ended_because": maybe(TEXT),
        "is_open": TRUTH,
    }
)
_SESSIONS = record({"items": {"type": "array", "items": _SESSION}})
_INTROSPECTED = record(
    {"active": TRUTH},
    {
        **dict.fromkeys(("sub", "token_type", "sid", "connection_id", "scope"), TEXT),
        "iat": WHOLE,
        "exp": WHOLE,
    },
)
_TOKEN = record({"token": {"type": "string", "minLength": 1, "maxLength": 512}})


@operation(
    "GET", "/people/{person_id}/sessions", "List a person's sessions, ended ones included",
    scope="sessions:read", answer=_SESSIONS,
)  # fmt: skip
def show_sessions(call: Call, person_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = sessions_of(session, person_id)
    return {"items": [_session(row, idle=_idle(), now=call.now) for row in rows]}


@operation(
    "POST", "/sessions/introspect", "Tell who shows a session or a personal key (as RFC 7662 has it)",
    scope="sessions:read", body=_TOKEN, answer=_INTROSPECTED,
)  # fmt: skip
def introspect_session(call: Call) -> dict[str, Any]:
    parts, token = bridge(), call.body["token"]
    return introspect(
        call.database, parts.seal, token, tenant_id=call.tenant_id, idle=_idle(), now=call.now
    ).document()


@operation("DELETE", "/sessions/{session_id}", "End a session at once", scope="sessions:write", status=204)
def end_one_session(call: Call, session_id: str) -> None:
    with call.database.write(call.tenant_id) as session:
        end_session(session, session_id, because=ENDED, cause=call.cause, now=call.now)


@operation(
    "DELETE", "/people/{person_id}/sessions", "End all sessions of a person at once",
    scope="sessions:write", status=204,
)  # fmt: skip
def end_sessions_of_person(call: Call, person_id: str) -> None:
    with call.database.write(call.tenant_id) as session:
        find_person(session, person_id)
        end_sessions_of_people(session, [person_id], because=ENDED, cause=call.cause, now=call.now)


def _idle() -> timedelta:
    return timedelta(minutes=bridge().settings.session_idle_minutes)


def _session(row: Session, *, idle: timedelta, now: datetime) -> dict[str, Any]:
    shown = ("id", "person_id", "connection_id", "provider_issuer", "provider_subject", "created_at",
             "expires_at", "last_used_at", "refreshed_at", "ended_at", "ended_because")  # fmt: skip
    return {name: getattr(row, name) for name in shown} | {"is_open": is_open(row, idle=idle, now=now)}
