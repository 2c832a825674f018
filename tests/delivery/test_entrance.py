"""Stripe's webhook over HTTP; the workers' turn at deliveries; the commands."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select

import config.settings
from bridge.app import create_app
from bridge.billing.invoice_events import status_of
from bridge.cli import commands
from bridge.cli.operator import parts
from bridge.delivery.stripe_client import open_stripe
from bridge.tenants.tables import DueTenant
from config.settings import Settings
from tests.delivery.conftest import Desk
from tests.delivery.test_stripe import SECRET, event, signed
from tests.invoicing.books import at
from workers.delivery import compare_all, deliver_all

WEBHOOK = "/stripe/webhook"


@pytest.fixture
def web(desk: Desk, database_url: str, tmp_path) -> Iterator[FlaskClient]:
    chosen = Settings(
        var=tmp_path, database_url=database_url, secret_key="k" * 32, stripe_webhook_secret=SECRET
    )
    app = create_app(chosen)
    yield app.test_client()
    app.extensions["bridge"].request_log.close()
    app.extensions["bridge"].database.dispose()


@pytest.fixture
def environment(
    desk: Desk, database_url: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    clock = tmp_path / "clock"
    clock.write_text(at("2026-02-01").isoformat())
    for name, value in {
        "DATABASE_URL": database_url, "VAR": str(tmp_path), "CLOCK_FILE": str(clock),
        "STRIPE_API_KEY": "sk_test_double", "STRIPE_URL": desk.client._requestor.base_addresses["api"],
    }.items():  # fmt: skip
        monkeypatch.setenv(f"BRIDGE_{name}", value)
    config.settings.settings.cache_clear()
    parts.cache_clear()
    yield monkeypatch
    if parts.cache_info().currsize:
        parts().request_log.close()
        parts().database.dispose()
    monkeypatch.undo()
    config.settings.settings.cache_clear()
    parts.cache_clear()


def test_a_signed_payment_is_taken_and_a_replay_harmless(desk: Desk, web: FlaskClient):
    invoice = desk.january()
    payload = event("invoice.paid", invoice, desk.books.tenant_id)
    answers = [
        web.post(WEBHOOK, data=payload, headers={"Stripe-Signature": signed(payload)}) for _ in range(2)
    ]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (200, {"outcome": "paid"}), (200, {"outcome": "repeated"}),
    ]  # fmt: skip
    with desk.books.database.read(desk.books.tenant_id) as session:
        assert status_of(session, invoice) == "paid"


def test_what_is_not_signed_changes_nothing(desk: Desk, web: FlaskClient):
    invoice = desk.january()
    payload = event("invoice.paid", invoice, desk.books.tenant_id)
    for headers in ({}, {"Stripe-Signature": signed(payload, secret="whsec_other")}):
        assert web.post(WEBHOOK, data=payload, headers=headers).status_code == 400
    large = b"x" * 1_048_577
    assert web.post(WEBHOOK, data=large, headers={"Stripe-Signature": signed(large)}).status_code == 413
    nobody = event("invoice.paid", "of-nobody", desk.books.tenant_id)
    assert web.post(WEBHOOK, data=nobody, headers={"Stripe-Signature": signed(nobody)}).status_code == 404
    with desk.books.database.read(desk.books.tenant_id) as session:
        assert status_of(session, invoice) == "issued"


def due(desk: Desk):
    with desk.books.database.unscoped_read() as session:
        chosen = select(DueTenant.wake_at).where(DueTenant.cause == "delivery").order_by(DueTenant.wake_at)
        return session.scalars(chosen).all()


def test_an_issued_invoice_wakes_the_workers_who_deliver_and_come_back_for_retries(
    desk: Desk, environment: pytest.MonkeyPatch
):
    assert due(desk) == []
    desk.january()
    assert due(desk) == [at("2026-02-01")]
    desk.account.faults = {1: "429"}
    deliver_all(desk.books.database, desk.books.tenant_id)
    assert desk.states() == [("push", "waiting")]
    assert due(desk) == [at("2026-02-01 00:01")]
    config.settings.settings().clock_file.write_text(at("2026-02-01 00:01").isoformat())
    compare_all(desk.books.database, desk.books.tenant_id)
    assert desk.states() == [("push", "done")]
    assert due(desk) == []


def test_without_a_key_nothing_is_delivered_until_there_is_one(desk: Desk, environment: pytest.MonkeyPatch):
    environment.setenv("BRIDGE_STRIPE_API_KEY", "")
    config.settings.settings.cache_clear()
    assert open_stripe(config.settings.settings()) is None
    desk.january()
    compare_all(desk.books.database, desk.books.tenant_id)
    assert (due(desk), desk.states(), desk.account.posts) == ([], [], 0)
    environment.setenv("BRIDGE_STRIPE_API_KEY", "sk_test_double")
    config.settings.settings.cache_clear()
    compare_all(desk.books.database, desk.books.tenant_id)
    assert desk.states() == [("push", "done")]


def test_the_commands_deliver_list_retry_and_compare(desk: Desk, environment: pytest.MonkeyPatch):
    tenant = desk.books.tenant_id

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(commands, ["stripe", *words], catch_exceptions=False)
        return done.exit_code, done.output.strip()

    desk.books.sql("INSERT INTO due_tenants (id, tenant_id, cause, wake_at) "
                   "VALUES ('n', :tenant, 'nightly', '2026-02-02 00:00:00')", tenant=tenant)  # fmt: skip
    assert run("enrol", tenant) == (0, "invoices went to Stripe before")
    desk.january()
    assert run("deliver", tenant) == (0, "1 attempts")
    assert '"state": "done"' in run("deliveries", tenant)[1]
    assert run("retry", tenant, "nothing") == (0, "0 are tried again")
    assert run("compare", tenant) == (0, "[]")
    desk.account.invoices.clear()
    code, told = run("compare", tenant)
    assert (code, "missing_there" in told) == (1, True)
