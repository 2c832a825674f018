"""The invoices that pricing answers, with their totals and their rows of people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from bridge.billing.money import format_minor, format_quantity, round_half_away
from bridge.billing.periods import Period
from bridge.billing.pricing.adjustments import NetInvoice
from bridge.billing.pricing.attribution import in_order
from bridge.billing.pricing.lines import Line, net, summed

GroupAmounts = tuple[tuple[str | None, int], ...]
"""(department or cost centre, minor units), null last."""


class PersonRow(NamedTuple):
    """What one person costs in one plan, department and cost centre; None is money without a person."""

    person: str | None
    plan: str | None
    department: str | None
    cost_centre: str | None
    billable_days: int
    amount: int


@dataclass(frozen=True, slots=True)
class PricedInvoice:
    """One invoice in integer minor units.

    Lines but tax and credit, people, departments: each sums to ``subtotal``.
    """

    currency: str
    period: Period
    issued_on: date
    lines: tuple[Line, ...]
    people: tuple[PersonRow, ...]
    departments: GroupAmounts
    cost_centres: GroupAmounts
    subtotal: int
    tax: int
    total: int
    credit_used: int
    due: int

    def document(self) -> dict[str, Any]:
        """Return the invoice as the answer of a quote shows it."""
        money = {
            name: self._shown(getattr(self, name))
            for name in ("subtotal", "tax", "total", "credit_used", "due")
        }
        return {
            "period": self.period.document(),
            "issued_on": self.issued_on.isoformat(),
            "lines": [
                {
                    "kind": line.kind,
                    "plan": line.plan,
                    "description": line.description,
                    "quantity": format_quantity(line.quantity),
                    "amount": self._shown(line.amount),
                }
                for line in self.lines
            ],
            "people": [
                {
                    "person": row.person,
                    "plan": row.plan,
                    "department": row.department,
                    "cost_centre": row.cost_centre,
                    "billable_days": row.billable_days,
                    "amount": self._shown(row.amount),
                }
                for row in self.people
            ],
            "departments": self._groups("department", self.departments),
            "cost_centres": self._groups("cost_centre", self.cost_centres),
            **money,
        }

    def _shown(self, minor: int) -> str:
        return format_minor(minor, self.currency)

    def _groups(self, name: str, groups: GroupAmounts) -> list[dict[str, str | None]]:
        return [{name: group, "amount": self._shown(amount)} for group, amount in groups]


def settle(
    drafts: Iterable[NetInvoice], *, currency: str, tax_percent: Fraction, credit_available: int
) -> tuple[PricedInvoice, ...]:
    """Add tax to each draft and let the credit pay, in the order in which they are issued."""
    invoices = []
    for draft in drafts:
        invoice = _settled(draft, currency, tax_percent, credit_available)
        credit_available -= invoice.credit_used
        invoices.append(invoice)
    return tuple(invoices)


def _settled(draft: NetInvoice, currency: str, tax_percent: Fraction, credit_available: int) -> PricedInvoice:
    subtotal = net(draft.lines)
    taxes = tax_lines({tax_percent: subtotal})
    tax = sum(line.amount for line in taxes)
    total = subtotal + tax
    credit = credit_lines(total, credit_available)
    credit_used = -sum(line.amount for line in credit)
    lines = [*draft.lines, *taxes, *credit]
    people = _people(draft)
    return PricedInvoice(
        currency=currency,
        period=draft.period,
        issued_on=draft.issued_on,
        lines=tuple(lines),
        people=people,
        departments=_grouped((row.department, row.amount) for row in people),
        cost_centres=_grouped((row.cost_centre, row.amount) for row in people),
        subtotal=subtotal,
        tax=tax,
        total=total,
        credit_used=credit_used,
        due=total - credit_used,
    )


def tax_lines(net_by_percent: Mapping[Fraction, int]) -> list[Line]:
    """Return the tax of each rate on the net sum it applies to; none that is zero."""
    taxed = ((percent, tax_on(amount, percent)) for percent, amount in net_by_percent.items())
    return [
        Line("tax", None, f"tax of {format_quantity(percent)} %", tax, ())
        for percent, tax in sorted(taxed)
        if tax
    ]


def tax_on(net_minor: int, percent: Fraction) -> int:
    """Return the tax of a rate on a net sum, in minor units."""
    return round_half_away(net_minor * percent / 100)


def credit_lines(total: int, available: int) -> list[Line]:
    """Return the line of the credit that pays for a total: never more than it, nothing for a negative one."""
    used = min(available, max(0, total))
    return [Line("credit", None, "credit used", -used, ())] if used else []


def _people(draft: NetInvoice) -> tuple[PersonRow, ...]:
    """Return a row for everyone with money or a billable day.

    The row without a person only when it has money.
    """
    amounts = summed(draft.lines)
    rows = in_order({*amounts, *draft.billable_days})
    return tuple(
        PersonRow(*key, draft.billable_days.get(key, 0), amounts.get(key, 0))
        for key in rows
        if key.person is not None or amounts[key]
    )


def _grouped(amounts: Iterable[tuple[str | None, int]]) -> GroupAmounts:
    sums: dict[str | None, int] = {}
    for group, amount in amounts:
        sums[group] = sums.get(group, 0) + amount
    return tuple(sorted(sums.items(), key=lambda pair: (pair[0] is None, pair[0] or "")))
