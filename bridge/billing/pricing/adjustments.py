"""Invoices before tax and credit: what changed hands already is taken off what the facts now say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bridge.billing.periods import Period
from bridge.billing.pricing.attribution import RowKey, row_order
from bridge.billing.pricing.lines import Line, Shares, shared, summed


@dataclass(frozen=True, slots=True)
class NetInvoice:
    """The net lines of one invoice."""

    period: Period
    issued_on: date
    lines: Sequence[Line]
    billable_days: Mapping[RowKey, int]


@dataclass(frozen=True, slots=True)
class IssuedAmount:
    """A net amount (minor units) charged before for the same period.

    Without ``cost_centre`` it stands for the person's rows of that department together.
    """

    person: str | None
    plan: str | None
    amount: int
    department: str | None = None
    cost_centre: str | None = None
    cause: str | None = None


def differences(
    now: Iterable[Line], before: Iterable[Line], plans: Sequence[str | None], reason: str
) -> list[Line]:
    """Return one adjustment line per plan: computed again minus billed, row by row."""
    rows = summed(now)
    for key, amount in summed(before).items():
        rows[key] = rows.get(key, 0) - amount
    return _adjustments(rows, plans, dict.fromkeys(plans, reason))


def since_issued(
    lines: Sequence[Line], issued: Sequence[IssuedAmount], plans: Sequence[str | None]
) -> list[Line]:
    """Return one adjustment line per plan: computed now minus what was issued, naming the causes."""
    rows = summed(lines)
    taken = _taken(rows, issued)
    for key, amount in taken.items():
        rows[key] = rows.get(key, 0) - amount
    causes: dict[str | None, list[str]] = defaultdict(list)
    for entry in issued:
        if entry.cause and entry.cause not in causes[entry.plan]:
            causes[entry.plan].append(entry.cause)
    reasons = {
        plan: "; ".join(["computed again, less what was issued", *sorted(found)])
        for plan, found in causes.items()
    }
    return _adjustments(rows, _with_former(plans, rows), reasons)


def _taken(rows: Mapping[RowKey, int], issued: Iterable[IssuedAmount]) -> dict[RowKey, int]:
    """Tell what was issued, by the rows of today.

    Where several cost centres answer for an amount, by what they carry.
    """
    groups: dict[RowKey, dict[RowKey, int]] = defaultdict(dict)
    for key, amount in rows.items():
        groups[key._replace(cost_centre=None)][key] = amount
    taken: dict[RowKey, int] = defaultdict(int)
    for entry in issued:
        key = RowKey(entry.person, entry.plan, entry.department, entry.cost_centre)
        mine = groups.get(key, {}) if entry.cost_centre is None else {}
        parts: Shares = ((key, entry.amount),)
        if mine and key not in mine:
            parts = shared(
                entry.amount,
                mine if any(amount > 0 for amount in mine.values()) else {min(mine, key=row_order): 1},
                None,
            )
        for part, amount in parts:
            taken[part] += amount
    return taken


def _with_former(plans: Sequence[str | None], rows: Iterable[RowKey]) -> list[str | None]:
    """Return the plans of the terms, then those that only were issued, then the tenant's own lines."""
    former = sorted({key.plan for key in rows if key.plan is not None} - set(plans))
    return [*(plan for plan in plans if plan is not None), *former, None]


def _adjustments(
    rows: Mapping[RowKey, int], plans: Sequence[str | None], reasons: Mapping[str | None, str]
) -> list[Line]:
    by_plan: dict[str | None, list[tuple[RowKey, int]]] = defaultdict(list)
    for key, amount in rows.items():
        by_plan[key.plan].append((key, amount))
    lines = []
    for plan in plans:
        shares = tuple(by_plan.get(plan, ()))
        if any(amount for _, amount in shares):
            text = f"{plan or 'all plans'}: {reasons.get(plan, 'computed again, less what was issued')}"
            lines.append(Line("adjustment", plan, text, sum(amount for _, amount in shares), shares))
    return lines
