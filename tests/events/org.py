"""An Okta org, as far as its event hook and its token hook speak of it."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

_numbers = count(1)


def uuid() -> str:
    return f"7a1b2c3d-0000-11f1-8000-{next(_numbers):012x}"


def published(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user(okta_id: str) -> dict[str, Any]:
    name = okta_id.removeprefix("ext-")
    return {
        "id": okta_id,
        "type": "User",
        "alternateId": f"{name}@lindqvist.example",
        "displayName": name.title(),
        "detailEntry": None,
    }


ADMIN = user("00uadmin") | {"displayName": "Mara Administrator"}


def log_event(
    type_: str,
    at: datetime,
    *,
    actor: dict[str, Any] = ADMIN,
    target: list[dict[str, Any]] | None = None,
    result: str = "SUCCESS",
    **more: object,
) -> dict[str, Any]:
    """A LogEvent of Okta's System Log, with the members that hooks send."""
    return {
        "uuid": uuid(),
        "published": published(at),
        "eventType": type_,
        "version": "0",
        "displayMessage": "What Okta says to people",
        "severity": "INFO",
        "client": {"ipAddress": "203.0.113.7", "userAgent": {"rawUserAgent": "curl/8"}, "zone": "null"},
        "device": None,
        "actor": actor,
        "outcome": {"result": result, "reason": None},
        "target": target,
        "transaction": {"type": "WEB", "id": "Wn4f-5dQbKPa", "detail": {}},
        "debugContext": {"debugData": {"requestUri": "/api/v1/users/lifecycle"}},
        "authenticationContext": {"externalSessionId": "idxF0", "authenticationStep": 0},
        "securityContext": {},
        "insertionTimestamp": None,
        **more,
    }


def lifecycle(verb: str, okta_id: str, at: datetime, **more: object) -> dict[str, Any]:
    return log_event(f"user.lifecycle.{verb}", at, target=[user(okta_id)], **more)


def membership(verb: str, okta_id: str, group: tuple[str, str], at: datetime) -> dict[str, Any]:
    group_id, name = group
    target = [
        user(okta_id),
        {"id": group_id, "type": "UserGroup", "displayName": name, "alternateId": "unknown"},
    ]
    return log_event(f"group.user_membership.{verb}", at, target=target)


def sign_in(okta_id: str, app_id: str, at: datetime, **more: object) -> dict[str, Any]:
    target = [
        {"id": app_id, "type": "AppInstance", "displayName": "Lindqvist Cockpit", "alternateId": "Cockpit"},
        {"id": f"0ua{app_id}", "type": "AppUser", "displayName": "Ada", "alternateId": "ada"},
    ]
    return log_event("user.authentication.sso", at, actor=user(okta_id), target=target, **more)


def delivery(*events: object) -> dict[str, Any]:
    """The body of one request of an event hook."""
    return {
        "eventType": "com.okta.event_hook",
        "eventTypeVersion": "1.0",
        "cloudEventsVersion": "0.1",
        "source": "https://lindqvist.okta.example/api/v1/eventHooks/who9",
        "eventId": uuid(),
        "eventTime": "2026-10-02T07:00:00.000Z",
        "contentType": "application/json",
        "data": {"events": list(events)},
    }


def token_request(okta_id: str | None, *, identity: object = None, access: object = None) -> dict[str, Any]:
    """What the token inline hook asks; ``identity`` and ``access`` are the tokens' claims so far."""
    context: dict[str, Any] = {"request": {"id": "reqv66", "method": "GET"}, "protocol": {"type": "OAUTH2.0"}}
    if okta_id is not None:
        context["user"] = {"id": okta_id, "profile": {"login": "ada@lindqvist.example"}}
    tokens = {"identity": identity, "access": access}
    return {
        "eventId": uuid(),
        "eventTime": "2026-10-02T07:00:00.000Z",
        "eventType": "com.okta.oauth2.tokens.transform",
        "eventTypeVersion": "1.0",
        "cloudEventVersion": "0.1",
        "contentType": "application/json",
        "source": "https://lindqvist.okta.example/oauth2/default/v1/authorize",
        "data": {
            "context": context,
            **{
                name: {"claims": claims, "token": {"lifetime": {"expiration": 3600}}}
                for name, claims in tokens.items()
                if claims is not None
            },
        },
    }
