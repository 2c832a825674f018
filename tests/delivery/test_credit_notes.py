"""Credit notes at Stripe: each of them once, on an invoice that is paid there, by the way that was chosen."""

from datetime import timedelta

import pytest

import config.settings
from bridge.billing.pay_invoice import pay_invoice
from bridge.delivery.browse_differences import KINDS, SUBJECTS, differences_page
from bridge.delivery.compare import compare
from bridge.delivery.push_credit_note import _lines
from bridge.delivery.queue import Errand
from bridge.errors import Inconsistent
from tests.delivery.conftest import Desk
from tests.delivery.test_stripe import event, taken
from tests.invoicing.acts import by_credit_note, credit, credit_notes, pay
from tests.invoicing.books import OPERATOR, at


def paid_there(desk: Desk) -> str:
    """Have an invoice delivered, and paid at Stripe; it is void of credit notes."""
    invoice = desk.january()
    desk.deliver()
    (remote,) = desk.account.invoices.values()
    remote["status"] = "paid"
    assert taken(desk, event("invoice.paid", invoice, desk.books.tenant_id)) == "paid"
    return invoice


def states(desk: Desk) -> dict[str, str]:
    return dict(desk.states())


def told(desk: Desk, action: str):
    (found,) = [each for each in desk.deliveries() if each["action"] == action]
    return found


def notes_there(desk: Desk) -> list[tuple[int, dict[str, int]]]:
    return [(each["total"], each["ways"]) for each in desk.account.credit_notes.values()]


def differences(desk: Desk):
    return compare(desk.books.database, desk.books.tenant_id, desk.client, now=desk.now)


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch):
    def choose(word: str) -> None:
        monkeypatch.setenv("BRIDGE_STRIPE_CREDIT_NOTES", word)
        config.settings.settings.cache_clear()

    yield choose
    monkeypatch.undo()
    config.settings.settings.cache_clear()


def test_a_credit_note_is_made_once_with_what_it_says(desk: Desk):
    invoice = paid_there(desk)
    note = credit(desk.books, invoice, "10.00", reason="an outage")
    assert desk.deliver() == 1
    assert desk.deliver() == 0
    assert states(desk) == {"push": "done", "credit": "done"}
    (remote,) = desk.account.credit_notes.values()
    assert (remote["total"], remote["ways"]) == (1000, {"out_of_band_amount": 1000})
    assert remote["metadata"] == {
        "bridge_tenant": desk.books.tenant_id,
        "bridge_credit_note": note["id"],
        "bridge_number": "1",
    }
    assert remote["memo"] == "Credit note 1 for invoice 1: an outage"
    assert told(desk, "credit")["credit_note_id"] == note["id"]
    assert told(desk, "credit")["remote_id"] == remote["id"]
    assert differences(desk) == []


def test_several_credit_notes_of_an_invoice_are_several_there(desk: Desk):
    invoice = paid_there(desk)
    for amount in ("10.00", "5.00", "0.01"):
        credit(desk.books, invoice, amount)
    assert desk.deliver() == 3
    assert sorted(total for total, _ in notes_there(desk)) == [1, 500, 1000]
    assert differences(desk) == []


