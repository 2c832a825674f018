"""Issued invoices and credit notes as files, with names joined when exported, since they hold ids only."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

import orjson
from sqlalchemy import select

from bridge.billing.invoice_document import person_document
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.issued_credit_notes import (
    APART,
    IssuedCreditNote,
    credit_note_people,
    read_credit_note,
)
from bridge.billing.issued_invoices import IssuedInvoice, invoice_people, read_invoice
from bridge.billing.money import format_minor
from bridge.database.sessions import TenantSession
from bridge.directory.tables import Person

PERSON_COLUMNS = (
    "for_period_start", "person", "user_name", "display_name", "plan", "department", "cost_centre",
    "billable_days", "amount", "cause",
)  # fmt: skip
CSV_COLUMNS = ("invoice", "currency", "issued_on", *PERSON_COLUMNS)
CREDIT_NOTE_COLUMNS = ("credit_note", *CSV_COLUMNS)
ROWS_AT_ONCE = 1_000

#: A cell that begins with one of these is computed by spreadsheets (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 (their wide forms)


def export_csv(session: TenantSession, invoice_id: str) -> Iterator[str]:
    """Yield an invoice as CSV (RFC 4180), one row for each person and plan, piece by piece."""
    invoice = read_invoice(session, invoice_id)
    head = (str(invoice.number), invoice.currency, invoice.issued_on.isoformat())
    yield _written([CSV_COLUMNS])
    yield from _people(session, invoice_people(session, invoice.id), head, invoice.currency)


def export_json(session: TenantSession, invoice_id: str) -> Iterator[bytes]:
    """Return an invoice as one JSON object: its document, its hash and ``people_rows``, piece by piece."""
    invoice = read_invoice(session, invoice_id)
    return _json(session, invoice, invoice_people(session, invoice.id))


def export_credit_note_csv(session: TenantSession, number: str) -> Iterator[str]:
    """Yield a credit note as CSV, one row for each person and plan; a favour has a row without a person.

    The amounts are negative and without tax. Raises ``NotFound``.
    """
    note = read_credit_note(session, number)
    head = (str(note.number), str(note.document["invoice"]), note.currency, note.issued_on.isoformat())
    yield _written([CREDIT_NOTE_COLUMNS])
    if note.document["people"]["count"]:
        yield from _people(session, credit_note_people(session, note.id), head, note.currency)
    else:
        lines = (line for line in note.document["lines"] if line["kind"] not in APART)
        empty = dict.fromkeys(PERSON_COLUMNS, "")
        yield _written(
            (
                *head,
                *(empty | {name: line[name] for name in ("for_period_start", "amount")}).values(),
            )
            for line in lines
        )


def export_credit_note_json(session: TenantSession, number: str) -> Iterator[bytes]:
    """Yield a credit note as one JSON object, like an invoice, piece by piece. Raises ``NotFound``."""
    note = read_credit_note(session, number)
    return _json(session, note, credit_note_people(session, note.id))


def _json(
    session: TenantSession, issued: IssuedInvoice | IssuedCreditNote, people: Iterator[PersonShare]
) -> Iterator[bytes]:
    head = orjson.dumps(issued.document | {"sha256": issued.sha256}, option=orjson.OPT_SORT_KEYS)
    yield head[:-1] + b',"people_rows":['
    between = b""
    for shares, names in with_names(session, people):
        rows = [
            person_document(share, issued.currency)
            | dict(zip(("user_name", "display_name"), names.get(share.person_id, ("", "")), strict=True))
            for share in shares
        ]
        yield between + orjson.dumps(rows)[1:-1]
        between = b","
    yield b"]}"


def safe_cell(text: str | None) -> str:
    """Return text that no spreadsheet takes for a formula: a leading apostrophe shows it as it is."""
    if not text:
        return ""
    return (
        f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) or text.startswith(FORMULA_STARTS) else text
    )


def with_names(
    session: TenantSession, shares: Iterator[PersonShare]
) -> Iterator[tuple[list[PersonShare], dict[str | None, tuple[str, str]]]]:
    """Yield people part by part, each with user names and display names of now, by person."""
    while part := list(islice(shares, ROWS_AT_ONCE)):
        ids = {share.person_id for share in part if share.person_id is not None}
        rows = session.execute(
            select(Person.id, Person.user_name, Person.display_name).where(Person.id.in_(ids))
        )
        yield part, {id_: (user_name, display_name or "") for id_, user_name, display_name in rows}


def _people(
    session: TenantSession, people: Iterator[PersonShare], head: tuple[str, ...], currency: str
) -> Iterator[str]:
    for shares, names in with_names(session, people):
        yield _written((*head, *_cells(share, names, currency)) for share in shares)


def _cells(share: PersonShare, names: dict[str | None, tuple[str, str]], currency: str) -> tuple[str, ...]:
    user_name, display_name = names.get(share.person_id, ("", ""))
    return (
        share.for_period_start.isoformat(),
        share.person_id or "",
        safe_cell(user_name),
        safe_cell(display_name),
        share.plan or "",
        safe_cell(share.department),
        safe_cell(share.cost_centre),
        str(share.billable_days),
        format_minor(share.amount_minor, currency),
        share.cause_id or "",
    )


def _written(rows: Iterable[tuple[str, ...]]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet).writerows(rows)
    return sheet.getvalue()
