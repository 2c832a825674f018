"""Which cap, floor, tax hold for a tenant's bill, from which date."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from bridge.billing.price_book import refuse_invoiced_days
from bridge.billing.subscriptions import lock_counter
from bridge.billing.tables import BillingTerms
from bridge.billing.tenant_terms import (
    AMOUNTS,
    PERCENTAGE,
    DatedTenantTerms,
    parse_dates,
    parse_tenant_terms,
    plain_document,
    terms_on,
)
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.read import find_tenant


def apply_billing_terms(
    session: TenantSession, document: Mapping[str, Any], *, cause: Cause, now: datetime
) -> DatedTenantTerms:
    """Let terms hold for all periods that begin on the dates the document names.

    ``{"valid_from": "2026-01-01", "valid_until": null, "tenant_cap": null, "tenant_floor": "100.00",
    "tax_percent": "19"}``. What is left out is no cap, no floor, no tax. A period that has begun keeps its
    terms. Raises ``InvalidValue`` with a pointer, ``Conflict`` for days that are invoiced already.
    """
    lock_counter(session)
    valid_from, valid_until = parse_dates(document, (*AMOUNTS, PERCENTAGE))
    parse_tenant_terms(document, currency=find_tenant(session).currency)
    refuse_invoiced_days(session, valid_from)
    terms = plain_document(document)
    entry = record(
        session, "billing:terms:apply", Subject("tenant", session.tenant_id), cause=cause, at=now,
        details={**terms, "valid_from": valid_from.isoformat()},
    )  # fmt: skip
    row = {
        "tenant_id": session.tenant_id,
        "id": new_id(now),
        "valid_from": valid_from,
        "valid_until": valid_until,
        "terms": terms,
        "created_at": now,
        "cause_id": entry,
    }
    session.add_rows(BillingTerms, [row])
    return DatedTenantTerms(valid_from, valid_until, terms)


def dated_billing_terms(session: TenantSession) -> list[DatedTenantTerms]:
    """Return all terms that were ever applied, in the order of decision."""
    rows = session.scalars(select(BillingTerms).order_by(BillingTerms.created_at, BillingTerms.id))
    return [DatedTenantTerms(row.valid_from, row.valid_until, row.terms) for row in rows]


def billing_terms_on(session: TenantSession, day: date) -> dict[str, Any]:
    """Return the terms of a period that begins on that day, as a document."""
    return terms_on(dated_billing_terms(session), day)
