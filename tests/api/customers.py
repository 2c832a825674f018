"""Two customers of one running bridge: the first with a month behind it, the second just begun."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge import clock
from bridge.access.grant import grant_api_key, grant_token, withdraw_api_key, withdraw_token
from bridge.access.oauth_clients import grant_client_secret
from bridge.access.sessions import NewSession, open_session
from bridge.billing.subscriptions import create_default_subscription
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.journal.record import Cause
from bridge.seats.tables import Storm
from bridge.tenants.create import create_connection, create_tenant
from bridge.web.context import Bridge

SEPTEMBER = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 2, 7, 0, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
CAUSE = Cause("operator", "mara", "request-1")
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Customer:
    """A tenant with its credentials; ``ids`` are those of its people, groups, rules, invoices, …"""

    tenant_id: str
    name: str
    key: str
    token: str
    ended: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)


@dataclass
class Running:
    """The bridge with a clock that the tests set."""

    app: Flask
    clock_file: Path

    @property
    def parts(self) -> Bridge:
        bridge: Bridge = self.app.extensions["bridge"]
        return bridge

    @property
    def database(self) -> Database:
        return self.parts.database

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def set_clock(self, instant: datetime) -> None:
        self.clock_file.write_text(instant.isoformat())

    def ask(self, method: str, path: str, credential: str | None, body: object = None) -> TestResponse:
        headers = {} if credential is None else {"Authorization": f"Bearer {credential}"}
        return self.client.open(path, method=method, headers=headers, json=body)

    def api(self, customer: Customer, method: str, path: str, body: object = None) -> TestResponse:
        return self.ask(method, f"/api/v1{path}", customer.key, body)

    def scim(self, customer: Customer, method: str, path: str, body: object = None) -> TestResponse:
        return self.ask(method, f"/scim/v2{path}", customer.token, body)


def add_customer(running: Running, name: str) -> Customer:
    parts, now = running.parts, SEPTEMBER
    tenant_id, day = new_id(now), timedelta(days=1)
    given: Mapping[str, Any] = {"seal": parts.seal, "cause": CAUSE, "now": now}
    with parts.database.write(tenant_id) as session:
        create_tenant(session, name=name, currency="EUR", timezone="Europe/Berlin", cause=CAUSE, now=now)
        create_default_subscription(session, starts_on=now.date(), cause=CAUSE, now=now)
        connection = create_connection(
            session, name=f"{name} Okta", kind="okta", dialect=None, live=True, cause=CAUSE, now=now
        )
        revoked_token = grant_token(session, connection.id, lifetime=None, **given)
        withdraw_token(session, connection.id, revoked_token.id, cause=CAUSE, now=now)
        expired_token = grant_token(session, connection.id, lifetime=day, **given)
        token = grant_token(session, connection.id, lifetime=None, **given)
        expired_key = grant_api_key(session, scopes=["admin"], lifetime=day, **given)
        revoked_key = grant_api_key(session, scopes=["admin"], lifetime=None, **given)
        withdraw_api_key(session, revoked_key.id, cause=CAUSE, now=now)
        key = grant_api_key(session, scopes=["admin"], lifetime=None, **given)
        client_secret = grant_client_secret(session, connection.id, lifetime=None, **given)
    ended = {
        "revoked token": revoked_token.secret,
        "expired token": expired_token.secret,
        "revoked key": revoked_key.secret,
        "expired key": expired_key.secret,
    }
    ids = {"connection": connection.id, "token": expired_token.id, "key": expired_key.id}
    ids["client secret"] = client_secret.id
    return Customer(tenant_id, name, key.secret, token.secret, ended, ids)


def user(name: str) -> dict[str, Any]:
    return {
        "schemas": [USER],
        "userName": f"{name}@lindqvist.example",
        "externalId": f"ext-{name}",
        "displayName": f"{name.title()} of Lindqvist",
        "emails": [{"value": f"{name}@lindqvist.example", "primary": True}],
        "active": True,
    }


def group(name: str, *members: str) -> dict[str, Any]:
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": member} for member in members]}


def live_through_september(running: Running, customer: Customer) -> None:
    """Let people come, a group, rules; close the month in October."""
    running.set_clock(SEPTEMBER)
    ids = customer.ids
    ids["person"] = _made(running.scim(customer, "POST", "/Users", user("ada")))
    ids["other person"] = _made(running.scim(customer, "POST", "/Users", user("grace")))
    ids["group"] = _made(running.scim(customer, "POST", "/Groups", group("Dispatchers", ids["person"])))
    ids["rule set"] = _made(running.api(customer, "POST", "/rule-sets", rules(ids["group"])))
    until = {"plan": "premium", "reason": "trial", "start": "2026-10-20T00:00:00Z"}
    ids["override"] = _made(running.api(customer, "POST", f"/people/{ids['other person']}/overrides", until))
    running.set_clock(OCTOBER)
    observed = {"name": "Entra on trial", "kind": "entra"}
    ids["observed connection"] = _made(running.api(customer, "POST", "/connections", observed))
    ids["preview"] = _made(running.api(customer, "POST", "/rule-sets/preview", rules("nobody")))
    ids["invoice"] = _made(running.api(customer, "POST", "/invoices", {}))
    ids["subscription"] = running.api(customer, "GET", "/subscriptions").json["items"][0]["id"]
    running.set_clock(NOVEMBER)
    ids["second invoice"] = _made(running.api(customer, "POST", "/invoices", {}))
    payment = {"paid_on": "2026-11-01", "reference": "bank 16"}
    running.api(customer, "POST", f"/invoices/{ids['second invoice']}/payment", payment)
    favour = {"amount": "1.00", "reason": "a favour"}
    ids["credit note"] = _made(
        running.api(customer, "POST", f"/invoices/{ids['second invoice']}/credit-notes", favour)
    )
    running.set_clock(OCTOBER)
    running.parts.request_log.flush()
    requests = running.api(customer, "GET", "/requests?route=/scim/v2/Users&status=201").json
    ids["request"] = requests["items"][0]["id"]
    ids["failed request"] = _refused_for_a_moment(running, customer)
    ids["gone person"] = _made(running.scim(customer, "POST", "/Users", user("gone")))
    assert running.scim(customer, "DELETE", f"/Users/{ids['gone person']}").status_code == 204
    ids["session"] = signed_in(running, customer, ids["person"]).id
    for name in ("storm", "other storm"):
        ids[name] = _storm(running, customer)


def signed_in(running: Running, customer: Customer, person_id: str, *, sid: str | None = None) -> NewSession:
    """Open a session for a person, as the return from their provider does."""
    with running.database.write(customer.tenant_id) as session:
        return open_session(
            session,
            person_id=person_id,
            connection_id=customer.ids["connection"],
            issuer="https://id.example",
            subject=f"subject-{person_id}",
            sid=sid,
            id_token="an id token",
            refresh_token=None,
            seal=running.parts.seal,
            lifetime=timedelta(hours=12),
            most=20,
            cause=CAUSE,
            now=clock.now(),
        )


def _storm(running: Running, customer: Customer) -> str:
    """Leave a storm to be decided, in which nobody lost anything."""
    storm_id = new_id(OCTOBER)
    with running.database.write(customer.tenant_id) as session:
        session.add(
            Storm(
                tenant_id=customer.tenant_id, id=storm_id, connection_id=customer.ids["connection"],
                first_at=OCTOBER, last_at=OCTOBER, status="open", opened_at=OCTOBER, opened_by="",
            )
        )  # fmt: skip
    return storm_id


def _refused_for_a_moment(running: Running, customer: Customer) -> str:
    """Let a person be refused because of another of that name, who then goes."""
    other = _made(running.scim(customer, "POST", "/Users", user("joan")))
    refused = running.scim(customer, "POST", "/Users", {**user("joan"), "externalId": "another"})
    assert refused.status_code == 409
    assert running.scim(customer, "DELETE", f"/Users/{other}").status_code == 204
    running.parts.request_log.flush()
    return refused.headers["X-Request-Id"]


def rules(group_id: str) -> dict[str, Any]:
    return {
        "rules": [
            {"name": "Dispatchers", "when": f'groups.value eq "{group_id}"', "plan": "standard"},
        ]
    }


def _made(answer: TestResponse) -> str:
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)
    made: str = answer.json["id"]
    return made
