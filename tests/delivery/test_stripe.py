"""Invoices at Stripe: each of them once, whatever goes wrong on the way."""

import json
import threading
import time
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from stripe import WebhookSignature

from bridge.billing.invoice_events import events_of, status_of
from bridge.delivery.browse_differences import differences_page
from bridge.delivery.compare import compare
from bridge.delivery.enrol import enrol
from bridge.delivery.push_invoice import _items
from bridge.delivery.queue import Errand, queue_deliveries, revive
from bridge.delivery.stripe_amounts import stripe_amount
from bridge.delivery.take_event import take_event, verified_event
from bridge.errors import Inconsistent, InvalidSyntax, InvalidValue, NotFound, Unauthenticated
from bridge.journal.tables import JournalEntry
from tests.delivery.conftest import Desk
from tests.invoicing.acts import pay, reissue, void
from tests.invoicing.books import OPERATOR, Books, at

SECRET = "whsec_test"


def is_whole(desk: Desk, total: int) -> None:
    """There is one customer with one finalised invoice, whose lines are there once each."""
    account = desk.account
    assert len(account.customers) == 1
    (invoice,) = account.invoices.values()
    assert (invoice["total"], invoice["status"]) == (total, "open")
    assert sum(item["amount"] for item in account.items.values()) == total
    assert len({item["metadata"]["bridge_line"] for item in account.items.values()}) == len(account.items)
    assert desk.states() == [("push", "done")]


def january_total(desk: Desk, invoice: str) -> int:
    return round(float(desk.books.document(invoice)["due"]) * 100)


def test_an_invoice_is_pushed_with_its_lines(desk: Desk):
    invoice = desk.january()
    assert desk.deliver() == 1
    is_whole(desk, january_total(desk, invoice))
    (remote,) = desk.account.invoices.values()
    assert remote["metadata"]["bridge_invoice"] == invoice
    assert [item["amount"] for item in desk.account.items.values()] == [3900, 5606]
    assert desk.deliver() == 0


def test_what_was_closed_before_the_tenant_was_enrolled_stays_here(database):
    books = Books.of(database)
    books.close("2026-01-01", now="2026-02-01")
    with books.database.write(books.tenant_id) as session:
        assert enrol(session, cause=OPERATOR, now=at("2026-02-02")) is True
        assert enrol(session, cause=OPERATOR, now=at("2026-02-03")) is False
    books.close("2026-02-01", now="2026-03-01")
    with books.database.write(books.tenant_id) as session:
        assert queue_deliveries(session, now=at("2026-03-01")) == 1
        assert queue_deliveries(session, now=at("2026-03-01")) == 0


