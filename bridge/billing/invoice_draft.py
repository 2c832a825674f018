"""An invoice before it has a number: values that preview, closing and reconciliation share."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from bridge.billing.dated_terms import TermDocument
from bridge.billing.legal_parties import NOBODY, Parties
from bridge.billing.periods import Period
from bridge.billing.subscription_terms import SubscriptionTerms
from bridge.billing.tax_shares import TaxShare


@dataclass(frozen=True, slots=True)
class Run:
    """One invoice that a subscription asks for: the ``revision``-th of a period, issued on a local date.

    Revisions count from 0. Arrears has one, on the period's end; advance has two, on its start and its end.
    ``reissue`` counts from 0 how often a void invoice of the run has been issued again.
    """

    subscription: SubscriptionTerms
    period: Period
    revision: int
    issued_on: date
    reissue: int = 0


class PersonShare(NamedTuple):
    """A person's share of an invoice; no person where nobody caused the money.

    ``cause_id`` is the journal entry of the late fact that an adjustment follows from, else None.
    ``for_period_start`` is the period the money is for.
    """

    person_id: str | None
    plan: str | None
    department: str | None
    cost_centre: str | None
    billable_days: int
    amount_minor: int
    cause_id: str | None
    for_period_start: date


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line of an invoice; ``quantity`` is written out, the amount is in minor units."""

    kind: str
    plan: str | None
    description: str
    quantity: str
    amount_minor: int
    for_period_start: date


@dataclass(frozen=True, slots=True)
class CreditNoteDraft:
    """Money to be given back on a paid invoice: positive in ``taxes``, negative in lines and people.

    Lines but tax sum to the net money, as do the people, where there are any.
    """

    invoice_id: str
    invoice_number: int
    lines: tuple[DraftLine, ...]
    people: Sequence[PersonShare]
    taxes: tuple[TaxShare, ...]

    @property
    def subtotal_minor(self) -> int:
        """What is given back without tax."""
        return sum(share.net for share in self.taxes)

    @property
    def tax_minor(self) -> int:
        """The tax that is given back."""
        return sum(share.tax for share in self.taxes)

    @property
    def amount_minor(self) -> int:
        """What is given back in all."""
        return self.subtotal_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """What an invoice would say. ``terms`` and ``tenant_terms`` are what it is computed with, as documents.

    ``subtotal_minor`` is the sum of all lines but tax and credit, and of all people; ``late_changes`` are the
    ids of the late changes that its adjustments answer. ``people`` of one period stand together.
    ``credit_notes`` are issued with it, where corrections take that form; no sum of the invoice has them.
    ``taxes`` is what is charged under each rate: together the subtotal, and the tax.
    """

    run: Run
    currency: str
    lines: tuple[DraftLine, ...]
    people: Sequence[PersonShare]
    subtotal_minor: int
    tax_minor: int
    credit_used_minor: int
    terms: tuple[TermDocument, ...]
    late_changes: tuple[str, ...] = ()
    tenant_terms: TermDocument = field(default_factory=dict)
    credit_notes: tuple[CreditNoteDraft, ...] = ()
    parties: Parties = NOBODY
    taxes: tuple[TaxShare, ...] = ()

    @property
    def total_minor(self) -> int:
        """Subtotal with tax."""
        return self.subtotal_minor + self.tax_minor

    @property
    def due_minor(self) -> int:
        """What is to be paid."""
        return self.total_minor - self.credit_used_minor


def sums(pairs: Iterable[tuple[str | None, int]]) -> list[tuple[str | None, int]]:
    """Add up amounts by name, in the order of the names, those without a name last."""
    totals: dict[str | None, int] = defaultdict(int)
    for name, amount in pairs:
        totals[name] += amount
    return sorted(totals.items(), key=lambda item: (item[0] is None, item[0] or ""))
