"""The credit of a tenant: granted, used by invoices, given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from bridge.billing.money import format_minor, parse_amount
from bridge.billing.pricing import reading
from bridge.billing.subscriptions import lock_counter
from bridge.billing.tables import CreditEntry
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.read import find_tenant

TEXT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant of credit; ``already_granted`` when the same had been granted before this call."""

    reference: str
    amount_minor: int
    balance_minor: int
    already_granted: bool


def credit_balance(session: TenantSession) -> int:
    """Return the credit that no invoice has used, in minor units."""
    return int(session.scalar(select(func.coalesce(func.sum(CreditEntry.amount_minor), 0))) or 0)


def credit_entries(session: TenantSession) -> Sequence[CreditEntry]:
    """Return what was granted, used and given back, oldest first."""
    return session.scalars(select(CreditEntry).order_by(CreditEntry.at, CreditEntry.id)).all()


def grant_credit(
    session: TenantSession, *, amount: object, reference: str, reason: str, cause: Cause, now: datetime
) -> Grant:
    """Add credit for the invoices to come; ``amount`` is text in the tenant's currency.

    The reference is the caller's name for this grant: the same again grants nothing. Raises ``InvalidValue``
    with a pointer, ``Conflict`` where the reference stands for another amount.
    """
    lock_counter(session)
    currency = find_tenant(session).currency
    for name, text in (("reference", reference), ("reason", reason)):
        if not text.strip() or len(text) > TEXT_CHARACTERS or not text.isprintable():
            allowed = f"1 to {TEXT_CHARACTERS} printable characters"
            raise reading.refusal(f"/{name}", text, allowed)
    if not isinstance(amount, str):
        raise reading.refusal("/amount", amount, 'an amount in a string, as in "12.50"')
    minor = int(parse_amount(amount, currency, pointer="/amount"))
    if minor <= 0:
        raise reading.refusal("/amount", amount, "more than 0")
    before = session.scalar(
        select(CreditEntry.amount_minor).where(
            CreditEntry.kind == "grant", CreditEntry.reference == reference
        )
    )
    if before is not None and before != minor:
        raise Conflict(
            f"reference {reference!r} granted {format_minor(before, currency)} before; choose another one",
            pointer="/reference",
        )
    if before is None:
        entry = record(
            session, "billing:credit:grant", Subject("tenant", session.tenant_id), cause=cause, at=now,
            details={"amount": format_minor(minor, currency)},
        )  # fmt: skip
        _add(session, "grant", reference, minor, reason=reason, cause_id=entry, now=now)
    return Grant(reference, minor, credit_balance(session), already_granted=before is not None)


def use_credit(
    session: TenantSession, amount_minor: int, *, invoice_id: str, cause_id: str, now: datetime
) -> None:
    """Take off what an invoice uses, in the transaction that issues it and holds the invoice counter."""
    if amount_minor:
        _add(session, "use", invoice_id, -amount_minor, reason="invoice", cause_id=cause_id, now=now)


def give_credit_back(session: TenantSession, invoice_id: str, *, cause_id: str, now: datetime) -> int:
    """Return the credit that an invoice used, once and only once; for whoever makes it void.

    Called in a transaction that holds the invoice counter. Returns minor units.
    """
    entries = session.execute(
        select(CreditEntry.kind, CreditEntry.amount_minor).where(CreditEntry.reference == invoice_id)
    )
    by_kind = {kind: amount for kind, amount in entries if kind != "grant"}
    used: int = -by_kind.get("use", 0)
    if not used or "return" in by_kind:
        return 0
    _add(session, "return", invoice_id, used, reason="invoice made void", cause_id=cause_id, now=now)
    return used


def _add(
    session: TenantSession,
    kind: str,
    reference: str,
    amount_minor: int,
    *,
    reason: str,
    cause_id: str,
    now: datetime,
) -> None:
    row: dict[str, Any] = {
        "tenant_id": session.tenant_id,
        "id": new_id(now),
        "kind": kind,
        "reference": reference,
        "amount_minor": amount_minor,
        "reason": reason,
        "at": now,
        "cause_id": cause_id,
    }
    session.add_rows(CreditEntry, [row])
