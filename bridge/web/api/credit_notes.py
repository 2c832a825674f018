"""Routes on credit notes: issued by hand, listed, exported."""

from collections.abc import Iterator
from typing import Any

from bridge.billing.exports import export_credit_note_csv
from bridge.billing.focus import export_credit_note_focus
from bridge.billing.issue_credit_note import credit_by_hand
from bridge.billing.issued_credit_notes import credit_note_people, list_credit_notes, read_credit_note
from bridge.database.sessions import TenantSession
from bridge.web.api.invoices import PEOPLE, PEOPLE_QUERY, people_page, streamed
from bridge.web.api.operations import Call, operation
from bridge.web.api.schemas import component, whole_list


@operation(
    "POST", "/invoices/{invoice_id}/credit-notes", "Give back part of a paid invoice",
    scope="billing:write", body=component("NewCreditNote"), status=201, answer=component("CreditNote"),
)  # fmt: skip
def credit(call: Call, invoice_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        note = credit_by_hand(
            session,
            invoice_id,
            amount=call.body["amount"],
            reason=call.body["reason"],
            cause=call.cause,
            now=call.now,
        )
        return _shown(session, note["id"])


@operation(
    "GET", "/credit-notes", "List credit notes by number", scope="read", answer=whole_list("CreditNote")
)
def show_credit_notes(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return {"items": list_credit_notes(session)}


@operation(
    "GET", "/credit-notes/{credit_note_id}", "Show a credit note, by id or number",
    scope="read", answer=component("CreditNote"),
)  # fmt: skip
def show_credit_note(call: Call, credit_note_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return _shown(session, credit_note_id)


@operation(
    "GET", "/credit-notes/{credit_note_id}/people", "List what each person gets back, as negative money",
    scope="read", answer=PEOPLE, query=PEOPLE_QUERY,
)  # fmt: skip
def show_credit_note_people(call: Call, credit_note_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        note = read_credit_note(session, credit_note_id)
        return people_page(call, credit_note_people(session, note.id), note.currency)


@operation(
    "GET", "/credit-notes/{credit_note_id}.csv", "Export a credit note, one row for each person and plan",
    scope="read", content_type="text/csv; charset=utf-8",
)  # fmt: skip
def export_note(call: Call, credit_note_id: str) -> Iterator[str]:
    return streamed(call, credit_note_id, export_credit_note_csv)


@operation(
    "GET", "/credit-notes/{credit_note_id}/focus.csv", "Export a credit note as cost rows (FOCUS 1.1)",
    scope="read", content_type="text/csv; charset=utf-8",
)  # fmt: skip
def export_note_costs(call: Call, credit_note_id: str) -> Iterator[str]:
    return streamed(call, credit_note_id, export_credit_note_focus)


@operation(
    "GET", "/credit-notes/{credit_note_id}/credit-note.pdf", "Export a credit note as PDF",
    scope="read", content_type="application/pdf",
)  # fmt: skip
def export_note_pages(call: Call, credit_note_id: str) -> Iterator[bytes]:
    from bridge.billing.invoice_pdf import export_credit_note_pdf  # noqa: PLC0415 (its library takes long to load)

    with call.database.read(call.tenant_id) as session:
        return iter([export_credit_note_pdf(session, credit_note_id)])


def _shown(session: TenantSession, credit_note_id: str) -> dict[str, Any]:
    note = read_credit_note(session, credit_note_id)
    return note.document | {"sha256": note.sha256}
