"""Issued invoices as files, with names joined when they are exported, since invoices hold ids only."""

import csv
import io
from collections.abc import Iterator
from itertools import islice

import orjson
from sqlalchemy import select

from bridge.billing.invoice_document import person_document
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.issued_invoices import IssuedInvoice, invoice_people, read_invoice
from bridge.billing.money import format_minor
from bridge.database.sessions import TenantSession
from bridge.directory.tables import Person

CSV_COLUMNS = (
    "invoice", "currency", "issued_on", "for_period_start", "person", "user_name", "display_name", "plan",
    "department", "cost_centre", "billable_days", "amount", "cause",
)  # fmt: skip
ROWS_AT_ONCE = 1_000

#: A cell that begins with one of these is computed by spreadsheets (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 (their wide forms)


def export_csv(session: TenantSession, invoice_id: str) -> Iterator[str]:
    """Yield an invoice as CSV (RFC 4180), one row for each person and plan, piece by piece."""
    invoice = read_invoice(session, invoice_id)
    yield _written([CSV_COLUMNS])
    for shares, names in with_names(session, invoice):
        yield _written([_cells(invoice, share, names) for share in shares])


def export_json(session: TenantSession, invoice_id: str) -> Iterator[bytes]:
    """Yield an invoice as one JSON object: its document, its hash and ``people_rows``, piece by piece."""
    invoice = read_invoice(session, invoice_id)
    head = orjson.dumps(invoice.document | {"sha256": invoice.sha256}, option=orjson.OPT_SORT_KEYS)
    yield head[:-1] + b',"people_rows":['
    between = b""
    for shares, names in with_names(session, invoice):
        rows = [
            person_document(share, invoice.currency)
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
    session: TenantSession, invoice: IssuedInvoice
) -> Iterator[tuple[list[PersonShare], dict[str | None, tuple[str, str]]]]:
    """Yield an invoice's people part by part, each with user names and display names of now, by person."""
    shares = invoice_people(session, invoice.id)
    while part := list(islice(shares, ROWS_AT_ONCE)):
        ids = {share.person_id for share in part if share.person_id is not None}
        rows = session.execute(
            select(Person.id, Person.user_name, Person.display_name).where(Person.id.in_(ids))
        )
        yield part, {id_: (user_name, display_name or "") for id_, user_name, display_name in rows}


def _cells(
    invoice: IssuedInvoice, share: PersonShare, names: dict[str | None, tuple[str, str]]
) -> tuple[str, ...]:
    user_name, display_name = names.get(share.person_id, ("", ""))
    return (
        str(invoice.number),
        invoice.currency,
        invoice.issued_on.isoformat(),
        share.for_period_start.isoformat(),
        share.person_id or "",
        safe_cell(user_name),
        safe_cell(display_name),
        share.plan or "",
        safe_cell(share.department),
        safe_cell(share.cost_centre),
        str(share.billable_days),
        format_minor(share.amount_minor, invoice.currency),
        share.cause_id or "",
    )


def _written(rows: list[tuple[str, ...]]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet).writerows(rows)
    return sheet.getvalue()
