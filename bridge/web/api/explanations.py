"""Routes that tell why: of a person's plan, of an invoice's amount, of what does not agree."""

from typing import Any

from bridge.oversight.explain import explain_invoice_person, explain_person
from bridge.oversight.explain_usage import BilledEvent, explain_usage
from bridge.oversight.reconcile import reconcile
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import AFTER, LIMIT, numbered_page
from bridge.web.api.parameters import instant, text
from bridge.web.api.schemas import INSTANT, TEXT, WHOLE, component, listed, maybe, record, whole_list

BILLED_EVENT = record(
    {
        "position": WHOLE,
        **dict.fromkeys(("plan", "meter", "person", "account", "source", "id", "quantity"), TEXT),
        "at": INSTANT,
    }
)


@operation(
    "GET", "/people/{person_id}/explanation", "Tell what a person holds at an instant, and why",
    scope="read", answer=component("Explanation"),
    query=(instant("at", "The instant that is asked about; default: now"),),
)  # fmt: skip
def explain_seat(call: Call, person_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return explain_person(session, person_id, at=call.query["at"] or call.now).document()


@operation(
    "GET", "/invoices/{invoice_id}/people/{person_id}/explanation",
    "Tell why a person costs what an invoice says: spans, rules, facts",
    scope="read", answer=whole_list("ShareExplanation"),
)  # fmt: skip
def explain_share(call: Call, invoice_id: str, person_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        shares = explain_invoice_person(session, invoice_id, person_id)
    return {"items": [share.document() for share in shares]}


@operation(
    "GET", "/invoices/{invoice_id}/usage",
    "List the events that the usage lines of an invoice count, oldest first",
    scope="read",
    answer=record({"items": listed(BILLED_EVENT), "next_after": maybe(WHOLE)}),
    query=(
        text("plan", "Only what this plan bills"), text("meter", "Only those of this meter"),
        text("person_id", "Only what counts for this person"), AFTER, LIMIT,
    ),
)  # fmt: skip
def explain_consumption(call: Call, invoice_id: str) -> dict[str, Any]:
    named = {name: call.query[name] for name in ("plan", "meter", "person_id")}
    with call.database.read(call.tenant_id) as session:
        events = explain_usage(session, invoice_id, **named)
        return numbered_page(events, after=call.query["after"], limit=call.limit, shown=BilledEvent.document)


@operation(
    "GET", "/reconciliation", "Compute seats and invoices again from the facts; tell what differs",
    scope="read", answer=component("Reconciliation"),
)  # fmt: skip
def show_reconciliation(call: Call) -> dict[str, Any]:
    found = reconcile(call.database, call.tenant_id, now=call.now)
    return {
        "at": found.at,
        "people": found.people,
        "invoices": found.invoices,
        "truncated": found.truncated,
        "findings": [finding.document() for finding in found.findings],
    }
