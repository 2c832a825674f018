"""Issued invoices as cost rows of the FinOps Open Cost and Usage Specification (FOCUS 1.1)."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from sqlalchemy import select

from bridge.billing.exports import safe_cell, with_names
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.issued_invoices import IssuedInvoice, invoice_people, read_invoice
from bridge.billing.local_days import midnight
from bridge.billing.money import format_minor
from bridge.billing.price_run import tenant_of
from bridge.billing.tables import Invoice
from bridge.database.sessions import TenantSession

COLUMNS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "ResourceId", "ServiceCategory",
    "ServiceName", "SubAccountId", "x_CostCentre", "x_InvoiceNumber",
)  # fmt: skip
PRODUCT = "Provisioning bridge"
SERVICE_CATEGORY = "Business Applications"

#: Kinds of lines that no person carries → their category.
APART = {"tax": "Tax", "credit": "Credit"}


def export_focus(session: TenantSession, invoice_id: str) -> Iterator[str]:
    """Yield cost rows as CSV: one for each person and plan, then taxes and credits; they sum to what is due.

    Departments are sub-accounts. Adjustments of earlier periods have the class ``Correction`` and lie in the
    period that they correct. Raises ``NotFound``.
    """
    invoice = read_invoice(session, invoice_id)
    fixed = _fixed(session, invoice)
    ends = _period_ends(session)
    timezone = tenant_of(session).timezone
    yield _written([COLUMNS])
    for shares, _names in with_names(session, invoice_people(session, invoice.id)):
        rows = (fixed | _charge(invoice, share, ends, timezone) for share in shares)
        yield _written([row[column] for column in COLUMNS] for row in rows)
    apart = (
        fixed | _whole(category=APART[line["kind"]], amount=line["amount"], told=line["description"])
        for line in invoice.document["lines"]
        if line["kind"] in APART
    )
    yield _written([row[column] for column in COLUMNS] for row in apart)


def _fixed(session: TenantSession, invoice: IssuedInvoice) -> dict[str, str]:
    """Return what all rows have in common, with the period of the invoice as that of the charge."""
    tenant = tenant_of(session)
    start = _instant(midnight(invoice.period_start, tenant.timezone))
    end = _instant(midnight(invoice.period_end, tenant.timezone))
    seller = invoice.document["seller"].get("name", PRODUCT)
    return dict.fromkeys(COLUMNS, "") | {
        "BillingAccountId": session.tenant_id,
        "BillingAccountName": safe_cell(tenant.name),
        "BillingCurrency": invoice.currency,
        "BillingPeriodStart": start,
        "BillingPeriodEnd": end,
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "ChargeFrequency": "Recurring",
        "InvoiceIssuerName": safe_cell(seller),
        "ProviderName": safe_cell(seller),
        "PublisherName": safe_cell(seller),
        "ServiceCategory": SERVICE_CATEGORY,
        "ServiceName": PRODUCT,
        "x_InvoiceNumber": str(invoice.number),
    }


def _charge(
    invoice: IssuedInvoice, share: PersonShare, ends: Mapping[date, date], timezone: str
) -> dict[str, str]:
    start = share.for_period_start
    told = f"{share.plan or 'all plans'}, {start} to {ends[start]}"
    return _whole(category="Usage", amount=format_minor(share.amount_minor, invoice.currency), told=told) | {
        "ChargeClass": "" if share.cause_id is None and start == invoice.period_start else "Correction",
        "ChargePeriodStart": _instant(midnight(start, timezone)),
        "ChargePeriodEnd": _instant(midnight(ends[start], timezone)),
        "PricingQuantity": str(share.billable_days),
        "PricingUnit": "User Days",
        "ResourceId": share.person_id or "",
        "SubAccountId": safe_cell(share.department),
        "x_CostCentre": safe_cell(share.cost_centre),
    }


def _whole(*, category: str, amount: str, told: str) -> dict[str, str]:
    costs = dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), amount)
    return costs | {"ChargeCategory": category, "ChargeDescription": safe_cell(told)}


def _period_ends(session: TenantSession) -> dict[date, date]:
    """Return where each issued period ends; periods of a tenant never begin on the same date."""
    return dict(session.execute(select(Invoice.period_start, Invoice.period_end).distinct()).all())


def _instant(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(rows: Iterable[Iterable[str]]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet).writerows(rows)
    return sheet.getvalue()
