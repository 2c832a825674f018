"""Adjustments: what an earlier period costs when computed again, minus what was issued for it."""

from collections.abc import Iterable, Mapping
from datetime import date

from bridge.billing.invoice_draft import DraftLine, PersonShare, sums
from bridge.billing.money import format_quantity
from bridge.billing.periods import Period
from bridge.billing.tax_shares import TaxShare

Share = tuple[str | None, str | None, str | None, str | None]


def differences(
    recomputed: Iterable[PersonShare],
    issued: Iterable[PersonShare],
    *,
    for_period_start: date,
    causes: Mapping[str | None, str],
    other_cause: str | None,
) -> list[PersonShare]:
    """Return what has to be added per person, plan, department and cost centre; nothing where all agree.

    ``causes`` names the late fact of each person who has one. The share of others can change with it, be it a
    tier, a cap or the one minor unit that rounding left over: those follow from ``other_cause``.
    """
    days: dict[Share, int] = {}
    amounts: dict[Share, int] = {}
    for sign, rows in ((1, recomputed), (-1, issued)):
        for row in rows:
            share = row[:4]
            days[share] = days.get(share, 0) + sign * row[4]
            amounts[share] = amounts.get(share, 0) + sign * row[5]
    changed = sorted((share for share, amount in amounts.items() if amount), key=_order)
    return [
        PersonShare(*share, days[share], amounts[share], causes.get(share[0], other_cause), for_period_start)
        for share in changed
    ]


def adjustment_lines(rows: Iterable[PersonShare], period: Period) -> list[DraftLine]:
    """Return one line per plan for what is added to an earlier period."""
    told = f"changed after the invoice of {period.start} to {period.end}"
    return [
        DraftLine("adjustment", plan, f"{plan or 'all plans'}: {told}", "1", amount, period.start)
        for plan, amount in sums((row.plan, row.amount_minor) for row in rows)
    ]


def reversal_lines(shares: Iterable[TaxShare], for_period_start: date) -> list[DraftLine]:
    """Return the lines of the tax that a credit note gives back; none for a rate without tax."""
    return [
        DraftLine(
            "tax", None, f"tax of {format_quantity(share.percent)} %", "1", -share.tax, for_period_start
        )
        for share in shares
        if share.tax
    ]


def _order(share: Share) -> tuple[tuple[bool, str], ...]:
    return tuple((part is None, part or "") for part in share)
