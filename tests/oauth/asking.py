"""An OAuth client that asks for access tokens."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from werkzeug.test import TestResponse

from tests.api.customers import Customer, Running


@dataclass
class Asking:
    """A connection's client with one of its secrets."""

    running: Running
    customer: Customer
    secret_id: str
    secret: str

    @classmethod
    def with_a_secret(cls, running: Running, customer: Customer) -> Self:
        path = f"/connections/{customer.ids['connection']}/oauth-client/secrets"
        made = running.api(customer, "POST", path, {})
        assert made.status_code == 201, made.json
        assert made.json["client_id"] == customer.ids["connection"]
        return cls(running, customer, made.json["id"], made.json["secret"])

    @property
    def client_id(self) -> str:
        return self.customer.ids["connection"]

    def post(self, form: Mapping[str, object] | None = None, **more: object) -> TestResponse:
        return self.running.client.post("/oauth/token", data=form, **more)

    def ask_by_form(self, **changed: str) -> TestResponse:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
        }
        return self.post(form | changed)

    def ask_by_header(self, client_id: str | None = None, secret: str | None = None) -> TestResponse:
        pair = f"{client_id or self.client_id}:{secret or self.secret}"
        header = "Basic " + base64.b64encode(pair.encode()).decode()
        return self.post({"grant_type": "client_credentials"}, headers={"Authorization": header})

    def token(self) -> str:
        answer = self.ask_by_header()
        assert answer.status_code == 200, answer.json
        return str(answer.json["access_token"])

    def opens(self, token: str) -> bool:
        return self.running.ask("GET", "/scim/v2/Users", token).status_code == 200

    def api(self, method: str, path: str, body: object = None) -> TestResponse:
        path = f"/connections/{self.client_id}/oauth-client{path}"
        return self.running.api(self.customer, method, path, body)
