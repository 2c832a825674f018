"""Issued invoices, credit notes as cost rows of the FinOps Open Cost and Usage Specification (FOCUS 1.1)."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select

from bridge.billing.exports import safe_cell, with_names
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.issued_credit_notes import credit_note_people, read_credit_note
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
    "ServiceName", "SubAccountId", "x_CostCentre", "x_CreditNoteNumber", "x_InvoiceNumber",
)  # fmt: skip
PRODUCT = "Provisioning bridge"
SERVICE_CATEGORY = "Business Applications"

#: Kinds of lines that no person carries → their category.
APART = {"tax": "Tax", "credit": "Credit"}
CORRECTION = "Correction"


def export_focus(session: TenantSession, invoice_id: str) -> Iterator[str]:
    """Yield cost rows as CSV: one for each person and plan, then taxes and credits; they sum to what is due.

    Departments are sub-accounts. Adjustments of earlier periods have the class ``Correction`` and lie in the
    period that they correct. Raises ``NotFound``.
    """
    invoice = read_invoice(session, invoice_id)
    yield from _rows(
        _fixed(session, invoice),
        _shares(session, invoice, invoice_people(session, invoice.id)),
        [line for line in invoice.document["lines"] if line["kind"] in APART],
    )


def export_credit_note_focus(session: TenantSession, number: str) -> Iterator[str]:
    """Yield what a credit note gives back as CSV of cost rows, all of the class ``Correction``.

    They lie in the billing period of its invoice and sum to the negative amount; a favour that nobody's share
    bears has a row of the category ``Credit``. Raises ``NotFound``.
    """
    note = read_credit_note(session, number)
    invoice = read_invoice(session, note.invoice_id)
    has_people = note.document["people"]["count"] > 0
    yield from _rows(
        _fixed(session, invoice) | {"ChargeClass": CORRECTION, "x_CreditNoteNumber": str(note.number)},
        _shares(session, invoice, credit_note_people(session, note.id)),
        [line for line in note.document["lines"] if line["kind"] in APART or not has_people],
    )


def _rows(
    fixed: Mapping[str, str],
    shares: Iterable[Sequence[Mapping[str, str]]],
    apart: Sequence[Mapping[str, str]],
) -> Iterator[str]:
    yield _written([COLUMNS])
    for part in shares:
        yield _written(_cells({**fixed, **row}) for row in part)
    categories = (APART.get(line["kind"], "Credit") for line in apart)
    yield _written(
        _cells({**fixed, **_whole(category=category, amount=line["amount"], told=line["description"])})
        for category, line in zip(categories, apart, strict=True)
    )


def _cells(row: Mapping[str, str]) -> list[str]:
    return [row[column] for column in COLUMNS]


def _shares(
    session: TenantSession, invoice: IssuedInvoice, people: Iterator[PersonShare]
) -> Iterator[list[dict[str, str]]]:
    ends = _period_ends(session)
    timezone = tenant_of(session).timezone
    for shares, _names in with_names(session, people):
        yield [_charge(invoice, share, ends, timezone) for share in shares]


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
    corrects = share.cause_id is not None or start != invoice.period_start
    whole = _whole(category="Usage", amount=format_minor(share.amount_minor, invoice.currency), told=told)
    return (
        whole
        | ({"ChargeClass": CORRECTION} if corrects else {})
        | {
            "ChargePeriodStart": _instant(midnight(start, timezone)),
            "ChargePeriodEnd": _instant(midnight(ends[start], timezone)),
            "PricingQuantity": str(share.billable_days),
            "PricingUnit": "User Days",
            "ResourceId": share.person_id or "",
            "SubAccountId": safe_cell(share.department),
            "x_CostCentre": safe_cell(share.cost_centre),
        }
    )


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
