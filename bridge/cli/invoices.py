"""Commands on invoices."""

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import click
from sqlalchemy import select

from bridge import clock
from bridge.billing.close_period import close_period
from bridge.billing.draft_invoice import preview_invoice
from bridge.billing.exports import export_csv, export_json
from bridge.billing.focus import export_focus
from bridge.billing.invoice_document import draft_document, person_document
from bridge.billing.issued_invoices import (
    Discrepancy,
    invoice_people,
    list_invoices,
    read_invoice,
    verify_invoice,
)
from bridge.cli.invoice_life import COMMANDS as LIFE
from bridge.cli.operator import as_json, cause, console, parts, print_json, tenant_named
from bridge.cli.pictures import invoice_picture
from bridge.database.sessions import TenantSession
from bridge.directory.tables import Person

period_option = click.option(
    "--period", type=click.DateTime(["%Y-%m-%d"]), help="First day of the period; default: the next one."
)
MONEY_WITHOUT_A_PERSON = "(nobody)"


@click.group()
def invoice() -> None:
    """Preview, close, show and export invoices; pay, void, credit them."""


for command in LIFE:
    invoice.add_command(command)


@invoice.command()
@click.argument("tenant")
@period_option
@as_json
def preview(tenant: str, period: date | None, *, json: bool) -> None:
    """Show what closing would issue if nothing changed any more."""
    with parts().database.read(tenant_named(tenant)) as session:
        draft = preview_invoice(session, period_start=_day(period))
        document = draft_document(draft)
        rows = [person_document(share, draft.currency) for share in draft.people]
        _show(session, document, rows, json=json)


@invoice.command()
@click.argument("tenant")
@period_option
@as_json
def close(tenant: str, period: date | None, *, json: bool) -> None:
    """Issue the invoice of an ended period, once and only once."""
    closed = close_period(
        parts().database, tenant_named(tenant), None, _day(period), cause=cause(), now=clock.now()
    )
    if json:
        print_json(
            {"id": closed.invoice_id, "number": closed.number, "already_closed": closed.already_closed}
        )
    else:
        click.echo(
            f"invoice {closed.number} {'had been issued before' if closed.already_closed else 'is issued'}"
        )


@invoice.command()
@click.argument("tenant")
@click.argument("number", required=False)
@as_json
def show(tenant: str, number: str | None, *, json: bool) -> None:
    """Show one invoice of TENANT, or list all of them."""
    with parts().database.read(tenant_named(tenant)) as session:
        if number is None:
            print_json([each.document for each in list_invoices(session)])
            return
        issued = read_invoice(session, number)
        rows = [person_document(share, issued.currency) for share in invoice_people(session, issued.id)]
        _show(session, issued.document, rows, json=json)


@invoice.command()
@click.argument("tenant")
@click.argument("number")
@click.option(
    "--format", "form", type=click.Choice(["csv", "json", "pdf", "focus"]), default="csv", show_default=True
)
def export(tenant: str, number: str, form: str) -> None:
    """Write one invoice with its person lines to standard output; focus: cost rows of FOCUS 1.1 as CSV."""
    with parts().database.read(tenant_named(tenant)) as session:
        for piece in _pieces(session, number, form):
            click.echo(piece, nl=False)


@invoice.command()
@click.argument("tenant")
@click.argument("number")
def verify(tenant: str, number: str) -> None:
    """Compute hash and sums of an invoice again; exit code 1 tells that something does not agree."""
    with parts().database.read(tenant_named(tenant)) as session:
        found = verify_invoice(session, number)
    sys.exit(tell_discrepancies(found))


def tell_discrepancies(found: Sequence[Discrepancy]) -> int:
    """Print what does not agree; return the exit code that tells of it."""
    for each in found:
        click.echo(f"{each.what}: expected {each.expected}, found {each.found}")
    click.echo(f"{len(found)} discrepancies")
    return 1 if found else 0


def names_of(session: TenantSession, person_ids: set[str]) -> dict[str, str]:
    """Return how people are called now; invoices hold ids only."""
    found = select(Person.id, Person.display_name, Person.user_name).where(Person.id.in_(person_ids))
    return {ident: display or user or ident for ident, display, user in session.execute(found)}


def _pieces(session: TenantSession, number: str, form: str) -> Iterator[str] | Iterator[bytes]:
    if form == "pdf":
        from bridge.billing.invoice_pdf import export_pdf  # noqa: PLC0415 (its library takes long to load)

        return iter([export_pdf(session, number)])
    if form == "json":
        return export_json(session, number)
    return export_csv(session, number) if form == "csv" else export_focus(session, number)


def _show(
    session: TenantSession, document: dict[str, Any], rows: list[dict[str, Any]], *, json: bool
) -> None:
    if json:
        print_json(document | {"people_rows": rows})
        return
    names = names_of(session, {row["person"] for row in rows if row["person"]})
    named = [(names.get(row["person"], row["person"]) or MONEY_WITHOUT_A_PERSON, row) for row in rows]
    console.print(invoice_picture(document, named))


def _day(moment: Any) -> date | None:  # noqa: ANN401 (click gives a datetime where a date is meant)
    return moment.date() if moment is not None else None
