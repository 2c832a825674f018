"""Routes on invoices: issued ones, the next one, closing."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from bridge.billing.close_period import close_period
from bridge.billing.draft_invoice import preview_invoice
from bridge.billing.exports import export_csv
from bridge.billing.focus import export_focus
from bridge.billing.invoice_document import draft_document, person_document
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.invoice_events import statuses
from bridge.billing.issued_invoices import IssuedInvoice, invoice_people, list_invoices, read_invoice
from bridge.billing.money import format_minor
from bridge.database.sessions import Database, TenantSession
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import AFTER, LIMIT, numbered_page
from bridge.web.api.parameters import day, parse_day, text
from bridge.web.api.schemas import WHOLE, component, listed, maybe, record, whole_list

PEOPLE = record({"items": listed(component("InvoicePerson")), "next_after": maybe(WHOLE)})
PEOPLE_QUERY = (AFTER, LIMIT)
SUBSCRIPTION = text("subscription_id", "Of this subscription; needed where the tenant has several")


@operation(
    "GET", "/invoices", "List issued invoices by number", scope="read", answer=whole_list("InvoiceSummary")
)
def show_invoices(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        known = statuses(session)
        return {
            "items": [
                {**_summary(invoice), "status": known.get(invoice.id, "issued")}
                for invoice in list_invoices(session)
            ]
        }


@operation(
    "GET", "/invoices/preview", "Compute what closing would issue now; nothing is written",
    scope="read", answer=component("InvoicePreview"),
    query=(SUBSCRIPTION, day("period_start", "The period that begins on this day; default: the next one")),
)  # fmt: skip
def preview(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        draft = preview_invoice(
            session,
            subscription_id=call.query["subscription_id"],
            period_start=call.query["period_start"],
        )
        return draft_document(draft)


@operation(
    "POST", "/invoices", "Close an ended period, by default the oldest open one; twice makes one invoice",
    scope="billing:write", body=component("NewInvoice"), answer=component("ClosedInvoice"),
)  # fmt: skip
def close(call: Call) -> dict[str, Any]:
    start = call.body.get("period_start")
    closed = close_period(
        call.database,
        call.tenant_id,
        call.body.get("subscription_id"),
        None if start is None else parse_day(start, pointer="/period_start"),
        cause=call.cause,
        now=call.now,
    )
    return {"id": closed.invoice_id, "number": closed.number, "already_closed": closed.already_closed}


@operation(
    "GET", "/invoices/{invoice_id}", "Show an invoice, by id or number",
    scope="read", answer=component("Invoice"),
)  # fmt: skip
def show_invoice(call: Call, invoice_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        invoice = read_invoice(session, invoice_id)
    return {**invoice.document, "sha256": invoice.sha256}


@operation(
    "GET", "/invoices/{invoice_id}.csv", "Export an invoice, one row for each person and plan",
    scope="read", content_type="text/csv; charset=utf-8",
)  # fmt: skip
def export(call: Call, invoice_id: str) -> Iterator[str]:
    return streamed(call, invoice_id, export_csv)


@operation(
    "GET", "/invoices/{invoice_id}/focus.csv", "Export an invoice as cost rows (FOCUS 1.1)",
    scope="read", content_type="text/csv; charset=utf-8",
)  # fmt: skip
def export_costs(call: Call, invoice_id: str) -> Iterator[str]:
    return streamed(call, invoice_id, export_focus)


@operation(
    "GET", "/invoices/{invoice_id}/invoice.pdf", "Export an invoice as PDF",
    scope="read", content_type="application/pdf",
)  # fmt: skip
def export_pages(call: Call, invoice_id: str) -> Iterator[bytes]:
    from bridge.billing.invoice_pdf import export_pdf  # noqa: PLC0415 (its library takes long to load)

    with call.database.read(call.tenant_id) as session:
        return iter([export_pdf(session, invoice_id)])


@operation(
    "GET", "/invoices/{invoice_id}/people", "List what each person costs on an invoice, in its order",
    scope="read",
    answer=PEOPLE,
    query=PEOPLE_QUERY,
)  # fmt: skip
def show_invoice_people(call: Call, invoice_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        invoice = read_invoice(session, invoice_id)
        return people_page(call, invoice_people(session, invoice.id), invoice.currency)


def people_page(call: Call, people: Iterator[PersonShare], currency: str) -> dict[str, Any]:
    """Return the page of people that the request asks for by ``PEOPLE_QUERY``."""
    return numbered_page(
        people,
        after=call.query["after"],
        limit=call.limit,
        shown=lambda share: person_document(share, currency),
    )


def streamed(call: Call, which: str, written: Callable[[TenantSession, str], Iterator[str]]) -> Iterator[str]:
    """Return an export piece by piece; its first piece tells whether there is such a thing at all."""
    pieces = _pieces(call.database, call.tenant_id, which, written)
    return chain([next(pieces)], pieces)


def _pieces(
    database: Database,
    tenant_id: str,
    which: str,
    written: Callable[[TenantSession, str], Iterator[str]],
) -> Iterator[str]:
    """Yield the export while its transaction is open, also after the route has returned."""
    with database.read(tenant_id) as session:
        yield from written(session, which)


def _summary(invoice: IssuedInvoice) -> dict[str, Any]:
    currency = invoice.currency
    return {
        "id": invoice.id,
        "number": invoice.number,
        "subscription_id": invoice.subscription_id,
        "period": {"start": invoice.period_start, "end": invoice.period_end},
        "revision": invoice.revision,
        "reissue": invoice.reissue,
        "issued_on": invoice.issued_on,
        "currency": currency,
        "subtotal": format_minor(invoice.subtotal_minor, currency),
        "tax": format_minor(invoice.tax_minor, currency),
        "total": format_minor(invoice.total_minor, currency),
        "closed_at": invoice.closed_at,
        "sha256": invoice.sha256,
    }
