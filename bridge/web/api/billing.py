"""Routes on what a tenant is billed by: subscriptions, prices, billing terms, credit."""

from datetime import date
from typing import Any

from bridge.billing.billing_terms import apply_billing_terms, dated_billing_terms
from bridge.billing.cancel_subscription import cancel_subscription
from bridge.billing.credit import credit_balance, credit_entries, grant_credit
from bridge.billing.money import format_minor
from bridge.billing.price_book import apply_prices, read_prices
from bridge.billing.subscriptions import create_subscription, read_subscriptions
from bridge.billing.tenant_terms import DatedTenantTerms
from bridge.tenants.read import find_tenant
from bridge.web.api.billing_schemas import (
    APPLIED_PRICES,
    BILLING_TERMS,
    CANCELLATION,
    CREDIT,
    GRANTED_CREDIT,
    NEW_BILLING_TERMS,
    NEW_CREDIT,
    NEW_SUBSCRIPTION,
    PRICE_DOCUMENT,
    PRICE_LIST,
    SUBSCRIPTION,
)
from bridge.web.api.operations import Call, operation
from bridge.web.api.parameters import parse_day
from bridge.web.api.schemas import whole_list


@operation(
    "GET", "/subscriptions", "List subscriptions in order of their start",
    scope="read", answer=whole_list("Subscription"),
)  # fmt: skip
def show_subscriptions(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return {"items": [each.document() for each in read_subscriptions(session)]}


@operation(
    "POST", "/subscriptions", "Bill the tenant another way from a date on",
    scope="billing:write", body=NEW_SUBSCRIPTION, status=201, answer=SUBSCRIPTION,
)  # fmt: skip
def make_subscription(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        made = create_subscription(
            session,
            interval=call.body.get("interval", "month"),
            anchor_day=call.body.get("anchor_day", 1),
            timing=call.body.get("timing", "arrears"),
            starts_on=parse_day(call.body["starts_on"], pointer="/starts_on"),
            trial_ends_on=_day(call, "trial_ends_on"),
            cause=call.cause,
            now=call.now,
        )
    return made.document()


@operation(
    "POST", "/subscriptions/{subscription_id}/cancellation",
    "End a subscription on a date; default: when its period ends",
    scope="billing:write", body=CANCELLATION, body_required=False, answer=SUBSCRIPTION,
)  # fmt: skip
def cancel(call: Call, subscription_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        ended = cancel_subscription(
            session, subscription_id, ends_on=_day(call, "ends_on"), cause=call.cause, now=call.now
        )
    return ended.document()


@operation(
    "GET", "/prices", "List the tenant's own prices in order of decision", scope="read", answer=PRICE_LIST
)
def show_prices(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return {
            "items": [
                {
                    "plan": row.plan,
                    "valid_from": row.valid_from,
                    "valid_until": row.valid_until,
                    "terms": row.terms,
                    "created_at": row.created_at,
                }
                for row in read_prices(session)
            ]
        }


@operation(
    "POST", "/prices", "Give plans prices of the tenant's own from a date on",
    scope="billing:write", body=PRICE_DOCUMENT, status=201, answer=APPLIED_PRICES,
)  # fmt: skip
def make_prices(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        plans = apply_prices(session, call.body, cause=call.cause, now=call.now)
    return {"plans": list(plans)}


@operation(
    "GET", "/billing-terms", "List caps, floors and taxes in order of decision",
    scope="read", answer=whole_list("BillingTerms"),
)  # fmt: skip
def show_billing_terms(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return {"items": [_terms(each) for each in dated_billing_terms(session)]}


@operation(
    "POST", "/billing-terms", "Let a cap, a floor and a tax hold for the periods that begin from a date on",
    scope="billing:write", body=NEW_BILLING_TERMS, status=201, answer=BILLING_TERMS,
)  # fmt: skip
def make_billing_terms(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        return _terms(apply_billing_terms(session, call.body, cause=call.cause, now=call.now))


@operation(
    "GET", "/credit", "Tell how much credit is left, and how it came about", scope="read", answer=CREDIT
)
def show_credit(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        currency = find_tenant(session).currency
        return {
            "currency": currency,
            "balance": format_minor(credit_balance(session), currency),
            "entries": [
                {
                    "kind": row.kind,
                    "reference": row.reference,
                    "amount": format_minor(row.amount_minor, currency),
                    "reason": row.reason,
                    "at": row.at,
                }
                for row in credit_entries(session)
            ],
        }


@operation(
    "POST", "/credit", "Grant credit; the same reference again grants nothing",
    scope="billing:write", body=NEW_CREDIT, answer=GRANTED_CREDIT,
)  # fmt: skip
def give_credit(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        grant = grant_credit(
            session,
            amount=call.body["amount"],
            reference=call.body["reference"],
            reason=call.body["reason"],
            cause=call.cause,
            now=call.now,
        )
        balance = format_minor(grant.balance_minor, find_tenant(session).currency)
    return {
        "reference": grant.reference,
        "balance": balance,
        "already_granted": grant.already_granted,
    }


def _terms(each: DatedTenantTerms) -> dict[str, Any]:
    return {"valid_from": each.valid_from, "valid_until": each.valid_until, **each.document}


def _day(call: Call, name: str) -> date | None:
    text = call.body.get(name)
    return None if text is None else parse_day(text, pointer=f"/{name}")
