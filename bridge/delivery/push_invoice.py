"""One errand at Stripe: each step is safe to take again, whether or not its outcome came to be known."""

from collections.abc import Iterator

from stripe import Invoice, StripeClient
from stripe.params import InvoiceItemCreateParams

from bridge.billing.money import parse_amount
from bridge.delivery.push_credit_note import push_credit_note
from bridge.delivery.queue import Errand
from bridge.delivery.stripe_amounts import stripe_amount
from bridge.delivery.stripe_words import INVOICE, LINE, PAGE, TENANT, few_lines, options, told_with
from bridge.errors import Inconsistent
from config.settings import settings


def find_customer(stripe: StripeClient, errand: Errand) -> str:
    """Return the tenant's customer, made when there is none yet."""
    found = stripe.v1.customers.search({"query": f"metadata['{TENANT}']:'{errand.tenant_id}'", "limit": 1})
    for customer in found.data:
        return customer.id
    made = stripe.v1.customers.create(
        {"name": errand.customer_name, "metadata": {TENANT: errand.tenant_id}},
        {"idempotency_key": f"bridge:{errand.tenant_id}:customer"},
    )
    return made.id


def run_errand(stripe: StripeClient, errand: Errand, customer_id: str) -> str:
    """Do what the errand asks for; return the id of the invoice, or of its credit note, at Stripe.

    Later attempts first look up what earlier ones did: an answer that did not arrive tells nothing, and
    Stripe forgets keys after a day. Raises what the library raises, ``InvalidValue`` for an amount that
    cannot be told, ``Inconsistent`` where lines do not sum to what is due.
    """
    if errand.action == "push":
        return _push(stripe, errand, customer_id)
    if errand.action == "credit":
        return push_credit_note(stripe, errand)
    remote = stripe.v1.invoices.retrieve(str(errand.remote_id))
    if errand.action == "pay" and remote.status != "paid":
        stripe.v1.invoices.pay(remote.id, {"paid_out_of_band": True}, options(errand, "pay"))
    if errand.action == "void" and remote.status != "void":
        stripe.v1.invoices.void_invoice(remote.id, {}, options(errand, "void"))
    return str(remote.id)


def remote_invoices(stripe: StripeClient, customer_id: str) -> Iterator[Invoice]:
    """Yield the customer's invoices that the bridge made, latest first."""
    listed = stripe.v1.invoices.list({"customer": customer_id, "limit": PAGE})
    for remote in listed.auto_paging_iter():
        if INVOICE in told_with(remote):
            yield remote


def _push(stripe: StripeClient, errand: Errand, customer_id: str) -> str:
    remote = None
    if not errand.is_first:
        made = remote_invoices(stripe, customer_id)
        remote = next((each for each in made if told_with(each)[INVOICE] == errand.invoice_id), None)
    if remote is None:
        remote = _make(stripe, errand, customer_id)
    if remote.status != "draft":
        return str(remote.id)
    present = set() if errand.is_first else _present_lines(stripe, str(remote.id))
    for number, (told, amount) in enumerate(_items(errand)):
        if number not in present:
            item: InvoiceItemCreateParams = {
                "customer": customer_id,
                "invoice": str(remote.id),
                "currency": errand.document["currency"].lower(),
                "amount": amount,
                "description": told,
                "metadata": {LINE: str(number)},
            }
            stripe.v1.invoice_items.create(item, options(errand, f"line:{number}"))
    stripe.v1.invoices.finalize_invoice(str(remote.id), {"auto_advance": False}, options(errand, "finalize"))
    return str(remote.id)


def _make(stripe: StripeClient, errand: Errand, customer_id: str) -> Invoice:
    return stripe.v1.invoices.create(
        {
            "customer": customer_id,
            "collection_method": "send_invoice",
            "days_until_due": settings().stripe_days_until_due,
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
            "currency": errand.document["currency"].lower(),
            "description": f"Invoice {errand.document['number']}",
            "metadata": {
                TENANT: errand.tenant_id,
                INVOICE: errand.invoice_id,
                "bridge_number": str(errand.document["number"]),
                "sha256_of_people": errand.document["people"]["sha256"],
            },
        },
        options(errand, "invoice"),
    )


def _present_lines(stripe: StripeClient, remote_id: str) -> set[int]:
    listed = stripe.v1.invoice_items.list({"invoice": remote_id, "limit": PAGE})
    told = [told_with(item) for item in listed.auto_paging_iter()]
    return {int(each[LINE]) for each in told if LINE in each}


def _items(errand: Errand) -> list[tuple[str, int]]:
    """Return what the lines say with their amounts; together they are what is due."""
    document = errand.document
    currency = document["currency"]

    def minor(text: str) -> int:
        return int(parse_amount(text, currency))

    lines = [
        (line["description"], minor(line["amount"])) for line in document["lines"] if line["kind"] != "credit"
    ]
    if minor(document["credit_used"]):
        lines.append(("Credit", -minor(document["credit_used"])))
    if sum(amount for _, amount in lines) != minor(document["due"]):
        raise Inconsistent(f"the lines of invoice {document['number']} do not sum to what is due")
    return [(told, stripe_amount(amount, currency)) for told, amount in few_lines(lines)]
