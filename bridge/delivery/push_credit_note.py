"""A credit note at Stripe, made once whether or not the outcome of an attempt came to be known."""

from collections.abc import Iterator

from stripe import CreditNote, StripeClient
from stripe.params import CreditNoteCreateParams, CreditNoteListParams

from bridge.billing.money import parse_amount
from bridge.delivery.queue import Errand
from bridge.delivery.stripe_amounts import stripe_amount
from bridge.delivery.stripe_words import CREDIT_NOTE, PAGE, TENANT, few_lines, options, told_with
from bridge.errors import Inconsistent
from config.settings import settings

#: How the money gets back → the parameter that says so (docs.stripe.com/api/credit_notes/create).
GIVEN_BACK = {"refund": "refund_amount", "balance": "credit_amount", "elsewhere": "out_of_band_amount"}


def push_credit_note(stripe: StripeClient, errand: Errand) -> str:
    """Make the errand's credit note on its invoice, which is paid there; return its id at Stripe.

    Raises what the library raises, ``InvalidValue`` for an amount that cannot be told, ``Inconsistent`` where
    lines do not sum to what is given back.
    """
    if not errand.is_first:
        for remote in remote_credit_notes(stripe, {"invoice": str(errand.remote_id)}):
            if told_with(remote)[CREDIT_NOTE] == errand.credit_note_id:
                return str(remote.id)
    made = stripe.v1.credit_notes.create(
        _asked(errand), options(errand, f"credit:{errand.document['number']}")
    )
    return str(made.id)


def remote_credit_notes(stripe: StripeClient, which: CreditNoteListParams) -> Iterator[CreditNote]:
    """Yield the credit notes that the bridge made, of a customer or on an invoice, latest first."""
    listed = stripe.v1.credit_notes.list({**which, "limit": PAGE})
    for remote in listed.auto_paging_iter():
        if CREDIT_NOTE in told_with(remote):
            yield remote


def _asked(errand: Errand) -> CreditNoteCreateParams:
    document = errand.document
    amount = stripe_amount(int(parse_amount(document["amount"], document["currency"])), document["currency"])
    # Money that came in elsewhere cannot be refunded there.
    way = settings().stripe_credit_notes if errand.is_paid_there else "elsewhere"
    asked: CreditNoteCreateParams = {
        "invoice": str(errand.remote_id),
        "lines": [
            {"type": "custom_line_item", "description": told, "quantity": 1, "unit_amount": part}
            for told, part in _lines(errand)
        ],
        "memo": f"Credit note {document['number']} for invoice {document['invoice']}: {document['reason']}",
        "email_type": "none",
        "metadata": {
            TENANT: errand.tenant_id,
            CREDIT_NOTE: str(errand.credit_note_id),
            "bridge_number": str(document["number"]),
        },
    }
    asked[GIVEN_BACK[way]] = amount  # type: ignore[literal-required]  # the three are members of it
    return asked


def _lines(errand: Errand) -> list[tuple[str, int]]:
    """Return what is given back, line by line.

    Stripe takes no negative amounts here: where a plan of the correction costs more, it is all one line.
    """
    document = errand.document
    currency = document["currency"]
    amount = int(parse_amount(document["amount"], currency))
    lines = [
        (line["description"], -int(parse_amount(line["amount"], currency))) for line in document["lines"]
    ]
    if sum(part for _, part in lines) != amount:
        raise Inconsistent(f"the lines of credit note {document['number']} do not sum to what is given back")
    if any(part < 0 for _, part in lines):
        lines = [(document["reason"], amount)]
    return [(told, stripe_amount(part, currency)) for told, part in few_lines(lines) if part]
