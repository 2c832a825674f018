"""The commands on what happens to issued invoices, and on whom they are made out to."""

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

import config.settings
from bridge.cli import commands
from bridge.cli.operator import parts
from bridge.database.engine import open_engine
from bridge.database.sessions import Database
from bridge.errors import Conflict, InvalidValue
from config.settings import Settings
from tests.invoicing.books import Books, at
from tests.invoicing.counting import Counting

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def books(database_url: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    clock = tmp_path / "clock"
    clock.write_text(at("2026-03-01").isoformat())
    for name, value in {"DATABASE_URL": database_url, "VAR": str(tmp_path), "CLOCK_FILE": str(clock)}.items():
        monkeypatch.setenv(f"BRIDGE_{name}", value)
    config.settings.settings.cache_clear()
    parts.cache_clear()
    database = Database(open_engine(Settings(database_url=database_url)))
    books = Books.of(database)
    books.sql("INSERT INTO due_tenants (id, tenant_id, cause, wake_at) "
              "VALUES ('n', 'northwind-1', 'nightly', '2026-03-02 00:00:00')")  # fmt: skip
    yield books
    database.dispose()
    parts().request_log.close()
    parts().database.dispose()
    monkeypatch.undo()
    config.settings.settings.cache_clear()
    parts.cache_clear()


def run(*words: str) -> str:
    return CliRunner().invoke(commands, words, catch_exceptions=False).output.strip()


def test_an_invoice_is_void_issued_again_paid_and_credited(books: Books):
    books.seat("ada", "standard", "2026-01-01")
    books.close("2026-01-01")
    assert run("invoice", "void", "Nordwind", "1", "--reason", "wrong") == "invoice 1 is void"
    assert run("invoice", "void", "Nordwind", "1", "--reason", "wrong") == "invoice 1 had been void before"
    assert run("invoice", "reissue", "Nordwind", "1") == "invoice 2 replaces invoice 1"
    assert json.loads(run("invoice", "reissue", "Nordwind", "1", "--json"))["already_closed"] is True
    paid = ("invoice", "pay", "Nordwind", "2", "--on", "2026-02-05", "--reference", "bank 17")
    assert run(*paid) == "invoice 2 is paid"
    assert run(*paid) == "invoice 2 had been paid before"
    credit = ("invoice", "credit", "Nordwind", "2", "--amount", "9.00", "--reason", "an outage")
    assert run(*credit) == "credit note 1 gives back 9.00 USD"
    life = json.loads(run("invoice", "life", "Nordwind", "2"))
    assert (life["status"], life["credited"], life["events"][0]["source"]) == ("paid", "9.00", "operator")
    assert json.loads(run("invoice", "life", "Nordwind", "1"))["replaced_by"] == 2
    assert [note["amount"] for note in json.loads(run("invoice", "credit-notes", "Nordwind"))] == ["9.00"]


def test_what_cannot_be_is_told_and_changes_nothing(books: Books):
    books.seat("ada", "standard", "2026-01-01")
    books.close("2026-01-01")
    with pytest.raises(Conflict, match="not paid"):
        run("invoice", "credit", "Nordwind", "1", "--amount", "9.00", "--reason", "an outage")
    with pytest.raises(InvalidValue, match="found 'nine'"):
        run("invoice", "credit", "Nordwind", "1", "--amount", "nine", "--reason", "an outage")
    assert json.loads(run("invoice", "life", "Nordwind", "1"))["events"] == []


def test_billing_details_hold_from_a_date_or_from_today(books: Books):
    run("tenant", "billing-details", "set", "Nordwind", "--name", "Nordwind AG", "--address",
        "Hafen 1|Hamburg", "--country", "DE", "--from", "2026-01-01",
        "--corrections", "credit_note")  # fmt: skip
    run("tenant", "billing-details", "set", "Nordwind", "--name", "Südwind AG")
    shown = json.loads(run("tenant", "billing-details", "show", "Nordwind"))
    assert shown == [
        {
            "valid_from": "2026-01-01", "corrections": "credit_note",
            "buyer": {"name": "Nordwind AG", "address": "Hafen 1\nHamburg", "country": "DE"},
        },
        {"valid_from": "2026-03-01", "corrections": "adjustment", "buyer": {"name": "Südwind AG"}},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "start"), [("pdf", b"%PDF-"), ("focus", b"BilledCost,"), ("csv", b"invoice,")]
)
def test_each_form_of_export_is_written_to_standard_output(books: Books, form: str, start: bytes):
    books.close("2026-01-01")
    done = CliRunner().invoke(
        commands, ["invoice", "export", "Nordwind", "1", "--format", form], catch_exceptions=False
    )
    assert done.stdout_bytes.startswith(start)


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("pdf", b"%PDF-"),
        ("csv", b"credit_note,invoice,"),
        ("json", b'{"amount":"9.00"'),
        ("focus", b"BilledCost,"),
    ],
)
def test_a_credit_note_is_exported_and_verified(books: Books, form: str, start: bytes):
    books.seat("ada", "standard", "2026-01-01")
    books.close("2026-01-01")
    run("invoice", "pay", "Nordwind", "1", "--on", "2026-02-05", "--reference", "bank 17")
    run("invoice", "credit", "Nordwind", "1", "--amount", "9.00", "--reason", "an outage")
    done = CliRunner().invoke(
        commands, ["credit-note", "export", "Nordwind", "1", "--format", form], catch_exceptions=False
    )
    assert done.stdout_bytes.startswith(start)
    assert run("credit-note", "verify", "Nordwind", "1") == "0 discrepancies"
    books.sql("UPDATE credit_notes SET sha256 = 'x'")
    done = CliRunner().invoke(commands, ["credit-note", "verify", "Nordwind", "1"], catch_exceptions=False)
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "1 discrepancies")


def test_the_consumption_on_an_invoice_is_listed(books: Books):
    counting = Counting(books.database, books.tenant_id, books.zone)
    counting.meter("queries")
    term = {"plan": "capped", "unit_amount": "1.00", "meters": [{"meter": "queries", "unit_amount": "1.00"}]}
    counting.prices("2026-01-01", term)
    counting.seat("ada", "capped", "2026-01-01")
    events = [counting.event("ada", "queries", f"2026-01-0{day}", str(day)) for day in (5, 6, 7)]
    counting.takes(*events, now="2026-01-20")
    counting.close("2026-01-01", now="2026-02-01")
    listed = json.loads(run("invoice", "usage", "Nordwind", "1", "--after", "1", "--limit", "1"))
    assert [(each["person"], each["plan"], each["quantity"]) for each in listed] == [("ada", "capped", "6")]
    assert json.loads(run("invoice", "usage", "Nordwind", "1", "--person", "bob")) == []
