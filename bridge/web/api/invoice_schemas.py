"""The JSON schemas of invoices, added to those of the whole API."""

from bridge.billing.billing_details import CORRECTIONS
from bridge.billing.legal_parties import FIELDS as PARTY_FIELDS
from bridge.billing.remarks import CHARACTERS
from bridge.web.api.schemas import (
    ANY_OBJECT,
    COMPONENTS,
    DATE,
    INSTANT,
    MONEY,
    TEXT,
    WHOLE,
    Schema,
    component,
    listed,
    maybe,
    record,
)

REMARK: Schema = {"type": "string", "minLength": 1, "maxLength": CHARACTERS}

PARTY: Schema = {
    "type": "object",
    "properties": {name: {"type": "string", "maxLength": most} for name, most in PARTY_FIELDS.items()},
    "additionalProperties": False,
}
_SHARES = {
    name: listed(record({name.removesuffix("s"): maybe(TEXT), "amount": MONEY}))
    for name in ("departments", "cost_centres")
}
TAXES = listed(record({"percent": TEXT, "net": MONEY, "tax": MONEY}))
_INVOICE_CONTENT = {
    "subscription": TEXT,
    "period": record({"start": DATE, "end": DATE}),
    "revision": WHOLE,
    "reissue": WHOLE,
    "seller": PARTY,
    "buyer": PARTY,
    "issued_on": DATE,
    "currency": TEXT,
    "lines": listed(component("InvoiceLine")),
    **_SHARES,
    "taxes": TAXES,
    "subtotal": MONEY,
    "tax": MONEY,
    "total": MONEY,
    "credit_used": MONEY,
    "due": MONEY,
    "terms": listed(ANY_OBJECT),
    "billing_terms": ANY_OBJECT,
    "credit_notes": listed(record({"invoice": WHOLE, "subtotal": MONEY, "tax": MONEY, "amount": MONEY})),
}

COMPONENTS |= {
    "InvoiceSummary": record(
        {
            "id": TEXT,
            "number": WHOLE,
            "subscription_id": TEXT,
            "period": record({"start": DATE, "end": DATE}),
            "revision": WHOLE,
            "reissue": WHOLE,
            "status": {"enum": ["issued", "paid", "void"]},
            "issued_on": DATE,
            "currency": TEXT,
            "subtotal": MONEY,
            "tax": MONEY,
            "total": MONEY,
            "closed_at": INSTANT,
            "sha256": TEXT,
        }
    ),
    "Invoice": {
        "type": "object",
        "description": "An issued invoice; sha256 is taken over this document without it, keys sorted",
        "properties": {**_INVOICE_CONTENT, "id": TEXT, "number": WHOLE, "closed_at": INSTANT, "sha256": TEXT},
        "required": ["id", "number", "currency", "lines", "total", "sha256"],
    },
    "InvoicePreview": record(_INVOICE_CONTENT),
    "InvoiceLife": record(
        {
            "id": TEXT,
            "number": WHOLE,
            "status": {"enum": ["issued", "paid", "void"]},
            "replaced_by": maybe(WHOLE),
            "credited": MONEY,
            "events": listed(
                record(
                    {
                        "kind": TEXT,
                        "happened_on": DATE,
                        "amount": MONEY,
                        "reference": TEXT,
                        "source": TEXT,
                        "recorded_at": INSTANT,
                    }
                )
            ),
        }
    ),
    "NewPayment": record({"paid_on": DATE, "reference": REMARK}),
    "NewVoid": record({"reason": REMARK}),
    "NewCreditNote": record({"amount": MONEY, "reason": REMARK}),
    "CreditNote": record(
        {
            "id": TEXT,
            "number": WHOLE,
            "tenant": TEXT,
            "invoice": WHOLE,
            "invoice_id": TEXT,
            "issued_on": DATE,
            "created_at": INSTANT,
            "currency": TEXT,
            "seller": PARTY,
            "buyer": PARTY,
            "reason": TEXT,
            "lines": listed(component("InvoiceLine")),
            **_SHARES,
            "taxes": TAXES,
            "subtotal": MONEY,
            "tax": MONEY,
            "amount": MONEY,
            "people": record({"count": WHOLE, "sha256": TEXT}),
            "format": WHOLE,
            "sha256": TEXT,
        }
    ),
    "BillingDetails": record({"valid_from": DATE, "buyer": PARTY, "corrections": TEXT}),
    "NewBillingDetails": record(
        {"buyer": PARTY}, {"valid_from": maybe(DATE), "corrections": {"enum": list(CORRECTIONS)}}
    ),
}
