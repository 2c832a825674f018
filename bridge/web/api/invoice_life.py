"""Routes on what happens to issued invoices: paid, void, issued again, made out to a buyer."""

from typing import Any

from bridge.billing.billing_details import all_details, set_details
from bridge.billing.close_period import Closed
from bridge.billing.invoice_status import life_document
from bridge.billing.local_days import local_date
from bridge.billing.pay_invoice import pay_invoice
from bridge.billing.price_run import tenant_of
from bridge.billing.void_invoice import reissue_invoice, void_invoice
from bridge.web.api.operations import Call, operation
from bridge.web.api.parameters import parse_day
from bridge.web.api.schemas import component, whole_list

SOURCE = "api_key"


@operation(
    "GET", "/invoices/{invoice_id}/life", "Show whether an invoice is paid or void, and what happened to it",
    scope="read", answer=component("InvoiceLife"),
)  # fmt: skip
def show_life(call: Call, invoice_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return life_document(session, invoice_id)


@operation(
    "POST", "/invoices/{invoice_id}/payment", "Write down that an invoice was paid; twice changes nothing",
    scope="billing:write", body=component("NewPayment"), answer=component("InvoiceLife"),
)  # fmt: skip
def pay(call: Call, invoice_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        pay_invoice(
            session,
            invoice_id,
            paid_on=parse_day(call.body["paid_on"], pointer="/paid_on"),
            reference=call.body["reference"],
            source=SOURCE,
            cause=call.cause,
            now=call.now,
        )
        return life_document(session, invoice_id)


@operation(
    "POST", "/invoices/{invoice_id}/void", "Take an invoice's money back; its number stays taken",
    scope="billing:write", body=component("NewVoid"), answer=component("InvoiceLife"),
)  # fmt: skip
def void(call: Call, invoice_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        void_invoice(
            session, invoice_id, reason=call.body["reason"], source=SOURCE, cause=call.cause, now=call.now
        )
        return life_document(session, invoice_id)


@operation(
    "POST", "/invoices/{invoice_id}/reissue", "Issue a void invoice's period again; twice makes one invoice",
    scope="billing:write", answer=component("ClosedInvoice"),
)  # fmt: skip
def reissue(call: Call, invoice_id: str) -> dict[str, Any]:
    return _closed(reissue_invoice(call.database, call.tenant_id, invoice_id, cause=call.cause, now=call.now))


@operation(
    "GET", "/billing-details", "List to whom invoices are made out, by date",
    scope="read", answer=whole_list("BillingDetails"),
)  # fmt: skip
def show_billing_details(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return {"items": [details.document() for details in all_details(session)]}


@operation(
    "POST", "/billing-details", "Make invoices out to a buyer, by default from today on",
    scope="billing:write", status=201,
    body=component("NewBillingDetails"), answer=component("BillingDetails"),
)  # fmt: skip
def set_billing_details(call: Call) -> dict[str, Any]:
    text = call.body.get("valid_from")
    with call.database.write(call.tenant_id) as session:
        today = local_date(call.now, tenant_of(session).timezone)
        return set_details(
            session,
            call.body["buyer"],
            corrections=call.body.get("corrections", "adjustment"),
            valid_from=today if text is None else parse_day(text, pointer="/valid_from"),
            cause=call.cause,
            now=call.now,
        ).document()


def _closed(closed: Closed) -> dict[str, Any]:
    return {"id": closed.invoice_id, "number": closed.number, "already_closed": closed.already_closed}
