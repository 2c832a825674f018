"""The JSON schemas of subscriptions, prices, billing terms, credit."""

from bridge.web.api.schemas import (
    ANY_OBJECT,
    COMPONENTS,
    DATE,
    INSTANT,
    MONEY,
    TEXT,
    TEXTS,
    TRUTH,
    Schema,
    component,
    listed,
    maybe,
    record,
)

_DAY: Schema = {"type": "string", "format": "date"}
_SUBSCRIPTION: dict[str, Schema] = {
    "interval": {"type": "string", "enum": ["month", "year"]},
    "anchor_day": {"type": "integer", "minimum": 1, "maximum": 31},
    "timing": {"type": "string", "enum": ["arrears", "advance"]},
}
_TERMS = {"tenant_cap": maybe(MONEY), "tenant_floor": maybe(MONEY), "tax_percent": MONEY}
_DATES = {"valid_from": DATE, "valid_until": maybe(DATE)}

COMPONENTS.update(
    {
        "Subscription": record(
            {
                "id": TEXT,
                **_SUBSCRIPTION,
                "starts_on": DATE,
                "trial_ends_on": maybe(DATE),
                "ends_on": maybe(DATE),
            }
        ),
        "NewSubscription": record({"starts_on": _DAY}, {**_SUBSCRIPTION, "trial_ends_on": maybe(_DAY)}),
        "Cancellation": record({}, {"ends_on": maybe(_DAY)}),
        "PriceDocument": {
            "type": "object",
            "description": "valid_from, valid_until, terms: price terms of a quote without valid, timing, "
            "year_start",
        },
        "AppliedPrices": record({"plans": TEXTS}),
        "PriceList": record(
            {"items": listed(record({**_DATES, "plan": TEXT, "terms": ANY_OBJECT, "created_at": INSTANT}))}
        ),
        "BillingTerms": record({**_DATES, **_TERMS}),
        "NewBillingTerms": {
            "type": "object",
            "description": "valid_from, valid_until, tenant_cap, tenant_floor, tax_percent; what is left out "
            "is no cap, no floor, no tax",
        },
        "NewCredit": record({"amount": TEXT, "reference": TEXT, "reason": TEXT}),
        "GrantedCredit": record({"reference": TEXT, "balance": MONEY, "already_granted": TRUTH}),
        "Credit": record(
            {
                "currency": TEXT,
                "balance": MONEY,
                "entries": listed(
                    record({"kind": TEXT, "reference": TEXT, "amount": MONEY, "reason": TEXT, "at": INSTANT})
                ),
            }
        ),
    }
)

SUBSCRIPTION: Schema = component("Subscription")
NEW_SUBSCRIPTION: Schema = component("NewSubscription")
CANCELLATION: Schema = component("Cancellation")
PRICE_DOCUMENT: Schema = component("PriceDocument")
APPLIED_PRICES: Schema = component("AppliedPrices")
PRICE_LIST: Schema = component("PriceList")
BILLING_TERMS: Schema = component("BillingTerms")
NEW_BILLING_TERMS: Schema = component("NewBillingTerms")
NEW_CREDIT: Schema = component("NewCredit")
GRANTED_CREDIT: Schema = component("GrantedCredit")
CREDIT: Schema = component("Credit")
