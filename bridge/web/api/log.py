"""Routes on the provisioning log."""

from dataclasses import asdict
from typing import Any

from flask import current_app, request

from bridge.provisioning.read_requests import RequestFilter, request_asked, requests
from bridge.provisioning.replay import Claim, claims_of, find_claim
from bridge.provisioning.tables import RequestRecord
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import CURSOR, LIMIT, page_of
from bridge.web.api.parameters import choice, instant, text, truth, whole
from bridge.web.api.schemas import component, page
from bridge.web.context import bridge
from bridge.web.replaying import replay_request

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@operation(
    "GET", "/requests", "List requests of identity providers and API keys, the latest first",
    scope="log:read", answer=page("Request"),
    query=(
        whole("status", "Only those answered with this HTTP status", least=100, most=599),
        truth("failed", "Only those answered with a status from 400 on, or below"),
        truth("failed_operations", "Only bulk requests of which operations failed, or the others"),
        choice("method", "Only those of this method", METHODS),
        text("route", "Only those of this route, as the log shows it"),
        text("connection_id", "Only those of this connection"),
        text("subject_id", "Only those about this person or group"),
        instant("since", "Only those from this instant on"),
        instant("until", "Only those before this instant"),
        CURSOR, LIMIT,
    ),
)  # fmt: skip
def show_requests(call: Call) -> dict[str, Any]:
    query = dict(call.query)
    before, _ = query.pop("cursor"), query.pop("limit")
    with call.database.read(call.tenant_id) as session:
        rows = requests(session, RequestFilter(**query), before=before, limit=call.limit + 1)
    return page_of(rows, call.limit, shown=_request, place=lambda row: (row.at, row.id))


@operation(
    "GET", "/requests/{request_id}", "Show a request with its body, from which passwords were taken",
    scope="log:read", answer=component("RequestDetail"),
)  # fmt: skip
def show_request(call: Call, request_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        row, asked = request_asked(session, request_id, seal=bridge().seal)
        latest, claims = find_claim(session, request_id), claims_of(session, request_id)
    return {
        **_request(row),
        "target": asked.target,
        "body": asked.body,
        "failures": [
            {**asdict(each), "replay_id": claims[each.index].id if each.index in claims else None}
            for each in asked.failures
        ],
        "replayed": _claim(latest) if latest else None,
    }


@operation(
    "POST", "/requests/{request_id}/replay", "Send a failed write of an identity provider again, once",
    scope="log:replay", body=component("NewReplay"), body_required=False, answer=component("Replay"),
)  # fmt: skip
def replay_one_request(call: Call, request_id: str) -> dict[str, Any]:
    replayed = replay_request(
        bridge(),
        current_app.wsgi_app,
        request_id,
        tenant_id=call.tenant_id,
        by=call.cause,
        root_url=request.root_url,
        even_if_changed=call.body.get("even_if_changed", False),
    )
    return {"request_id": request_id, **_claim(replayed.claim), "status": replayed.status}


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "replay_id": claim.replay_id,
        "at": claim.at,
        "actor_kind": claim.actor_kind,
        "actor_id": claim.actor_id,
        "status": claim.status,
        "failed_operations": claim.failed_operations,
    }


def _request(row: RequestRecord) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at,
        "connection_id": row.connection_id,
        "credential_id": row.credential_id,
        "method": row.method,
        "route": row.route,
        "status": row.status,
        "reason": row.reason,
        "tolerances": row.tolerances,
        "subject_id": row.subject_id,
        "duration_microseconds": row.duration_microseconds,
        "replay_of": row.replay_of,
        "failed_operations": row.failed_operations,
    }
