"""A tenant's billing details: who its invoices are made out to, how they are corrected, from which date."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from bridge.billing.legal_parties import parse_party
from bridge.billing.subscriptions import lock_counter
from bridge.billing.tables import BillingDetails
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import InvalidValue
from bridge.journal.record import Cause, Subject, record
from config.settings import Settings

CORRECTIONS = ("adjustment", "credit_note")


@dataclass(frozen=True, slots=True)
class Details:
    """Billing details from a date on; before the first of them nothing is known of the buyer."""

    valid_from: date = date.min
    buyer: Mapping[str, str] = field(default_factory=dict)
    corrections: str = "adjustment"

    def document(self) -> dict[str, Any]:
        """Return them for JSON."""
        return {
            "valid_from": self.valid_from.isoformat(),
            "buyer": dict(self.buyer),
            "corrections": self.corrections,
        }


def set_details(
    session: TenantSession,
    buyer: Mapping[str, Any],
    *,
    corrections: str,
    valid_from: date,
    cause: Cause,
    now: datetime,
) -> Details:
    """Make invoices out to ``buyer`` from a date on; what is issued stays as it is.

    With ``corrections`` ``credit_note`` a period that costs less than was paid for it gives a credit note,
    else an adjustment on the next invoice. Raises ``InvalidValue`` with a pointer.
    """
    if corrections not in CORRECTIONS:
        raise InvalidValue(
            f"found {corrections[:40]!r}, allowed {' or '.join(CORRECTIONS)}", pointer="/corrections"
        )
    details = Details(valid_from, parse_party(buyer, pointer="/buyer"), corrections)
    lock_counter(session)  # a closing sees them whole or not at all
    told = {"valid_from": valid_from.isoformat(), "corrections": corrections}
    subject = Subject("tenant", session.tenant_id)
    entry = record(session, "billing:details:set", subject, cause=cause, at=now, details=told)
    row = {
        "tenant_id": session.tenant_id,
        "id": new_id(now),
        "valid_from": valid_from,
        "buyer": details.buyer,
        "corrections": corrections,
        "created_at": now,
        "cause_id": entry,
    }
    session.add_rows(BillingDetails, [row])
    return details


def details_on(session: TenantSession, day: date) -> Details:
    """Return the details in force on a local date."""
    row = session.scalar(
        select(BillingDetails)
        .where(BillingDetails.valid_from <= day)
        .order_by(
            BillingDetails.valid_from.desc(), BillingDetails.created_at.desc(), BillingDetails.id.desc()
        )
        .limit(1)
    )
    return Details() if row is None else Details(row.valid_from, row.buyer, row.corrections)


def all_details(session: TenantSession) -> list[Details]:
    """Return the details in the order of their dates; of two for one date the last holds."""
    rows = session.scalars(
        select(BillingDetails).order_by(
            BillingDetails.valid_from, BillingDetails.created_at, BillingDetails.id
        )
    )
    return [Details(row.valid_from, row.buyer, row.corrections) for row in rows]


def seller(chosen: Settings) -> dict[str, str]:
    """Return the operator as the party that issues invoices; nothing where the settings name none."""
    document = {
        "name": chosen.seller_name,
        "address": chosen.seller_address.replace("|", "\n"),
        "country": chosen.seller_country,
        "tax_id": chosen.seller_tax_id,
        "register": chosen.seller_register,
        "contact": chosen.seller_contact,
        "payment": chosen.seller_payment,
    }
    return parse_party(document) if chosen.seller_name else {}
