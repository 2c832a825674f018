"""Invoices before tax and credit: what changed hands already is taken off what the facts now say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bridge.billing.periods import Period
from bridge.billing.pricing.cohorts import Cohort
from bridge.billing.pricing.lines import Line, Shares, shared, summed
from bridge.billing.pricing.rows import RowKey, Rows, Runs, carried, names_order, put


@dataclass(frozen=True, slots=True)
class NetInvoice:
    """The net lines of one invoice."""

    period: Period
    issued_on: date
    lines: Sequence[Line]
    billable_days: Mapping[RowKey, int]
    """Those of each person of a row."""


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
    put(rows, summed(before).items(), sign=-1)
    return _adjustments(rows, plans, dict.fromkeys(plans, reason))


def since_issued(
    lines: Sequence[Line], issued: Sequence[IssuedAmount], plans: Sequence[str | None]
) -> list[Line]:
    """Return one adjustment line per plan: computed now minus what was issued, naming the causes."""
    rows = summed(lines)
    put(rows, _taken(rows, issued).items(), sign=-1)
    causes: dict[str | None, set[str]] = defaultdict(set)
    for entry in issued:
        if entry.cause:
            causes[entry.plan].add(entry.cause)
    reasons = {
        plan: "; ".join(["computed again, less what was issued", *sorted(found)])
        for plan, found in causes.items()
    }
    return _adjustments(rows, _with_former(plans, rows), reasons)


def _taken(rows: Mapping[RowKey, Runs], issued: Iterable[IssuedAmount]) -> Rows:
    """Tell what was issued, by the rows of today.

    Where several cost centres answer for an amount, by what they carry. Who was issued anything is in no
    cohort.
    """
    groups: dict[RowKey, Rows] = defaultdict(dict)
    for key, runs in rows.items():
        if not isinstance(key.person, Cohort):
            groups[key._replace(cost_centre=None)][key] = runs
    taken: Rows = {}
    for entry in issued:
        key = RowKey(entry.person, entry.plan, entry.department, entry.cost_centre)
        mine = groups.get(key, {}) if entry.cost_centre is None else {}
        parts: Shares = ((key, ((1, entry.amount),)),)
        if mine and key not in mine:
            parts = shared(
                entry.amount,
                mine
                if any(carried(runs) > 0 for runs in mine.values())
                else {min(mine, key=names_order): ((1, 1),)},
                None,
            )
        put(taken, parts)
    return taken


def _with_former(plans: Sequence[str | None], rows: Iterable[RowKey]) -> list[str | None]:
    """Return the plans of the terms, then those that only were issued, then the tenant's own lines."""
    former = sorted({key.plan for key in rows if key.plan is not None} - set(plans))
    return [*(plan for plan in plans if plan is not None), *former, None]


def _adjustments(
    rows: Mapping[RowKey, Runs], plans: Sequence[str | None], reasons: Mapping[str | None, str]
) -> list[Line]:
    by_plan: dict[str | None, list[tuple[RowKey, Runs]]] = defaultdict(list)
    for key, runs in rows.items():
        by_plan[key.plan].append((key, runs))
    lines = []
    for plan in plans:
        shares = tuple(by_plan.get(plan, ()))
        if any(amount for _, runs in shares for _, amount in runs):
            text = f"{plan or 'all plans'}: {reasons.get(plan, 'computed again, less what was issued')}"
            lines.append(Line("adjustment", plan, text, sum(carried(runs) for _, runs in shares), shares))
    return lines
