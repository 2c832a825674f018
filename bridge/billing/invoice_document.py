"""The canonical document of an invoice, over which its hash is taken."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson

from bridge.billing.invoice_draft import DraftLine, InvoiceDraft, PersonShare, sums
from bridge.billing.money import format_minor
from bridge.billing.people_pages import PeoplePage, pages_digest
from bridge.billing.tax_shares import taxes_document

_BORNE = attrgetter("department", "cost_centre", "amount_minor")

FORMAT = 1


def invoice_document(
    draft: InvoiceDraft,
    pages: Sequence[PeoplePage],
    *,
    invoice_id: str,
    number: int,
    tenant_id: str,
    closed_at: datetime,
) -> dict[str, Any]:
    """Return an issued invoice as JSON: money is text in the currency's unit, dates are local.

    The people are not in it, since a tenant may have a million; the SHA-256 over them is, so that the hash of
    the document covers them too.
    """
    issued = {
        "id": invoice_id,
        "number": number,
        "tenant": tenant_id,
        "closed_at": closed_at.isoformat(),
        "format": FORMAT,
        "people": {"count": len(draft.people), "sha256": pages_digest(pages)},
    }
    return draft_document(draft) | issued


def draft_document(draft: InvoiceDraft) -> dict[str, Any]:
    """Return the part of the document that a preview shows, which has no number yet."""
    currency = draft.currency
    return {
        "subscription": draft.run.subscription.id,
        "period": draft.run.period.document(),
        "revision": draft.run.revision,
        "reissue": draft.run.reissue,
        "seller": dict(draft.parties.seller),
        "buyer": dict(draft.parties.buyer),
        "issued_on": draft.run.issued_on.isoformat(),
        "currency": currency,
        "lines": [line_document(line, currency) for line in draft.lines],
        **allocation(draft.people, currency),
        "taxes": taxes_document(draft.taxes, currency),
        "subtotal": format_minor(draft.subtotal_minor, currency),
        "tax": format_minor(draft.tax_minor, currency),
        "total": format_minor(draft.total_minor, currency),
        "credit_used": format_minor(draft.credit_used_minor, currency),
        "due": format_minor(draft.due_minor, currency),
        "terms": list(draft.terms),
        "billing_terms": draft.tenant_terms,
        "credit_notes": [
            {
                "invoice": note.invoice_number,
                "subtotal": format_minor(note.subtotal_minor, currency),
                "tax": format_minor(note.tax_minor, currency),
                "amount": format_minor(note.amount_minor, currency),
            }
            for note in draft.credit_notes
        ],
    }


def person_document(share: PersonShare, currency: str) -> dict[str, Any]:
    """Return one person's share for JSON."""
    return {
        "person": share.person_id,
        "plan": share.plan,
        "department": share.department,
        "cost_centre": share.cost_centre,
        "billable_days": share.billable_days,
        "amount": format_minor(share.amount_minor, currency),
        "for_period_start": share.for_period_start.isoformat(),
        "cause": share.cause_id,
    }


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the one way to write a document: sorted keys, no white space, UTF-8."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def document_digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical document, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def line_document(line: DraftLine, currency: str) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "plan": line.plan,
        "description": line.description,
        "quantity": line.quantity,
        "amount": format_minor(line.amount_minor, currency),
        "for_period_start": line.for_period_start.isoformat(),
    }


def allocation(people: Sequence[PersonShare], currency: str) -> dict[str, Any]:
    """Return what departments and cost centres bear."""
    # One pass over what may be a million people: a company has some hundred pairs of both names.
    borne: dict[tuple[str | None, str | None], int] = defaultdict(int)
    for department, cost_centre, amount in map(_BORNE, people):
        borne[department, cost_centre] += amount
    return {
        "departments": _shares("department", ((each[0], borne[each]) for each in borne), currency),
        "cost_centres": _shares("cost_centre", ((each[1], borne[each]) for each in borne), currency),
    }


def _shares(name: str, pairs: Iterable[tuple[str | None, int]], currency: str) -> list[dict[str, str | None]]:
    return [{name: share, "amount": format_minor(amount, currency)} for share, amount in sums(pairs)]