@pytest.mark.parametrize("fault", ["429", "500", "slow", "reset", "cut"])
@pytest.mark.parametrize("step", range(5), ids=["customer", "invoice", "line 0", "line 1", "finalize"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_charged_twice_whatever_goes_wrong_at_any_step(desk: Desk, fault, step):
    invoice = desk.january()
    desk.account.faults = {step: fault}
    desk.deliver()
    assert desk.account.faults == {}
    if (fault, step) == ("500", 0):
        assert desk.states() == [("push", "waiting")]
        desk.account.answers.clear()  # a day later Stripe has forgotten its keys
    desk.deliver_to_the_end()
    is_whole(desk, january_total(desk, invoice))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_unknown_outcome_is_resolved_by_looking_also_when_keys_are_forgotten(desk: Desk):
    invoice = desk.january()
    for step in (1, 3, 5):
        desk.account.faults[step] = "reset"
    for _ in range(8):
        desk.deliver()
        desk.account.answers.clear()
        desk.now += timedelta(hours=25)
    is_whole(desk, january_total(desk, invoice))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_attempts_wait_longer_each_time_and_end_in_a_dead_letter(desk: Desk):
    desk.january()
    desk.account.faults = dict.fromkeys(range(100), "429")
    waits = []
    while True:
        desk.deliver()
        (delivery,) = desk.deliveries()
        if delivery["state"] == "dead":
            break
        waits.append(at_instant(delivery["next_attempt_at"]) - desk.now)
        assert desk.deliver() == 0
        desk.now += waits[-1]
    assert [wait.total_seconds() for wait in waits[:3]] == [60, 120, 240]
    assert waits[-1] == timedelta(hours=6)
    assert (delivery["attempts"], len(waits)) == (12, 11)
    assert "RateLimitError" in delivery["last_error"]
    desk.account.faults.clear()
    with desk.books.database.write(desk.books.tenant_id) as session:
        assert revive(session, [delivery["id"]], now=desk.now) == 1
        assert revive(session, [delivery["id"]], now=desk.now) == 0
    desk.deliver()
    assert desk.states() == [("push", "done")]


def at_instant(text: str):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_same_key_with_other_parameters_is_given_up_at_once(desk: Desk):
    desk.january()
    desk.account.answers[f"bridge:{desk.books.tenant_id}:customer"] = ("something else", (200, {}))
    desk.deliver()
    (delivery,) = desk.deliveries()
    assert (delivery["state"], delivery["attempts"]) == ("dead", 1)
    assert "IdempotencyError" in delivery["last_error"]


def test_two_workers_at_once_make_one_invoice(desk: Desk):
    invoice = desk.january()
    start, made = threading.Barrier(3), []

    def work() -> None:
        start.wait()
        made.append(desk.deliver())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 1
    is_whole(desk, january_total(desk, invoice))


def test_paid_elsewhere_and_void_are_told(desk: Desk):
    first = desk.january()
    desk.deliver()
    second = desk.books.close("2026-02-01", now="2026-03-01").invoice_id
    desk.now = at("2026-03-01")
    desk.deliver()
    pay(desk.books, first)
    void(desk.books, second)
    desk.account.faults = {desk.account.posts: "reset", desk.account.posts + 1: "slow"}
    desk.deliver_to_the_end()
    assert [each["status"] for each in desk.account.invoices.values()] == ["paid", "void"]
    third = reissue(desk.books, second).invoice_id
    desk.deliver_to_the_end()
    (last,) = [each for each in desk.account.invoices.values() if each["metadata"]["bridge_invoice"] == third]
    assert last["status"] == "open"
    assert compare(desk.books.database, desk.books.tenant_id, desk.client, now=desk.now) == []


def event(kind: str, invoice: str | None, tenant: str | None, *, ident="evt_1") -> bytes:
    metadata = {"bridge_tenant": tenant, "bridge_invoice": invoice} if tenant else {}
    remote = {"id": "in_1", "object": "invoice", "metadata": metadata}
    return json.dumps(
        {"id": ident, "type": kind, "created": 1_770_000_000, "data": {"object": remote}}
    ).encode()


def signed(payload: bytes, *, secret=SECRET, age_seconds=0) -> str:
    stamp = int(time.time()) - age_seconds
    signature = WebhookSignature._compute_signature(f"{stamp}.{payload.decode()}", secret)
    return f"t={stamp},v1={signature}"


def taken(desk: Desk, payload: bytes, *, now="2026-03-01") -> str:
    verified = verified_event(payload, signed(payload), secret=SECRET, tolerance_seconds=300)
    return take_event(desk.books.database, verified, request_id="request-7", now=at(now))


def test_a_payment_that_stripe_tells_of_is_written_down_once(desk: Desk):
    invoice, tenant = desk.january(), desk.books.tenant_id
    assert taken(desk, event("invoice.payment_failed", invoice, tenant, ident="evt_0"), now="2026-02-28") == (
        "payment_failed"
    )
    payload = event("invoice.paid", invoice, tenant)
    assert [taken(desk, payload) for _ in range(3)] == ["paid", "repeated", "repeated"]
    with desk.books.database.read(tenant) as session:
        told = [(each.kind, each.source, each.reference) for each in events_of(session, invoice)]
    assert told == [("payment_failed", "stripe", "in_1"), ("paid", "stripe", "in_1")]
    desk.deliver_to_the_end()
    assert [each["action"] for each in desk.deliveries()] in ([], ["push"])  # nothing is told back


def test_what_stripe_cannot_decide_is_noted_in_the_journal(desk: Desk):
    invoice, tenant = desk.january(), desk.books.tenant_id
    assert taken(desk, event("invoice.voided", invoice, tenant, ident="evt_0")) == "noted"
    void(desk.books, invoice)
    assert taken(desk, event("invoice.paid", invoice, tenant)) == "noted"
    with desk.books.database.read(tenant) as session:
        assert status_of(session, invoice) == "void"
        notes = session.scalars(
            select(JournalEntry.details).where(JournalEntry.action == "delivery:stripe:note")
        ).all()
    assert [note["status"] for note in notes] == ["issued", "void"]


def test_events_of_others_are_ignored(desk: Desk):
    invoice, tenant = desk.january(), desk.books.tenant_id
    assert taken(desk, event("invoice.paid", None, None)) == "ignored"
    assert taken(desk, event("invoice.paid", invoice, "another-bridge")) == "ignored"
    assert taken(desk, event("charge.succeeded", invoice, tenant)) == "ignored"
    with pytest.raises(NotFound):
        taken(desk, event("invoice.paid", "of-nobody", tenant))


@pytest.mark.parametrize(
    "signature",
    [
        lambda _payload: None,
        lambda _payload: "",
        lambda _payload: "t=1,v1=zz",
        lambda payload: signed(payload, secret="whsec_other"),
        lambda payload: signed(payload, age_seconds=301),
        lambda payload: signed(payload + b" "),
    ],
)
def test_events_that_stripe_did_not_sign_are_refused(signature):
    payload = event("invoice.paid", "a", "b")
    with pytest.raises(Unauthenticated):
        verified_event(payload, signature(payload), secret=SECRET, tolerance_seconds=300)


@pytest.mark.parametrize("payload", [b"[]", b"{}", b"nonsense", b'{"id": 1, "data": {"object": {}}}'])
def test_what_is_no_event_is_refused_though_it_is_signed(payload):
    with pytest.raises(InvalidSyntax):
        verified_event(payload, signed(payload), secret=SECRET, tolerance_seconds=300)


def test_differences_are_found_and_not_put_right(desk: Desk):
    invoice, (books, account) = desk.january(), (desk.books, desk.account)
    desk.deliver()
    assert compare(books.database, books.tenant_id, desk.client, now=desk.now) == []
    (remote,) = account.invoices.values()
    remote |= {"total": 1, "status": "paid"}
    twin = remote | {"id": "in_2"}
    stranger = remote | {"id": "in_3", "metadata": {"bridge_invoice": "of-nobody"}}
    account.invoices |= {"in_2": twin, "in_3": stranger}
    found = compare(books.database, books.tenant_id, desk.client, now=desk.now)
    kinds = [each.kind for each in found]
    assert sorted(set(kinds)) == ["amount_differs", "status_differs", "twice_there", "unknown_here"]
    with books.database.read(books.tenant_id) as session:
        assert status_of(session, invoice) == "issued"
    with books.database.read(books.tenant_id) as session:
        kept = differences_page(session, after=None, kind=None, subject=None, limit=10)
    assert sorted(each.kind for each in kept) == sorted(kinds)
    account.invoices.clear()
    found = compare(books.database, books.tenant_id, desk.client, now=desk.now)
    assert [each.kind for each in found] == ["missing_there"]


def errand(*amounts: str, credit_used: str = "0.00", due: str) -> Errand:
    lines = [{"kind": "seats", "description": f"line {n}", "amount": a} for n, a in enumerate(amounts)]
    document = {"number": 1, "currency": "USD", "lines": lines, "credit_used": credit_used, "due": due}
    return Errand(
        id="d", action="push", attempt=1, key_generation=0, tenant_id="t", customer_name="T",
        customer_id=None, invoice_id="i", document=document, run_key="t:s:2026-01-01:0:0", remote_id=None,
    )  # fmt: skip


def test_credits_are_a_line_and_lines_sum_to_what_is_due():
    assert _items(errand("10.00", "5.00", credit_used="3.00", due="12.00"))[-1] == ("Credit", -300)
    with pytest.raises(Inconsistent):
        _items(errand("10.00", due="9.99"))


@pytest.mark.parametrize(("count", "lines"), [(200, 200), (201, 200)])
def test_more_lines_than_stripe_takes_are_summed_up_in_the_last(count: int, lines: int):
    items = _items(errand(*["1.00"] * count, due=f"{count}.00"))
    assert (len(items), sum(amount for _, amount in items)) == (lines, count * 100)
    assert items[-1][0] == ("2 further lines" if count > lines else "line 199")


@pytest.mark.parametrize(
    ("minor", "currency", "there"),
    [(3900, "USD", 3900), (-5, "EUR", -5), (548, "JPY", 548), (548, "ISK", 54_800), (1230, "KWD", 1230)],
)
def test_amounts_as_stripe_counts_them(minor, currency, there):
    assert stripe_amount(minor, currency) == there


def test_a_fraction_that_stripe_cannot_take_is_refused():
    with pytest.raises(InvalidValue, match="tens"):
        stripe_amount(1235, "KWD")
