"""Commands on what happens to issued invoices."""

from datetime import datetime
from itertools import islice

import click

from bridge import clock
from bridge.billing.invoice_status import life_document
from bridge.billing.issue_credit_note import credit_by_hand
from bridge.billing.issued_credit_notes import list_credit_notes
from bridge.billing.pay_invoice import pay_invoice
from bridge.billing.void_invoice import reissue_invoice, void_invoice
from bridge.cli.operator import as_json, cause, parts, print_json, tenant_named
from bridge.oversight.explain_usage import explain_usage

SOURCE = "operator"


@click.command()
@click.argument("tenant")
@click.argument("number")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Date of the payment.")
@click.option("--reference", required=True, help="What finds the payment at the bank.")
@as_json
def pay(tenant: str, number: str, on: datetime, reference: str, *, json: bool) -> None:
    """Write down that an invoice of TENANT was paid."""
    with parts().database.write(tenant_named(tenant)) as session:
        new = pay_invoice(
            session,
            number,
            paid_on=on.date(),
            reference=reference,
            source=SOURCE,
            cause=cause(),
            now=clock.now(),
        )
        life = life_document(session, number)
    _tell(life, json=json, sentence=f"invoice {number} {'is paid' if new else 'had been paid before'}")


@click.command()
@click.argument("tenant")
@click.argument("number")
@click.option("--reason", required=True, help="Why; it is kept with the invoice.")
@as_json
def void(tenant: str, number: str, reason: str, *, json: bool) -> None:
    """Take an invoice's money back; its number stays taken. `reissue` bills the period again."""
    with parts().database.write(tenant_named(tenant)) as session:
        new = void_invoice(session, number, reason=reason, source=SOURCE, cause=cause(), now=clock.now())
        life = life_document(session, number)
    _tell(life, json=json, sentence=f"invoice {number} {'is void' if new else 'had been void before'}")


@click.command()
@click.argument("tenant")
@click.argument("number")
@as_json
def reissue(tenant: str, number: str, *, json: bool) -> None:
    """Issue a void invoice's period again, as facts and prices are now, under the next number."""
    closed = reissue_invoice(parts().database, tenant_named(tenant), number, cause=cause(), now=clock.now())
    document = {"id": closed.invoice_id, "number": closed.number, "already_closed": closed.already_closed}
    _tell(document, json=json, sentence=f"invoice {closed.number} replaces invoice {number}")


@click.command()
@click.argument("tenant")
@click.argument("number")
@click.option("--amount", required=True, help="How much, such as 12.50.")
@click.option("--reason", required=True, help="Why; it is printed on the credit note.")
@as_json
def credit(tenant: str, number: str, amount: str, reason: str, *, json: bool) -> None:
    """Give back part of a paid invoice by a credit note."""
    with parts().database.write(tenant_named(tenant)) as session:
        note = credit_by_hand(session, number, amount=amount, reason=reason, cause=cause(), now=clock.now())
    sentence = f"credit note {note['number']} gives back {note['amount']} {note['currency']}"
    _tell(note, json=json, sentence=sentence)


@click.command()
@click.argument("tenant")
@click.argument("number")
def life(tenant: str, number: str) -> None:
    """Print whether an invoice is paid or void, and what happened to it."""
    with parts().database.read(tenant_named(tenant)) as session:
        print_json(life_document(session, number))


@click.command("credit-notes")
@click.argument("tenant")
def credit_notes(tenant: str) -> None:
    """Print TENANT's credit notes by number."""
    with parts().database.read(tenant_named(tenant)) as session:
        print_json(list_credit_notes(session))


@click.command()
@click.argument("tenant")
@click.argument("number")
@click.option("--plan", help="Only what this plan bills.")
@click.option("--meter", help="Only events of this meter.")
@click.option("--person", help="Only what counts for this person, by id.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Most events.")
@click.option("--after", type=click.IntRange(0), default=0, help="How many to pass over first.")
def usage(
    tenant: str,
    number: str,
    *,
    plan: str | None,
    meter: str | None,
    person: str | None,
    limit: int,
    after: int,
) -> None:
    """Print the events that the usage lines of an invoice count, oldest first."""
    with parts().database.read(tenant_named(tenant)) as session:
        found = explain_usage(session, number, plan=plan, meter=meter, person_id=person)
        print_json([each.document() for each in islice(found, after, after + limit)])


#: What the group of the invoice commands takes in.
COMMANDS = (pay, void, reissue, credit, life, credit_notes, usage)


def _tell(document: dict[str, object], *, json: bool, sentence: str) -> None:
    if json:
        print_json(document)
    else:
        click.echo(sentence)
