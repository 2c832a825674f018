"""Commands on credit notes."""

import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

import click

from bridge.billing.exports import export_credit_note_csv, export_credit_note_json
from bridge.billing.focus import export_credit_note_focus
from bridge.billing.issued_credit_notes import verify_credit_note
from bridge.cli.invoices import tell_discrepancies
from bridge.cli.operator import parts, tenant_named
from bridge.database.sessions import TenantSession

Export: TypeAlias = Callable[[TenantSession, str], Iterator[str] | Iterator[bytes]]


def _pdf(session: TenantSession, number: str) -> Iterator[bytes]:
    from bridge.billing.invoice_pdf import export_credit_note_pdf  # noqa: PLC0415 (its library takes long to load)

    yield export_credit_note_pdf(session, number)


EXPORTS: dict[str, Export] = {
    "csv": export_credit_note_csv,
    "json": export_credit_note_json,
    "pdf": _pdf,
    "focus": export_credit_note_focus,
}


@click.group("credit-note")
def credit_note() -> None:
    """Export and verify credit notes; `invoice credit` issues them, `invoice credit-notes` lists them."""


@credit_note.command()
@click.argument("tenant")
@click.argument("number")
@click.option("--format", "form", type=click.Choice(list(EXPORTS)), default="csv", show_default=True)
def export(tenant: str, number: str, form: str) -> None:
    """Write one credit note with its person lines to standard output; focus: cost rows (FOCUS 1.1)."""
    with parts().database.read(tenant_named(tenant)) as session:
        for piece in EXPORTS[form](session, number):
            click.echo(piece, nl=False)


@credit_note.command()
@click.argument("tenant")
@click.argument("number")
def verify(tenant: str, number: str) -> None:
    """Compute hash and sums of a credit note again; exit code 1 tells that something does not agree."""
    with parts().database.read(tenant_named(tenant)) as session:
        found = verify_credit_note(session, number)
    sys.exit(tell_discrepancies(found))
