"""Books of a tenant enrolled at a Stripe of their own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from stripe import RequestsClient, StripeClient

from bridge.delivery.deliver import deliver
from bridge.delivery.enrol import enrol
from bridge.delivery.queue import list_deliveries
from tests.delivery.stripe_double import Account, Patient, stripe_double
from tests.invoicing.books import OPERATOR, Books, at
from tests.invoicing.conftest import database  # noqa: F401 (the same database)

ENROLLED = at("2026-01-01")


@dataclass
class Desk:
    """Books with their Stripe."""

    books: Books
    account: Account
    client: StripeClient
    now: datetime

    def deliver(self) -> int:
        return deliver(self.books.database, self.books.tenant_id, self.client, now=self.now)

    def deliver_to_the_end(self, most: int = 20) -> None:
        """Let time pass until nothing waits."""
        for _ in range(most):
            self.deliver()
            if not any(each["state"] == "waiting" for each in self.deliveries()):
                return
            self.now += timedelta(hours=7)
        raise AssertionError(self.deliveries())

    def deliveries(self):
        with self.books.database.read(self.books.tenant_id) as session:
            return list_deliveries(session)

    def states(self) -> list[tuple[str, str]]:
        return [(each["action"], each["state"]) for each in self.deliveries()]

    def january(self) -> str:
        self.books.seat("ada", "standard", "2026-01-01")
        self.books.seat("bob", "premium", "2026-01-10")
        return self.books.close("2026-01-01", now="2026-02-01").invoice_id


@pytest.fixture
def desk(database) -> Iterator[Desk]:  # noqa: F811 (pytest gives it by name)
    books = Books.of(database)
    with books.database.write(books.tenant_id) as session:
        assert enrol(session, cause=OPERATOR, now=ENROLLED)
    with stripe_double() as (account, url):
        client = StripeClient(
            "sk_test_double", base_addresses={"api": url}, max_network_retries=0,
            http_client=RequestsClient(session=Patient(account)),
        )  # fmt: skip
        yield Desk(books, account, client, at("2026-02-01"))
