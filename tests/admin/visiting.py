"""Somebody at the administrator's pages: by the test client, with a cookie and the token of our forms."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from bridge import clock
from bridge.access.visits import make_link
from bridge.journal.record import Cause
from bridge.web.admin.entrance import VISIT
from bridge.web.cookies import SESSION
from tests.api.customers import Customer, Running, signed_in

MARA = Cause("operator", "mara", "request-1")
TOKEN = re.compile(r'name="token" value="([^"]+)"')


def browser(running: Running) -> FlaskClient:
    """Return a client that shows the cookies it is told to, and keeps none."""
    return running.app.test_client(use_cookies=False)


@dataclass(frozen=True)
class Guest:
    """Who looks at a customer's pages."""

    running: Running
    customer: Customer
    cookie: str

    def get(self, path: str = "", **headers: str) -> TestResponse:
        return browser(self.running).get(f"/admin{path}", headers={"Cookie": self.cookie, **headers})

    def post(self, path: str, **fields: object) -> TestResponse:
        """Send a form as one of our pages would."""
        sent = {"token": self.token(), **fields}
        return browser(self.running).post(f"/admin{path}", data=sent, headers={"Cookie": self.cookie})

    def token(self) -> str:
        found = TOKEN.search(self.get("").text)
        assert found, "the overview has no form of ours"
        return found[1]


def link_for(running: Running, customer: Customer, role: str = "administrator") -> str:
    """Return the secret of a link that opens the customer's pages once."""
    with running.database.write(customer.tenant_id) as session:
        return make_link(
            session,
            role,
            opens_for=timedelta(hours=1),
            seal=running.parts.seal,
            cause=MARA,
            now=clock.now(),
        ).secret


def guest(running: Running, customer: Customer, role: str = "administrator") -> Guest:
    """Let somebody in by a link."""
    entered = browser(running).post("/admin/enter", data={"link": link_for(running, customer, role)})
    assert entered.status_code == 303, entered.text
    [cookie] = [each for each in entered.headers.getlist("Set-Cookie") if each.startswith(VISIT)]
    return Guest(running, customer, cookie.partition(";")[0])


def person(running: Running, customer: Customer, person_id: str) -> Guest:
    """Let somebody in who signed in at the identity provider."""
    return Guest(running, customer, f"{SESSION}={signed_in(running, customer, person_id).cookie}")


@contextmanager
def count_statements(running: Running) -> Iterator[list[str]]:
    """Note the statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    event.listen(running.database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(running.database.engine, "before_cursor_execute", note)
