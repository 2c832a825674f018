"""What the bridge writes on things at Stripe, by which it finds them again."""

from collections.abc import Sequence
from typing import Any

from stripe import CreditNote, Invoice, InvoiceItem

from bridge.delivery.queue import Errand
from config.settings import settings

TENANT, INVOICE, LINE = "bridge_tenant", "bridge_invoice", "bridge_line"
CREDIT_NOTE = "bridge_credit_note"
PAGE = 100
Options = Any


def told_with(remote: Invoice | InvoiceItem | CreditNote) -> dict[str, str]:
    """Return the metadata of something at Stripe."""
    return dict(remote.metadata.to_dict()) if remote.metadata is not None else {}


def options(errand: Errand, step: str) -> Options:
    """Return the idempotency key of a step, which follows from the run alone."""
    return {"idempotency_key": f"bridge:{errand.run_key}:{step}:{errand.key_generation}"}


def few_lines(lines: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return lines as Stripe takes them: of more than ``stripe_lines``, the last sums up the rest."""
    most = settings().stripe_lines
    if len(lines) <= most:
        return list(lines)
    rest = lines[most - 1 :]
    return [*lines[: most - 1], (f"{len(rest)} further lines", sum(amount for _, amount in rest))]
