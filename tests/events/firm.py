"""A customer whose Okta provisions by SCIM and tells of events as well."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from werkzeug.test import TestResponse

from bridge.access.sessions import open_session
from bridge.access.tables import Session
from bridge.directory.tables import Membership, Person
from bridge.signin.events.apply_events import apply_events
from bridge.signin.events.okta_hooks import OktaHookSettings, make_okta_secret, set_okta_hook
from bridge.signin.events.tables import ReceivedEvent
from tests.api.customers import CAUSE, OCTOBER, PATCH, Customer, Running, add_customer, group, user
from tests.events.org import delivery

APP = "0oaCockpit"


@dataclass
class Firm:
    running: Running
    customer: Customer
    secret: str
    people: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, running: Running, *names: str, groups: Sequence[str] = ()) -> "Firm":
        """A firm whose people and groups are provisioned in October; ``ext-ada`` is Ada's id at Okta."""
        customer = add_customer(running, "Lindqvist Freight")
        chosen = OktaHookSettings(plan_claim="plan", roles_claim="roles", sign_in_apps=(APP,))
        with running.database.write(customer.tenant_id) as session:
            connection_id = customer.ids["connection"]
            set_okta_hook(session, connection_id, chosen, cause=CAUSE, now=OCTOBER)
            secret = make_okta_secret(
                session, connection_id, seal=running.parts.seal, overlap=timedelta(hours=1), cause=CAUSE,
                now=OCTOBER,
            )  # fmt: skip
        firm = cls(running, customer, secret)
        running.set_clock(OCTOBER)
        for name in names:
            firm.people[name] = firm.scim("POST", "/Users", user(name)).json["id"]
        for name in groups:
            firm.groups[name] = firm.scim("POST", "/Groups", group(name)).json["id"]
        return firm

    @property
    def connection_id(self) -> str:
        return self.customer.ids["connection"]

    def scim(self, method: str, path: str, body: object = None) -> TestResponse:
        answer = self.running.scim(self.customer, method, path, body)
        assert answer.status_code < 300, answer.get_data(as_text=True)
        return answer

    def set_active(self, name: str, *, active: bool, at: datetime) -> None:
        """Let SCIM say so."""
        self.running.set_clock(at)
        change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": active}]}
        self.scim("PATCH", f"/Users/{self.people[name]}", change)

    def send(
        self, *events: object, at: datetime, secret: str | None = None, body: object = None
    ) -> TestResponse:
        """Send one delivery of the event hook."""
        self.running.set_clock(at)
        return self.running.client.post(
            f"/events/{self.connection_id}/okta",
            json=delivery(*events) if body is None else body,
            headers={"Authorization": self.secret if secret is None else secret},
        )

    def tell(self, *events: object, at: datetime) -> None:
        """Send a delivery and let the workers apply it."""
        assert self.send(*events, at=at).status_code == 204
        self.apply(at=at)

    def apply(self, *, at: datetime, limit: int = 500) -> int:
        done = 0
        while count := apply_events(
            self.running.database, self.customer.tenant_id, limit=limit, late_days=35, now=at
        ):
            done += count
        return done

    def sign_in(
        self,
        name: str,
        *,
        at: datetime,
        sid: str | None = None,
        issuer: str = "https://lindqvist.okta.example",
    ) -> str:
        """Open a session for a person; return its id. ``sid`` is the provider's name of it."""
        with self.running.database.write(self.customer.tenant_id) as session:
            return open_session(
                session, person_id=self.people[name], connection_id=self.connection_id,
                issuer=issuer, subject=f"ext-{name}", sid=sid, id_token=None,
                refresh_token=None, seal=self.running.parts.seal, lifetime=timedelta(hours=8), most=10,
                cause=CAUSE, now=at,
            ).id  # fmt: skip

    def open_sessions(self) -> set[str]:
        return {id_ for (id_,) in self.read(select(Session.id).where(Session.ended_at.is_(None)))}

    def read(self, statement: Select[Any]) -> list[Any]:
        with self.running.database.read(self.customer.tenant_id) as session:
            return list(session.execute(statement).all())

    def active(self) -> dict[str, bool]:
        found = dict(map(tuple, self.read(select(Person.id, Person.active))))
        return {name: found[id_] for name, id_ in self.people.items()}

    def members(self, name: str) -> set[str]:
        open_ = select(Membership.member_id).where(
            Membership.group_id == self.groups[name], Membership.end.is_(None)
        )
        names = {id_: name for name, id_ in self.people.items()}
        return {names[member_id] for (member_id,) in self.read(open_)}

    def outcomes(self) -> dict[str, str]:
        return dict(self.read(select(ReceivedEvent.id, ReceivedEvent.outcome)))

    def outcome(self, event: dict[str, Any]) -> str:
        return self.outcomes()[event["uuid"]]
