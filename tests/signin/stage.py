"""A customer whose people sign in at a provider of the tests, by the bridge's own addresses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from bridge.access.tables import Session
from bridge.directory.tables import Person, PersonVersion
from bridge.signin.tables import Identity
from bridge.usage.tables import SignIn
from tests.api.customers import Customer, Running
from tests.signin.malicious import CLIENT, SECRET, Malicious

HOST = "https://bridge.example"
KEPT = (Person, PersonVersion, Identity, Session, SignIn)


@dataclass
class Play:
    """One browser, one provider, one customer."""

    running: Running
    customer: Customer
    provider: Malicious
    browser: FlaskClient

    @property
    def connection(self) -> str:
        return self.customer.ids["connection"]

    def set_oidc(self, **changed: Any) -> None:  # noqa: ANN401 - JSON
        body = {
            "issuer": self.provider.issuer,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "preset": "okta",
        }
        path = f"/connections/{self.connection}/oidc"
        answer = self.running.api(self.customer, "PUT", path, body | changed)
        assert answer.status_code == 200, answer.json

    def visit(self, path: str) -> TestResponse:
        return self.browser.get(path, base_url=HOST)

    def start(self, query: str = "") -> dict[str, str]:
        """Begin, and return what the provider is asked."""
        answer = self.visit(f"/login/{self.connection}{query}")
        assert answer.status_code == 303, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def back(self, **parameters: str | None) -> TestResponse:
        """Return to the callback with these parameters, those that are None left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return self.browser.get(f"/login/{self.connection}/callback", base_url=HOST, query_string=given)

    def sign_in(self, **changed: str | None) -> TestResponse:
        begun = self.start()
        return self.back(**{"state": begun["state"], "code": self.provider.code(begun)} | changed)

    def set_clock(self, instant: datetime) -> None:
        self.running.set_clock(instant)
        self.provider.now = instant

    def known(self) -> dict[str, list[str]]:
        """Everything that is kept of the customer's people."""
        with self.running.database.read(self.customer.tenant_id) as session:
            return {
                table.__tablename__: sorted(
                    repr([getattr(row, column.key) for column in table.__table__.columns])
                    for row in session.scalars(select(table))
                )
                for table in KEPT
            }

    def refused(self) -> list[dict[str, Any]]:
        return [each for page in self.refused_pages() for each in page]

    def refused_pages(self, *, limit: int = 100) -> Iterator[list[dict[str, Any]]]:
        cursor = ""
        while cursor is not None:
            asked = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            answer = self.running.api(self.customer, "GET", f"/refused-sign-ins?{urlencode(asked)}")
            assert answer.status_code == 200, answer.json
            yield answer.json["items"]
            cursor = answer.json["next_cursor"]

    def rows(self, table: Any) -> list[Any]:  # noqa: ANN401 - a table
        with self.running.database.read(self.customer.tenant_id) as session:
            return list(session.scalars(select(table)))