@pytest.mark.parametrize(
    ("word", "parameter"),
    [("elsewhere", "out_of_band_amount"), ("balance", "credit_amount"), ("refund", "refund_amount")],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_stripe_collected_goes_back_by_the_way_that_was_chosen(desk: Desk, way, word, parameter):
    way(word)
    credit(desk.books, paid_there(desk), "10.00")
    desk.deliver()
    assert notes_there(desk) == [(1000, {parameter: 1000})]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_paid_elsewhere_is_not_refunded_there(desk: Desk, way):
    way("refund")
    invoice = desk.january()
    desk.deliver()
    pay(desk.books, invoice)
    credit(desk.books, invoice, "10.00")
    desk.deliver_to_the_end()
    assert states(desk) == {"push": "done", "pay": "done", "credit": "done"}
    assert notes_there(desk) == [(1000, {"out_of_band_amount": 1000})]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_credit_note_waits_until_its_invoice_is_paid_there(desk: Desk):
    invoice = desk.january()
    desk.account.faults = {0: "429"}
    desk.deliver()
    pay(desk.books, invoice)
    credit(desk.books, invoice, "10.00")
    assert desk.deliver() == 0
    assert states(desk) == {"push": "waiting"}
    desk.account.faults = {desk.account.posts + 5: "429"}  # after customer, invoice, two lines, finalisation
    desk.now += timedelta(hours=7)
    desk.deliver()
    assert states(desk) == {"push": "done", "pay": "waiting"}
    assert desk.account.credit_notes == {}
    desk.deliver_to_the_end()
    assert states(desk) == {"push": "done", "pay": "done", "credit": "done"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_credit_notes_on_invoices_that_stripe_never_had_stay_here(desk: Desk):
    invoice = desk.january()
    with desk.books.database.write(desk.books.tenant_id) as session:
        pay_invoice(
            session, invoice, paid_on=at("2026-02-01").date(), reference="bank 1", source="operator",
            cause=OPERATOR, now=at("2026-02-01"),
        )  # fmt: skip
    credit(desk.books, invoice, "10.00")
    assert desk.deliver() == 0
    assert desk.deliveries() == []


@pytest.mark.parametrize("fault", ["429", "500", "slow", "reset", "cut"])
@pytest.mark.parametrize("forgets", [False, True], ids=["keys kept", "keys forgotten"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_given_back_twice_whatever_goes_wrong(desk: Desk, way, fault, forgets):
    way("refund")
    credit(desk.books, paid_there(desk), "10.00")
    desk.account.faults = {desk.account.posts: fault}
    desk.deliver()
    assert desk.account.faults == {}
    assert states(desk)["credit"] == "waiting"
    if forgets:
        desk.account.answers.clear()
    desk.deliver_to_the_end()
    assert notes_there(desk) == [(1000, {"refund_amount": 1000})]
    assert states(desk) == {"push": "done", "credit": "done"}
    assert differences(desk) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_stripe_refuses_is_a_dead_letter_with_its_words(desk: Desk):
    invoice = paid_there(desk)
    (remote,) = desk.account.invoices.values()
    remote["total"] = 1
    credit(desk.books, invoice, "10.00")
    desk.deliver()
    letter = told(desk, "credit")
    assert (letter["action"], letter["state"], letter["attempts"]) == ("credit", "dead", 1)
    assert "more than is left" in letter["last_error"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_correction_that_costs_more_in_one_plan_is_one_line_there(desk: Desk):
    books = desk.books
    by_credit_note(books)
    paid_there(desk)
    books.unseat("ada")
    books.unseat("bob")
    books.seat("ada", "premium", "2026-01-01", "2026-01-05")
    books.late("ada", "2026-01-01")
    books.close("2026-02-01", now="2026-03-01")
    (note,) = credit_notes(books)
    assert len(note["lines"]) > 1
    desk.deliver_to_the_end()
    (remote,) = desk.account.credit_notes.values()
    assert remote["total"] == round(float(note["amount"]) * 100)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_stripe_cannot_take_hinders_no_comparison(desk: Desk):
    invoice = paid_there(desk)
    credit(desk.books, invoice, "10.00")
    for table in ("invoices", "credit_notes"):
        desk.books.sql(f"UPDATE {table} SET currency = 'KWD'")  # noqa: S608 (of these two)
    desk.books.sql("UPDATE credit_notes SET amount_minor = 1001, subtotal_minor = 1001")
    desk.books.sql("DELETE FROM deliveries")
    assert differences(desk) == []


def errand(*amounts: str, amount: str) -> Errand:
    lines = [{"kind": "credit", "description": f"line {n}", "amount": a} for n, a in enumerate(amounts)]
    document = {
        "number": 1, "invoice": 1, "currency": "USD", "lines": lines, "amount": amount, "reason": "why",
    }  # fmt: skip
    return Errand(
        id="d", action="credit", attempt=1, key_generation=0, tenant_id="t", customer_name="T",
        customer_id="c", invoice_id="i", document=document, run_key="r", remote_id="in_1", credit_note_id="n",
    )  # fmt: skip


def test_lines_are_positive_and_sum_to_what_is_given_back():
    assert _lines(errand("-10.00", "-1.90", amount="11.90")) == [("line 0", 1000), ("line 1", 190)]
    assert _lines(errand("-10.00", "2.00", amount="8.00")) == [("why", 800)]
    assert _lines(errand("-10.00", "0.00", amount="10.00")) == [("line 0", 1000)]
    with pytest.raises(Inconsistent):
        _lines(errand("-10.00", amount="9.99"))


def test_credit_notes_that_differ_are_found_and_not_put_right(desk: Desk):
    invoice, account = paid_there(desk), desk.account
    for amount in ("10.00", "5.00"):
        credit(desk.books, invoice, amount)
    desk.deliver()
    first, second = sorted(account.credit_notes.values(), key=lambda each: each["metadata"]["bridge_number"])
    stranger = first | {"id": "cn_9", "metadata": {"bridge_credit_note": "of-nobody"}}
    account.credit_notes |= {"cn_8": first | {"id": "cn_8"}, "cn_9": stranger}
    first |= {"total": 1, "status": "void"}
    del account.credit_notes[second["id"]]
    found = differences(desk)
    assert [(each.kind, each.reference) for each in found] == [
        ("amount_differs", "1"),
        ("missing_there", "2"),
        ("status_differs", "1"),
        ("twice_there", "1"),
        ("unknown_here", "cn_9"),
    ]
    assert {each.subject for each in found} == {"credit_note"}
    with desk.books.database.read(desk.books.tenant_id) as session:
        kept = differences_page(session, after=None, kind=None, subject="credit_note", limit=10)
        assert {each.kind for each in kept} == set(KINDS)
        assert {each.subject for each in kept} < set(SUBJECTS)
        place = (kept[1].found_at, kept[1].id)
        assert differences_page(session, after=place, kind=None, subject=None, limit=10) == kept[2:]
        assert differences_page(session, after=None, kind=None, subject="invoice", limit=10) == []
        (one,) = differences_page(session, after=None, kind="missing_there", subject=None, limit=10)
        assert (one.ours, one.theirs) == ("delivered", "no such credit_note")
