"""The invoices that pricing answers, with their totals and their rows of people."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from bridge.billing.money import format_minor, format_quantity, round_half_away
from bridge.billing.periods import Period
from bridge.billing.pricing.adjustments import NetInvoice
from bridge.billing.pricing.cohorts import people_of, size_of
from bridge.billing.pricing.lines import Line, net, summed
from bridge.billing.pricing.rows import RowKey, Runs, carried, names_order

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


class InvoiceRow(NamedTuple):
    """What one row stands for; ``billable_days`` are those of each person of it."""

    key: RowKey
    billable_days: int
    amounts: Runs


Person = TypeVar("Person", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class PricedInvoice:
    """One invoice in integer minor units.

    Lines but tax and credit, people, departments: each sums to ``subtotal``.
    """

    currency: str
    period: Period
    issued_on: date
    lines: tuple[Line, ...]
    rows: Sequence[InvoiceRow]
    """What the people carry, those of a cohort together."""
    departments: GroupAmounts
    cost_centres: GroupAmounts
    subtotal: int
    tax: int
    total: int
    credit_used: int
    due: int

    @property
    def people(self) -> tuple[PersonRow, ...]:
        """Each person's rows by code points, then those without one."""
        return tuple(self.people_as(PersonRow._make))

    def people_as(self, make: Callable[[Iterable[Any]], Person], *more: object) -> list[Person]:
        """Return the people made of the values of a ``PersonRow``, with ``more`` behind them."""
        named: list[Person] = []
        nobodys: list[Person] = []
        for row in self.rows:
            who, *names = row.key
            amounts = chain.from_iterable(repeat(amount, people) for people, amount in row.amounts)
            values = (
                people_of(who),
                *map(repeat, names),
                repeat(row.billable_days),
                amounts,
                *map(repeat, more),
            )
            (nobodys if who is None else named).extend(map(make, zip(*values, strict=False)))
        named.sort(key=itemgetter(0))  # each cohort is in order, and the order within a person stays
        return [*named, *nobodys]

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
    rows = _rows(draft)
    return PricedInvoice(
        currency=currency,
        period=draft.period,
        issued_on=draft.issued_on,
        lines=tuple(lines),
        rows=rows,
        departments=_grouped((row.key.department, carried(row.amounts)) for row in rows),
        cost_centres=_grouped((row.key.cost_centre, carried(row.amounts)) for row in rows),
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


def _rows(draft: NetInvoice) -> list[InvoiceRow]:
    """Return the rows with money or a billable day, those of one person in their order.

    The row without a person only when it has money.
    """
    amounts = summed(draft.lines)
    rows = [
        InvoiceRow(key, draft.billable_days.get(key, 0), amounts.get(key) or ((size_of(key.person), 0),))
        for key in sorted({*amounts, *draft.billable_days}, key=names_order)
    ]
    return [row for row in rows if row.key.person is not None or carried(row.amounts)]


def _grouped(amounts: Iterable[tuple[str | None, int]]) -> GroupAmounts:
    sums: dict[str | None, int] = {}
    for group, amount in amounts:
        sums[group] = sums.get(group, 0) + amount
    return tuple(sorted(sums.items(), key=lambda pair: (pair[0] is None, pair[0] or "")))
